"""What is typed about figures: rows before or in a report, a cell or row named, another quarter."""

from __future__ import annotations

import re
from functools import partial

from bot.core.dialogs import dialog_manager, vocabulary
from bot.core.dialogs.dialog import FreeText, Known
from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Reader, Reading
from bot.core.messages import Outgoing, Replies
from bot.core.permissions import INSTITUTION_IF_ANY
from bot.core.turn import Turn
from bot.features.figures.cells import occupations_in
from bot.features.figures.typed_rows import are_whole_rows, quarter_meant
from bot.features.report import actions as report_actions
from bot.features.report import row_actions
from bot.features.report.context import PENDING, ReportContext
from bot.features.report.editing import draft_writes
from bot.features.report.prompts import AskCell, AskWhy
from policy.calendar.quarters import Quarter
from policy.form.changes import Change, read_change, read_edits, read_removal
from policy.form.form import Form
from policy.form.quarter_words import Named, only_quarter
from policy.form.rows import bare_row
from storage.reports import drafts
from storage.reports.reports import Revision

_FIGURES = re.compile(r"[0-9０-９][^0-9０-９]+[0-9０-９]|无业务|不掌握")
_CHANGES = re.compile(r"^(?:算了|不对|等等|改|修改|更正|修正|把|将)")


