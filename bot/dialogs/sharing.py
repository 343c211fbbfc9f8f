"""Two people in one draft: what a colleague changed meanwhile is never overwritten silently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.dialogs.report_questions import NO_BUSINESS, AskCell
from bot.engine import Choose, Problem, Question
from bot.messages import Outgoing
from bot.turn import Turn
from policy.figures import looks_like_figure
from policy.form import Cell, Form, Measure
from storage import edits
from storage.reports import Snapshot

if TYPE_CHECKING:
    from bot.dialogs.report import ReportContext

SEEN, CLASHES = "seen", "clashes"  # keys of the conversation's cursor; no question has them

Changed = set[tuple[str, str]]


@dataclass(frozen=True)
class Seen:
    """What this conversation was last shown: the draft, its version, the question."""

    revision_id: int
    version: int
    question: str


@dataclass(frozen=True)
class Clash:
    """A cell that a colleague changed while somebody else was giving it another value."""

    occupation: str
    measure: str
    mine: Cell


def seen_in(answers: dict[str, Any]) -> Seen | None:
    """From the conversation's cursor."""
    raw = answers.get(SEEN)
    return Seen(raw[0], raw[1], raw[2]) if raw else None


def clashes_in(answers: dict[str, Any], snapshot: Snapshot | None) -> tuple[Clash, ...]:
    """The open ones: those whose values still differ."""
    if snapshot is None or snapshot.draft is None:
        return ()
    found = (Clash(*raw) for raw in answers.get(CLASHES, ()))
    return tuple(c for c in found if snapshot.rows.get(c.occupation, {}).get(c.measure) not in (None, c.mine))


def note_shown(answers: dict[str, Any], snapshot: Snapshot | None, question: Question[Any]) -> None:
    """Remember what was shown, to know later what its reader has not seen."""
    draft = snapshot.draft if snapshot else None
    answers.pop(SEEN, None)
    if draft:
        answers[SEEN] = [draft.id, draft.version, question.id]


@dataclass(frozen=True)
class AskWhich(Choose):
    """Which of two values stands."""

    @classmethod
    def of(cls, form: Form, clash: Clash, theirs: Cell) -> AskWhich:
        """`theirs` is what the cell holds now."""
        measure = form.measure(clash.measure)
        return cls(
            f"clash:{clash.occupation}/{clash.measure}",
            "report/clash.j2",
            {"occupation": clash.occupation, "measure": measure, "mine": clash.mine, "theirs": theirs},
            values=("theirs", "mine"),
        )


async def settle(context: ReportContext) -> None:
    """Ask about every clash before anything else."""
    assert context.snapshot is not None
    for clash in context.clashes:
        theirs = context.snapshot.rows[clash.occupation][clash.measure]
        await AskWhich.of(context.form, clash, theirs)


def settled(turn: Turn, question: AskWhich) -> tuple[str, Measure, Cell]:
    """Take the clash from the cursor; the occupation, the measure, and the value typed at the time."""
    assert turn.memory.dialog is not None
    occupation, measure = question.data["occupation"], question.data["measure"]
    answers = turn.memory.dialog.answers
    answers[CLASHES] = [c for c in answers.get(CLASHES, ()) if c[:2] != [occupation, measure.id]]
    return occupation, measure, question.data["mine"]


def keep(turn: Turn, occupation: str, cells: dict[str, Cell]) -> None:
    """Put values aside until it is said which stands."""
    assert turn.memory.dialog is not None
    answers = turn.memory.dialog.answers
    kept = [c for c in answers.get(CLASHES, ()) if not (c[0] == occupation and c[1] in cells)]
    answers[CLASHES] = [*kept, *([occupation, m, cell] for m, cell in cells.items())]


def changed_by_others(
    turn: Turn, context: ReportContext, since: int | None = None, revision_id: int | None = None
) -> Changed:
    """Cells of the draft that somebody else wrote since this conversation was last shown it.

    `since` and `revision_id` name another moment: the one at which a form was handed out.
    """
    draft = context.snapshot.draft if context.snapshot else None
    if draft is None:
        return set()
    if since is None or revision_id is None:
        if context.seen is None:
            return set()
        since, revision_id = context.seen.version, context.seen.revision_id
    if revision_id != draft.id or since >= draft.version:
        return set()
    return edits.cells_since(turn.connection, draft.id, draft.version - since, turn.person_id)


def part(
    context: ReportContext, changed: Changed, occupation: str, cells: dict[str, Cell]
) -> tuple[dict[str, Cell], dict[str, Cell]]:
    """(cells that can be written, cells that a colleague set to something else meanwhile)."""
    row = context.snapshot.rows.get(occupation, {}) if context.snapshot else {}
    disputed = {
        m: cell for m, cell in cells.items() if (occupation, m) in changed and row.get(m) not in (None, cell)
    }
    return {m: cell for m, cell in cells.items() if m not in disputed}, disputed


def hold(
    turn: Turn, context: ReportContext, question: Question[Any], read: Callable[[Question[Any]], Any]
) -> list[Outgoing] | None:
    """Keep an answer from going where its giver did not mean it; None when it may go on.

    An answer to a cell that a colleague set meanwhile, or to a question that is no longer the
    one shown, is not written.
    """
    seen, form = context.seen, context.form
    changed = changed_by_others(turn, context)
    if seen is None or not changed or question.id.startswith("clash:"):
        return None
    if seen.question.startswith("why:") and question.id != seen.question:
        return [turn.say("report/moved.j2")]
    occupation, _, measure_id = seen.question.partition("/")
    row = context.snapshot.rows.get(occupation) if context.snapshot else None
    if row is None or measure_id not in row:
        return None  # not a cell: review and confirmation are bound to the version themselves
    if (occupation, measure_id) not in changed:
        return None if question.id == seen.question else [turn.say("report/moved.j2")]
    asked = AskCell.of(form, occupation, form.measure(measure_id), row[measure_id], None, 0)
    typed = turn.incoming.choice is None and looks_like_figure(turn.text)
    mine: Any
    try:
        mine = asked.read(turn.text) if typed else read(asked)
    except Problem:
        return None if question.id == seen.question else [turn.say("report/moved.j2")]
    if mine == NO_BUSINESS:  # the whole row: not over a colleague's figures
        return [turn.say("report/moved.j2")]
    if part(context, changed, occupation, {measure_id: mine})[1]:
        keep(turn, occupation, {measure_id: mine})
        return []
    return None if question.id == seen.question else [turn.say("report/moved.j2")]
