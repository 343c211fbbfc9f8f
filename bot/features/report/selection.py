"""Which report 填报 means: the one named, the one begun, or, of several institutions, the one chosen."""

from __future__ import annotations

import re
from functools import partial

from bot.core.dialogs import dialog_manager, vocabulary
from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Reader, Reading
from bot.core.messages import Outgoing
from bot.core.permissions import INSTITUTION_IF_ANY
from bot.core.turn import DialogState, Turn
from bot.features.report import status as report_status
from bot.features.report.cursor import put_aside
from bot.features.report.editing import concurrent_edits
from policy.calendar.quarters import Quarter
from policy.form.quarter_words import read_told
from policy.reading.numerals import fold
from storage.reports import reports

_NAMED = re.compile(r"^(?:填报|填表|报表)[\s:：]*([^\s:：].*)$")
SHORTEST_NAME = 2  # characters that may stand for an institution's name


def begin(turn: Turn, quarter: str = "") -> list[Outgoing]:
    """填报: begin or go on; who speaks for several institutions is always shown them."""
    if not turn.institutions:
        return [turn.say("report/messages.no_institution")]
    cursor = _cursor(turn)
    if cursor is not None and not _mine(turn, cursor):
        cursor.answers.clear()
    given = {"quarter": quarter} if quarter else None
    if len(turn.institutions) > 1:
        if cursor is not None:
            cursor.answers = put_aside(cursor.answers)
        return dialog_manager.start(turn, "report", given)
    kept = turn.memory.parked.get("report")
    if kept and not _still_open(turn, kept):
        kept.answers.pop("quarter", None)  # submitted or another quarter's: ask again
    if given or (turn.memory.dialog and turn.memory.dialog.name == "report"):
        return dialog_manager.start(turn, "report", given)
    if not (kept and kept.answers.get("quarter")):
        begun = report_status.open_drafts(turn)
        if len(begun) == 1:
            return _go_on(turn, *begun[0])
        at_hand = report_status.at_hand(turn, turn.institutions[0].institution_id or 0)
        if at_hand.state == "returned" and at_hand.waits:  # what the office sent back comes first
            place = {"institution": str(at_hand.institution_id), "quarter": str(at_hand.quarter)}
            return dialog_manager.start(turn, "report", place)
    return dialog_manager.start(turn, "report")


def read_named(turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    """Understand 填报 with a quarter, an institution, or both, in any order."""
    said = _NAMED.match(text)
    if said is None:
        return None
    rest, quarter = _without_quarter(turn, "".join(said[1].split()))
    found = _institutions(turn, rest)
    if (rest and not found) or not (rest or quarter):
        return None  # a question that begins with 填报
    return Reading("command", partial(_begin_named, turn, found, quarter))


def _begin_named(turn: Turn, found: list[int], quarter: str) -> list[Outgoing]:
    if len(found) != 1 or len(turn.institutions) == 1:
        return begin(turn, quarter)
    if not quarter:
        begun = [q for i, q in report_status.open_drafts(turn) if i == found[0]]
        quarter = begun[0] if len(begun) == 1 else ""
    given = {"institution": str(found[0]), **({"quarter": quarter} if quarter else {})}
    if not quarter and (cursor := _cursor(turn)) is not None:
        cursor.answers = put_aside(cursor.answers)
    return dialog_manager.start(turn, "report", given)


NAMED = Reader("a report named", read_named, INSTITUTION_IF_ANY)


def _without_quarter(turn: Turn, plain: str) -> tuple[str, str]:
    """(what else was said, the quarter); a quarter is "" when none is named."""
    try:
        return "", str(Quarter.parse(plain, turn.now))
    except ValueError:
        pass
    for said in read_told([plain]).named:
        quarter = said.quarter(Quarter.of(turn.now))
        if quarter is not None:
            before, _, behind = fold(plain).partition(said.words)
            return vocabulary.tidy(before + behind).strip(":：的"), str(quarter)
    return vocabulary.tidy(plain), ""


def _institutions(turn: Turn, name: str) -> list[int]:
    """Whose name it is, or part of it, among those the person speaks for."""
    mine = [(m.institution_id or 0, vocabulary.tidy(m.institution or "")) for m in turn.institutions]
    exact = [i for i, full in mine if full == name]
    return exact or [i for i, full in mine if len(name) >= SHORTEST_NAME and name in full]


def _cursor(turn: Turn) -> DialogState | None:
    """The report open now, or put aside."""
    open_now = turn.memory.dialog
    return open_now if open_now and open_now.name == "report" else turn.memory.parked.get("report")


def _mine(turn: Turn, cursor: DialogState) -> bool:
    """Whether the person still speaks for the institution whose report it is."""
    place = concurrent_edits.place_in(cursor.answers)
    return place is None or any(m.institution_id == place for m in turn.institutions)


def _go_on(turn: Turn, institution: int, quarter: str) -> list[Outgoing]:
    """To the one draft there is, whoever began it and wherever."""
    name = next(m.institution for m in turn.institutions if m.institution_id == institution)
    said = turn.say("report/messages.go_on", institution=name, quarter=Quarter.parse(quarter))
    given = {"institution": str(institution), "quarter": quarter}
    return [said, *dialog_manager.start(turn, "report", given)]


def _still_open(turn: Turn, state: DialogState) -> bool:
    quarter = state.answers.get("quarter")
    institution = state.answers.get("institution") or turn.institutions[0].institution_id
    if not quarter or not institution:
        return False
    return reports.snapshot(turn.connection, int(institution), quarter).draft is not None
