"""Buttons and words of those who report: the form to take away, separate pages, earlier revisions."""

from __future__ import annotations

from functools import partial

from bot.core.dialogs import dialog_manager
from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Reader, Reading
from bot.core.messages import FileRef, Outgoing, Replies
from bot.core.permissions import INSTITUTION_IF_ANY
from bot.core.turn import Turn
from bot.documents import pdf
from bot.documents.file_refs import print_ref
from bot.documents.revision_history import versions
from bot.features.report import uploads
from bot.features.report.context import Place
from policy.calendar.quarters import Quarter, reporting_quarter
from policy.reading.digits import whole_number
from storage.reports import attachments, reports, revision_history
from storage.reports.attachments import KINDS
from storage.reports.separate_pages import STAMPED

QUARTERS_SHOWN = 8


def place_in(turn: Turn, argument: str) -> tuple[Place, str] | None:
    """((institution, quarter), rest) of a token that names a report of this person, not a coming one."""
    institution, _, rest = argument.partition(":")
    quarter, _, rest = rest.partition(":")
    institution_id = whole_number(institution)
    if institution_id is None:
        return None
    try:
        named = Quarter.parse(quarter)
    except ValueError:
        return None
    mine = any(m.institution_id == institution_id for m in turn.institutions)
    return ((institution_id, str(named)), rest) if mine and named <= Quarter.of(turn.now) else None


def place_now(turn: Turn) -> Place | None:
    """The report that is open; else the one most likely meant; None when there are several.

    What was put aside counts only where there is one institution: with several nobody can tell
    whose report is meant by what comes weeks later.
    """
    mine = [m.institution_id for m in turn.institutions if m.institution_id is not None]
    state = turn.memory.dialog
    if (state is None or state.name != "report") and len(mine) == 1:
        state = turn.memory.parked.get("report")
    answers = state.answers if state is not None and state.name == "report" else {}
    chosen = [i for i in mine if len(mine) == 1 or str(i) == answers.get("institution")]
    if not chosen:
        return None
    return chosen[0], str(answers.get("quarter") or reporting_quarter(turn.now))


def ask_which(turn: Turn, action: str) -> list[Outgoing]:
    """Which institution is meant, of several; `action` is the button that goes on."""
    quarter = reporting_quarter(turn.now)
    data = {"institutions": turn.institutions, "action": action, "quarter": quarter}
    return [turn.say("report/messages.which", **data)]


def press(name: str, turn: Turn, argument: str) -> Replies:
    """A button that names a report: `<institution>:<quarter>:<rest>`."""
    found = place_in(turn, argument)
    if found is None:
        return None
    place, rest = found
    if name == "fill":
        return dialog_manager.start(turn, "report", {"institution": str(place[0]), "quarter": place[1]})
    if name == "form":
        return form_file(turn, place)
    if name == "print":
        return printable(turn, place)
    if name == "print.pdf":
        return as_pdf(turn, place)
    if name == "attach":
        return uploads.press_kind(turn, place, rest)
    if name == "pages":
        return pages(turn, place)
    if name == "page.write" and rest in KINDS:
        return write_page(turn, place, rest)
    if name == "page.drop":
        return drop_file(turn, place, rest)
    if name == "history":
        return history(turn, place)
    return None


def _service(turn: Turn, name: str) -> list[Outgoing]:
    if not turn.institutions:
        return [turn.say("report/messages.no_institution")]
    place = place_now(turn)
    if place is None:
        return ask_which(turn, name)
    return press(name, turn, f"{place[0]}:{place[1]}") or []


def download(turn: Turn) -> list[Outgoing]:
    """下载表格."""
    return _service(turn, "form")


def annex(turn: Turn) -> list[Outgoing]:
    """附页."""
    return _service(turn, "pages")


def past(turn: Turn) -> list[Outgoing]:
    """历史: of the report that is open, else the newest one that was submitted."""
    if not turn.institutions:
        return [turn.say("report/messages.no_institution")]
    place = place_now(turn)
    if place is None:
        return ask_which(turn, "history")
    quarters = revision_history.quarters_of(turn.connection, place[0])
    if quarters and place[1] not in quarters:
        place = (place[0], quarters[0])
    return history(turn, place)


def form_file(turn: Turn, place: Place) -> list[Outgoing]:
    """The form with what the report holds now, to be filled in and sent back."""
    name = next(m.institution or "" for m in turn.institutions if m.institution_id == place[0])
    args = {"institution": place[0], "quarter": place[1], "person": turn.person_id}
    file = FileRef("form-draft", f"{turn.corpus.form_of(place[1]).title}-{name}-{place[1]}.xlsx", args)
    return [turn.say("report/messages.form_file", files=(file,), institution=name, quarter=place[1])]


