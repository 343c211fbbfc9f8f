"""Files from those who speak for an institution: the form filled in, separate pages, the stamped scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.core import dialog_manager, vocabulary
from bot.core.dialog_manager import Stage
from bot.core.messages import Arrived, Outgoing
from bot.core.turn import Turn
from bot.features.report.context import ReportContext
from bot.features.report.editing import concurrent_edits, draft_writes
from policy.calendar.quarters import Quarter, reporting_quarter
from policy.form.sheet import FormFile
from storage.reports import attachments, drafts, reports
from storage.reports.attachments import KINDS
from storage.reports.reports import Snapshot
from storage.reports.separate_pages import STAMPED

SHOWN = 12  # wrong cells named in one message
STAMPS_OFFERED = 4  # reports without a stamp that a file may belong to
LONGEST_KIND = 8  # characters of a word that says what a file is
Replies = list[Outgoing] | None
Place = tuple[int, str]


def take_file(turn: Turn, stage: Stage | None) -> Replies:
    """What becomes of a file; None when it is not for us."""
    arrived = turn.arrived
    if arrived is None or not turn.institutions:
        return None
    if arrived.refused:
        if turn.office_role is not None and arrived.refused in ("kind", "old"):
            return None  # a table of the office's, perhaps
        return [
            turn.say("report/file_refused.j2", reason=arrived.refused, name=arrived.name[:60]),
            *_again(stage),
        ]
    if arrived.form is not None:
        return _take_form(turn, stage, arrived.form)
    return _take_attachment(turn, stage, arrived)


def _again(stage: Stage | None) -> list[Outgoing]:
    return [dialog_manager.ask(stage, again=True)] if stage and stage.question else []


def open_place(stage: Stage | None) -> Place | None:
    """(institution, quarter) of the report that is open."""
    context = stage.context if stage else None
    if isinstance(context, ReportContext) and context.institution_id and context.quarter:
        return context.institution_id, context.quarter
    return None


def _take_form(turn: Turn, stage: Stage | None, sent: FormFile) -> list[Outgoing]:
    """Write what is right into the draft of its institution and quarter; name what is wrong."""
    open_at = open_place(stage)
    institution_id = _institution(turn, sent, open_at)
    if institution_id is None:
        mine = [m.institution for m in turn.institutions]
        return [turn.say("report/form_other.j2", reason="institution", sent=sent, mine=mine), *_again(stage)]
    quarter = sent.quarter or (open_at[1] if open_at else None)
    if quarter is None or Quarter.parse(quarter) > Quarter.of(turn.now):
        return [turn.say("report/form_other.j2", reason="no_quarter", sent=sent), *_again(stage)]
    if open_at and open_at != (institution_id, quarter):
        place = f"{institution_id}:{quarter}"
        return [
            turn.say("report/form_other.j2", reason="quarter", sent=sent, open=open_at, place=place),
            *_again(stage),
        ]
    turn.memory.dialog = turn.memory.dialog if open_at else _cursor(turn, institution_id, quarter)
    stage = dialog_manager.open_stage(turn)
    assert stage is not None
    context = stage.context
    blocked = not isinstance(context, ReportContext) or context.snapshot is None or context.office.closed
    if blocked or (context.snapshot.shown is not None and context.snapshot.draft is None):
        turn.step()
        return [turn.say("report/form_begin.j2"), *dialog_manager.show(turn)]
    said = write_form(turn, context, sent)
    turn.step()
    return said + dialog_manager.show(turn)


def _institution(turn: Turn, sent: FormFile, open_at: Place | None) -> int | None:
    """Whose form it is, among those the person speaks for."""
    mine = {
        m.institution_id: vocabulary.tidy(m.institution or "") for m in turn.institutions if m.institution_id
    }
    if sent.base is not None and sent.base.institution_id not in mine:
        return None
    if sent.institution:
        named = [i for i, name in mine.items() if name == vocabulary.tidy(sent.institution)]
        return named[0] if named else None
    if sent.base is not None:
        return sent.base.institution_id
    if open_at:
        return open_at[0]
    return next(iter(mine)) if len(mine) == 1 else None


def _cursor(turn: Turn, institution_id: int, quarter: str) -> Any:
    dialog_manager.start(turn, "report", {"institution": str(institution_id), "quarter": quarter})
    return turn.memory.dialog


def write_form(turn: Turn, context: ReportContext, sent: FormFile) -> list[Outgoing]:
    """The cells that were changed in the form, by the rules of the dialog."""
    base = sent.base
    changed = (
        concurrent_edits.changed_by_others(turn, context, base.version, base.revision_id)
        if base
        else concurrent_edits.changed_by_others(turn, context)
    )
    written, disputed_cells, same = [], 0, 0
    for occupation, cells in sent.edited().items():
        known = context.snapshot.rows.get(occupation, {}) if context.snapshot else {}
        fresh = {m: c for m, c in cells.items() if known.get(m) != c}
        same += len(cells) - len(fresh)
        fresh, disputed = concurrent_edits.part(context, changed, occupation, fresh)
        concurrent_edits.keep(turn, occupation, disputed)
        disputed_cells += len(disputed)
        if fresh:
            draft_writes.write(turn, context, occupation, fresh)
            written.append((occupation, len(fresh)))
    for occupation in context.form.occupation_order(set(sent.idle)):
        zero: dict[str, Any] = {m.id: 0 for m in context.form.measures}
        draft_writes.write(turn, context, occupation, zero, no_business=True)
        written.append((occupation, len(zero)))
    there = context.snapshot.rows if context.snapshot else {}
    left = [o for o in sent.named if not sent.rows.get(o) and o not in sent.idle and o not in there]
    if left:  # nothing right in them, so they are asked for instead of being forgotten
        draft = draft_writes.open_draft(turn, context)
        drafts.add_occupations(turn.connection, draft, left, turn.person_id, turn.now)
    wrong = [(w, context.form.measure(w.measure) if w.measure else None) for w in sent.wrong]
    data = {
        "absent": [context.form.measure(m) for m in sent.absent],
        "written": written,
        "wrong": wrong[:SHOWN],
        "more": max(0, len(wrong) - SHOWN),
        "form": context.form,
        "wan": sent.wan,
    }
    return [turn.say("report/form_read.j2", **data, disputed=disputed_cells, same=same)]


def _take_attachment(turn: Turn, stage: Stage | None, arrived: Arrived) -> list[Outgoing]:
    """Keep the file, and ask what it is unless its caption says so."""
    place = open_place(stage)
    if place is None and len(turn.institutions) == 1:
        place = (turn.institutions[0].institution_id or 0, str(reporting_quarter(turn.now)))
    uses = _uses(turn, place)
    if not uses:
        return [turn.say("report/file_where.j2", name=arrived.name[:60])]
    got = attachments.receive(
        turn.connection, turn.person_id, arrived.name, arrived.hash, arrived.media, arrived.size, turn.now
    )
    named = _kind_named(turn.text)
    later = _stamp_later(turn, place)
    if named == STAMPED and later is not None and all(use.kind != STAMPED for use in uses):
        return [_not_yet(turn, later, got), *_again(stage)]
    meant = [use for use in uses if use.kind == named]
    if len(meant) == 1 or (meant and (meant[0].institution, meant[0].quarter) == place):
        use = meant[0]
        return _attach(turn, reports.snapshot(turn.connection, use.institution, use.quarter), use.kind, got)
    names = {m.institution_id: m.institution for m in turn.institutions} if len(turn.institutions) > 1 else {}
    shown = meant or uses
    data = {"name": got.name, "uses": shown, "names": names, "number": got.id, "later": later}
    return [turn.say("report/file_kind.j2", **data)]


def _stamp_later(turn: Turn, place: Place | None) -> Place | None:
    """The report at hand, when it has to be submitted before a stamped form can belong to it."""
    if place is None or STAMPED in _kinds(reports.snapshot(turn.connection, *place)):
        return None
    return place


def _not_yet(turn: Turn, place: Place, got: attachments.Received) -> Outgoing:
    """Submit first; the file waits, and the receipt offers it."""
    data = {"kind": STAMPED, "place": f"{place[0]}:{place[1]}", "name": got.name}
    return turn.say("report/file_later.j2", **data)


def kind_typed(turn: Turn, stage: Stage | None, text: str) -> str | None:
    """Return the button of the answer to what a file is, when its word was typed without the quarter."""
    if stage is not None and stage.question is not None and stage.question.kind == "text":
        return None
    named = _kind_named(text) if len(text.strip()) <= LONGEST_KIND else ""
    asked = [token for _, token in turn.memory.offers if token.startswith(("attach:", "att:"))]
    meant = [token for token in asked if named and token.split(":")[3:4] == [named]]
    return meant[0] if len(meant) == 1 else None


def wants_binding(turn: Turn, name: str) -> bool:
    """Whether somebody who speaks for no institution sent what looks like the form."""
    if turn.institutions or turn.office_role is not None:
        return False
    return "情况表" in name or name.lower().endswith((".xlsx", ".xls", ".csv", ".et"))


@dataclass(frozen=True)
class Use:
    """What a file can be: a page of a draft, or the stamped form of what was submitted."""

    kind: str
    institution: int
    quarter: str


def _uses(turn: Turn, place: Place | None) -> list[Use]:
    """What a file may be now, likeliest first: of the report at hand, or another's missing stamp."""
    found: list[Use] = []
    if place is not None:
        found = [Use(kind, *place) for kind in _kinds(reports.snapshot(turn.connection, *place))]
    mine = [m.institution_id for m in turn.institutions if m.institution_id is not None]
    waiting = [Use(STAMPED, *at) for at in attachments.unstamped(turn.connection, mine, STAMPS_OFFERED)]
    stamps = [use for use in found if use.kind == STAMPED]
    stamps += [use for use in waiting if use not in stamps]
    return [*stamps, *(use for use in found if use.kind != STAMPED)]