def read(turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    """Understand a text that speaks of the figures of a report."""
    prompt = stage.question if stage else None
    if stage is not None and isinstance(prompt, FreeText) and prompt.kind == "text":
        return _beside_text(turn, stage, prompt, text)
    if stage is None or prompt is None or not isinstance(stage.context, ReportContext):
        return _at_once(turn, text) if prompt is None else None
    context = stage.context
    if prompt.id in ("quarter", "institution"):
        return _at_once(turn, text)
    if context.snapshot is None:
        return None
    if named := only_quarter(text):
        return _other_quarter(turn, context, named)
    if isinstance(prompt, AskCell):
        text = draft_writes.bare_row_of(prompt, text) or text
    if draft_writes.is_figures(context, text):
        return Reading("figures", partial(_figures, turn, stage, context, text))
    return _named(turn, stage, context, text)


def _beside_text(turn: Turn, stage: Stage, prompt: FreeText[object], text: str) -> Reading | None:
    """Understand figures where a text is asked for; what only may be figures is not sure."""
    context = stage.context
    if isinstance(context, ReportContext) and context.snapshot is not None:
        why = isinstance(prompt, AskWhy)
        if draft_writes.is_figures(context, text) and (not why or draft_writes.only_rows_in(context, text)):
            return Reading("figures", partial(_figures, turn, stage, context, text))
        if why and (found := _named(turn, stage, context, text)) is not None:
            return found
    if figures_in(turn, stage, text):
        return Reading("figures", partial(insist, turn, stage, text), sure=False)
    return None


def _again(stage: Stage) -> list[Outgoing]:
    return [dialog_manager.ask(stage, again=True)]


def _at_once(turn: Turn, text: str) -> Reading | None:
    """Figures before any report is open: for the quarter most likely meant, which is said."""
    if not turn.institutions or not are_whole_rows(turn.corpus.form, text):
        return None
    return Reading("figures", partial(_open_and_take, turn, text))


def _open_and_take(turn: Turn, text: str) -> list[Outgoing]:
    place = report_actions.place_now(turn)
    if place is None:
        return report_actions.ask_which(turn, "fill")
    meant = quarter_meant(turn, text) or Quarter.parse(place[1])
    return _not_there(turn, meant) or _into(turn, place[0], Quarter.parse(str(meant)), text)


def _into(turn: Turn, institution_id: int, quarter: Quarter, text: str) -> list[Outgoing]:
    """Open a report and take the figures there, saying where they go."""
    begun = dialog_manager.start(
        turn, "report", {"institution": str(institution_id), "quarter": str(quarter)}
    )
    opened = dialog_manager.open_stage(turn)
    if opened is None or opened.question is None or not isinstance(opened.context, ReportContext):
        return begun  # closed, which it says
    meant = turn.say("report/messages.meant", institution=opened.context.institution, quarter=quarter)
    return [meant, *(_figures(turn, opened, opened.context, text) or begun)]


def figures_in(turn: Turn, stage: Stage, text: str) -> str | None:
    """What is plainly figures where a text is asked for, as lines; None for anything else.

    Rows, six figures of the row asked about, or edits of cells: 区块链补贴班次改1，人数改25.
    """
    context, question = stage.context, stage.question
    if not isinstance(context, ReportContext):
        if not turn.institutions:
            return None
        form = turn.corpus.form
        every = [o.name for o in form.occupations]
        return text if are_whole_rows(form, text) else _edits(form, every, text, None)
    here = question.occupation if isinstance(question, AskWhy) else None
    if here is not None and bare_row(context.form, text):
        return f"{here} {text}"
    if edits := _edits(context.form, context.occupations(), text, here):
        return edits
    return text if draft_writes.is_figures(context, text) and _FIGURES.search(text) else None


def _edits(form: Form, rows: list[str], text: str, here: str | None) -> str | None:
    found = read_edits(form, text, rows, here)
    lines = [f"{one.occupation}\t{one.measure.title}\t{one.figure}" for one in found if one.measure]
    return "\n".join(lines) or None


def insist(turn: Turn, stage: Stage, text: str) -> list[Outgoing]:
    """Take figures that came where a text is asked for as the figures they are."""
    lines = figures_in(turn, stage, text) or text
    if isinstance(stage.context, ReportContext):
        return _figures(turn, stage, stage.context, lines, sure=True) or _again(stage)
    return _open_and_take(turn, lines)


def _figures(turn: Turn, stage: Stage, context: ReportContext, text: str, sure: bool = False) -> Replies:
    """Rows for the report that is open; None when the question wants words and these are words."""
    question = stage.pending
    if isinstance(question, AskWhy) and not sure and not draft_writes.only_rows_in(context, text):
        return None
    typed = quarter_meant(turn, text)
    if typed is not None and str(typed) != context.quarter and context.institution_id is not None:
        if refused := _not_there(turn, typed):
            return [*refused, *_again(stage)]
        return _into(turn, context.institution_id, Quarter.parse(str(typed)), text)
    kind = question.id.split(":")[0]
    if kind in ("correct", "reason"):  # what was submitted is corrected with a reason, which comes first
        stage.state.answers[PENDING] = text
        said = turn.say("report/messages.pending")
        if kind == "reason":
            return [said, *_again(stage)]
        stage.dialog.store(turn, context, question, "correct")
        turn.step()
        return [said, *dialog_manager.show(turn)]
    if kind == "returned":
        dialog_manager.answer(stage, Known("begin"))
        begun = dialog_manager.open_stage(turn)
        if begun is None or not isinstance(begun.context, ReportContext):
            return None
        context = begun.context
    said_lines = draft_writes.store_lines(turn, context, text)
    turn.step()
    return said_lines + dialog_manager.show(turn)


def _not_there(turn: Turn, typed: Quarter | Named) -> Replies:
    """What is said of a quarter that is none we understand, or still to come; None for any other."""
    current = Quarter.of(turn.now)
    if isinstance(typed, Named):
        return [turn.say("problem/messages.quarter_unread", words=typed.words, current=current)]
    if typed > current:
        return [turn.say("problem/messages.quarter_future", quarter=typed, current=current)]
    return None


def _other_quarter(turn: Turn, context: ReportContext, named: Named) -> Reading:
    """A quarter typed while a report is open: that quarter's report."""
    quarter = named.quarter(Quarter.of(turn.now)) or named
    if isinstance(quarter, Named) or quarter > Quarter.of(turn.now):
        return Reading("command", partial(_say_not_there, turn, quarter))
    given = {"institution": str(context.institution_id), "quarter": str(quarter)}
    return Reading("command", partial(dialog_manager.start, turn, "report", given))


def _say_not_there(turn: Turn, quarter: Quarter | Named) -> list[Outgoing]:
    return [*(_not_there(turn, quarter) or []), *dialog_manager.show(turn)]


def _named(turn: Turn, stage: Stage, context: ReportContext, text: str) -> Reading | None:
    """A cell, a row or the whole quarter named in words, while a draft is open."""
    prompt, snapshot = stage.pending, context.snapshot
    if (
        snapshot is None
        or snapshot.draft is None
        or context.institution_id is None
        or context.quarter is None
    ):
        return None
    wants_words = prompt.kind == "text"
    if wants_words and not _CHANGES.match(text):
        return _to_change(turn, stage, context, text)
    place = (context.institution_id, context.quarter)
    if occupation := read_removal(context.form, text, context.occupations()):
        return Reading("figures", partial(row_actions.ask_removal, turn, place, occupation))
    if vocabulary.says_nothing(text) and snapshot.rows:
        return Reading("figures", partial(row_actions.ask_zero, turn, place))
    if vocabulary.tidy(text) in vocabulary.WRONG and not wants_words:
        return Reading("figures", partial(dialog_manager.changes, stage))
    if changed := _to_change(turn, stage, context, text):
        return changed
    return None if wants_words or prompt.kind == "list" else _rows(turn, context, text)


def _to_change(turn: Turn, stage: Stage, context: ReportContext, text: str) -> Reading | None:
    """改 大数据, 大数据 已培训人数, 大数据人数改成130: the row's cells, the cell, or its new figure."""
    prompt = stage.pending
    if prompt.kind == "list":
        return None
    wanted = _change(context, prompt, text)
    if wanted is None or wanted.occupation not in context.occupations():
        return None
    row = f"{context.place}:{wanted.occupation}"
    if wanted.measure is None:
        return Reading("figures", partial(row_actions.row, turn, row))
    if wanted.figure is None:
        number = context.form.measures.index(wanted.measure)
        return Reading("figures", partial(row_actions.cell, turn, f"{row}/{number}"))
    line = f"{wanted.occupation}\t{wanted.measure.title}\t{wanted.figure}"
    return Reading("figures", partial(_take_lines, turn, context, line))


def _take_lines(turn: Turn, context: ReportContext, lines: str) -> list[Outgoing]:
    said = draft_writes.store_lines(turn, context, lines)
    turn.step()
    return said + dialog_manager.show(turn)


def _change(context: ReportContext, question: object, text: str) -> Change | None:
    """The change that is meant; of the row that is asked about when none is named."""
    found = read_change(context.form, text, context.occupations())
    here = question.occupation if isinstance(question, (AskCell, AskWhy)) else None
    if found is None and here is not None:
        found = read_change(context.form, text, [here])
    if isinstance(question, AskWhy) and found and found.figure is None and not _CHANGES.match(text):
        return None  # an explanation may begin with the name of a row or a cell
    return found


def _rows(turn: Turn, context: ReportContext, text: str) -> Reading | None:
    """Just occupations while a report is open: one's cells, or new rows for those there are none of yet."""
    names = occupations_in(context.form, text)
    snapshot = context.snapshot
    if not names or snapshot is None or snapshot.draft is None:
        return None
    if len(names) == 1 and names[0] in snapshot.rows:
        return Reading("figures", partial(row_actions.row, turn, f"{context.place}:{names[0]}"))
    fresh = [name for name in names if name not in snapshot.rows]
    return Reading("figures", partial(_add_rows, turn, snapshot.draft, fresh))


def _add_rows(turn: Turn, draft: Revision, fresh: list[str]) -> list[Outgoing]:
    said = []
    if fresh:
        drafts.add_occupations(turn.connection, draft, fresh, turn.person_id, turn.now)
        said = [turn.say("report/messages.added", names=fresh)]
    turn.step()
    return said + dialog_manager.show(turn)


FIGURES = Reader("figures of a report", read, INSTITUTION_IF_ANY)