def printable(turn: Turn, place: Place) -> Replies:
    """The form as it was last submitted, to be printed and stamped; None while there is nothing to print."""
    latest = reports.snapshot(turn.connection, *place).latest
    if latest is None:
        return [turn.say("report/messages.print_later", place=f"{place[0]}:{place[1]}", quarter=place[1])]
    name = next(m.institution or "" for m in turn.institutions if m.institution_id == place[0])
    stamped = latest.id in attachments.stamped(turn.connection, [latest.id])
    data = {"institution": name, "quarter": place[1], "number": latest.number, "stamped": stamped}
    file = print_ref(turn.corpus.form_of(place[1]), latest.id, name, place[1])
    return [turn.say("report/messages.print", files=(file,), place=f"{place[0]}:{place[1]}", **data)]


def as_pdf(turn: Turn, place: Place) -> Replies:
    """The same form as PDF, or why there is none here; None while there is nothing to print."""
    latest = reports.snapshot(turn.connection, *place).latest
    if latest is None:
        return printable(turn, place)
    token = f"{place[0]}:{place[1]}"
    if missing := pdf.lacks():
        return [turn.say("report/messages.no_pdf", lacks=missing, place=token)]
    name = next(m.institution or "" for m in turn.institutions if m.institution_id == place[0])
    paper = print_ref(turn.corpus.form_of(place[1]), latest.id, name, place[1])
    file = FileRef("form-pdf", paper.name.removesuffix(".docx") + ".pdf", paper.args)
    return [
        turn.say("report/messages.print_pdf", files=(file,), institution=name, quarter=place[1], place=token)
    ]


def pages(turn: Turn, place: Place) -> list[Outgoing]:
    """What is kept beside the figures, to be read again, changed while there is a draft."""
    snapshot = reports.snapshot(turn.connection, *place)
    kept = attachments.of(turn.connection, snapshot.shown.id) if snapshot.shown else attachments.NO_PAGES
    latest = attachments.of(turn.connection, snapshot.latest.id) if snapshot.latest else attachments.NO_PAGES
    stamped = tuple(f for f in latest.files if f.kind == STAMPED and f not in kept.files)
    files = (*kept.files, *stamped)
    refs = tuple(FileRef("attachment", f"{i}-{f.name}", {"hash": f.hash}) for i, f in enumerate(files, 1))
    return [
        turn.say(
            "report/annex.j2",
            files=refs,
            words=kept.words,
            listed=files,
            place=f"{place[0]}:{place[1]}",
            quarter=place[1],
            draft=snapshot.shown is None or snapshot.draft is not None,
            submitted=snapshot.latest is not None,
            undecided=snapshot.latest is not None and snapshot.latest.state == "submitted",
            stamped=latest.stamped,
        )
    ]


def write_page(turn: Turn, place: Place, kind: str) -> Replies:
    """Ask for the text of one page."""
    given = {"institution": place[0], "quarter": place[1], "kind": kind}
    if turn.memory.dialog is not None and turn.memory.dialog.name == "page":
        turn.memory.dialog = None
    return dialog_manager.start(turn, "page", given)


def drop_file(turn: Turn, place: Place, rest: str) -> Replies:
    """Take a file out of the draft, or a wrong scan off what waits: `<kind>:<start of its hash>`."""
    kind, _, digest = rest.partition(":")
    snapshot = reports.snapshot(turn.connection, *place)
    if not 8 <= len(digest) <= 64:
        return None
    if kind == STAMPED and snapshot.latest is not None:
        attachments.unstamp(turn.connection, snapshot.latest, digest, turn.person_id, turn.now)
    elif kind in KINDS and snapshot.draft is not None:
        attachments.detach(turn.connection, snapshot.draft, kind, digest, turn.person_id, turn.now)
    else:
        return None
    return pages(turn, place)


def history(turn: Turn, place: Place) -> list[Outgoing]:
    """Every submitted revision with what it changed."""
    told = versions(revision_history.of(turn.connection, *place), turn.corpus.form_of(place[1]))
    stamped = attachments.stamped(turn.connection, [v.past.id for v in told])
    others = [q for q in revision_history.quarters_of(turn.connection, place[0]) if q != place[1]][
        :QUARTERS_SHOWN
    ]
    name = next(m.institution for m in turn.institutions if m.institution_id == place[0])
    return [
        turn.say(
            "report/history.j2",
            versions=told,
            stamped=stamped,
            quarter=place[1],
            institution=name,
            institution_id=place[0],
            others=others,
        )
    ]


def read_kind(turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    """Understand the answer to what a file is, when its word was typed without the quarter."""
    token = uploads.kind_typed(turn, stage, text)
    return Reading("button", partial(press, "attach", turn, token.partition(":")[2])) if token else None


FILE_KIND = Reader("what a file is", read_kind, INSTITUTION_IF_ANY)