def _kinds(snapshot: Snapshot) -> list[str]:
    """What a file of this report may be: pages belong to a draft, the stamp to what counts."""
    takes_pages = snapshot.shown is None or snapshot.draft is not None
    stands = snapshot.latest is not None and snapshot.latest.state in ("submitted", "accepted")
    return [*([STAMPED] if stands else []), *(KINDS if takes_pages else ())]


def _kind_named(text: str) -> str:
    plain = vocabulary.tidy(text)
    named = {
        "配套措施": "measures",
        "措施": "measures",
        "经验": "practice",
        "做法": "practice",
        "问题": "problems",
    }
    named |= {"盖章": STAMPED, "扫描": STAMPED}
    return next((kind for word, kind in named.items() if word in plain), "")


def press_kind(turn: Turn, place: Place, rest: str) -> Replies:
    """What the file is was said by a button: `<kind>:<number of the file>`."""
    kind, _, number = rest.partition(":")
    if kind not in (*KINDS, STAMPED) or not (number.isascii() and number.isdigit() and len(number) < 16):
        return None
    got = attachments.received(turn.connection, int(number), turn.person_id)
    if got is None:
        return None
    return _attach(turn, reports.snapshot(turn.connection, *place), kind, got)


def _attach(turn: Turn, snapshot: Snapshot, kind: str, got: attachments.Received) -> list[Outgoing]:
    place = f"{snapshot.institution_id}:{snapshot.quarter}"
    if kind not in _kinds(snapshot):
        if kind == STAMPED:
            return [_not_yet(turn, (snapshot.institution_id, snapshot.quarter), got)]
        return [turn.say("report/file_later.j2", kind=kind, place=place)]
    if kind == STAMPED:
        target = snapshot.latest
    else:
        target = snapshot.draft or drafts.begin_draft(
            turn.connection,
            snapshot.institution_id,
            snapshot.quarter,
            turn.person_id,
            turn.now,
            turn.closes(snapshot.quarter),
        )
    assert target is not None
    try:
        fresh = attachments.attach(turn.connection, target, got, kind, turn.person_id, turn.now)
    except attachments.TooMany:
        return [turn.say("report/file_many.j2", most=attachments.MOST)]
    said = turn.say(
        "report/attached.j2", name=got.name, kind=kind, fresh=fresh, quarter=snapshot.quarter, place=place
    )
    state = turn.memory.dialog
    if state is not None and state.name == "report":
        turn.step()
        return [said, *dialog_manager.show(turn)]
    return [said]
