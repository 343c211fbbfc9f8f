"""Files from those who speak for an institution: the form, separate pages, the stamped scan."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.dialogs import dialog_manager, vocabulary
from bot.core.dialogs.dialog_manager import Stage
from bot.core.messages import Arrived, Outgoing, Replies
from bot.core.turn import Turn
from bot.features.report import form_uploads
from bot.features.report.context import Place
from policy.calendar.quarters import reporting_quarter
from policy.reading.digits import whole_number
from storage.reports import attachments, drafts, reports
from storage.reports.attachments import KINDS
from storage.reports.reports import Snapshot
from storage.reports.separate_pages import STAMPED

STAMPS_OFFERED = 4  # reports without a stamp that a file may belong to
LONGEST_KIND = 8  # characters of a word that says what a file is


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
            *form_uploads.again(stage),
        ]
    if arrived.forms:
        return form_uploads.take(turn, stage, arrived.forms, arrived.hash)
    return _take_attachment(turn, stage, arrived)


def _take_attachment(turn: Turn, stage: Stage | None, arrived: Arrived) -> list[Outgoing]:
    """Keep the file, and ask what it is unless its caption says so."""
    place = form_uploads.open_place(stage)
    if place is None and len(turn.institutions) == 1:
        place = (turn.institutions[0].institution_id or 0, str(reporting_quarter(turn.now)))
    uses = _uses(turn, place)
    if not uses:
        return [turn.say("report/messages.file_where", name=arrived.name[:60])]
    got = attachments.receive(
        turn.connection, turn.person_id, arrived.name, arrived.hash, arrived.media, arrived.size, turn.now
    )
    named = _kind_named(turn.text)
    later = _stamp_later(turn, place)
    if named == STAMPED and later is not None and all(use.kind != STAMPED for use in uses):
        return [_not_yet(turn, later, got), *form_uploads.again(stage)]
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
    """What the file is was said by a button: `<kind>:<number of the file>`; of a form, where it belongs."""
    kind, _, number = rest.partition(":")
    if kind == "form":
        return form_uploads.press(turn, place, number)
    received_id = whole_number(number)
    if kind not in (*KINDS, STAMPED) or received_id is None:
        return None
    got = attachments.received(turn.connection, received_id, turn.person_id)
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
    if target is None:
        raise LookupError("no draft to attach it to")
    try:
        fresh = attachments.attach(turn.connection, target, got, kind, turn.person_id, turn.now)
    except attachments.TooMany:
        return [turn.say("report/messages.file_many", most=attachments.MOST)]
    said = turn.say(
        "report/attached.j2", name=got.name, kind=kind, fresh=fresh, quarter=snapshot.quarter, place=place
    )
    state = turn.memory.dialog
    if state is not None and state.name == "report":
        turn.step()
        return [said, *dialog_manager.show(turn)]
    return [said]
