"""The form that comes back as a file: whose and which quarter's it is, and what of it goes into the draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.core.dialogs import dialog_manager, vocabulary
from bot.core.dialogs.dialog_manager import Stage
from bot.core.messages import Outgoing, Replies
from bot.core.turn import Turn
from bot.features.report import waiting_form
from bot.features.report.context import Place, ReportContext, takes_figures
from bot.features.report.editing import concurrent_edits, draft_writes
from policy.calendar.quarters import Quarter, reporting_quarter
from policy.form.form import Cell, Form
from policy.form.sheet import FormFile, Wrong
from policy.form.which_quarter import choices, claims, meant
from policy.reading.digits import whole_number
from storage.reports import drafts
from storage.reports.reports import Snapshot

SHOWN = 12  # wrong cells named in one message
OFFERED = 8  # buttons of where a form may belong
DROP = "no"


def again(stage: Stage | None) -> list[Outgoing]:
    """Put the pending question once more, if there is one."""
    return [dialog_manager.ask(stage, again=True)] if stage and stage.question else []


def open_place(stage: Stage | None) -> Place | None:
    """Return (institution, quarter) of the report that is open."""
    context = stage.context if stage else None
    if isinstance(context, ReportContext) and context.institution_id and context.quarter:
        return context.institution_id, context.quarter
    return None


def take(turn: Turn, stage: Stage | None, forms: tuple[FormFile, ...], digest: str) -> list[Outgoing]:
    """Write a form into the draft it belongs to; ask which, by buttons, where the file leaves that open."""
    waiting_form.forget(turn)
    open_at = open_place(stage)
    institution_id = _institution(turn, forms[0], open_at)
    if institution_id is None:
        mine = [m.institution for m in turn.institutions]
        return [turn.say("report/messages.form_other", sent=forms[0], mine=mine), *again(stage)]
    opened = Quarter.parse(open_at[1]) if open_at and open_at[0] == institution_id else None
    now = Quarter.of(turn.now)
    found = meant(forms, opened, now)
    if found is not None and found[1] <= now and (open_at is None or opened is not None):
        return _apply(turn, stage, (institution_id, str(found[1])), forms[found[0]])
    return [_ask_where(turn, institution_id, opened, forms, digest)]


def _ask_where(
    turn: Turn, institution_id: int, opened: Quarter | None, forms: tuple[FormFile, ...], digest: str
) -> Outgoing:
    """Which of the forms, and for which quarter; the file waits meanwhile."""
    waiting_form.keep(turn, digest, forms)
    now = Quarter.of(turn.now)
    offered = choices(forms, opened, reporting_quarter(turn.now), now)
    return turn.say(
        "report/form_which.j2",
        forms=forms,
        claims=[claims(one) for one in forms],
        opened=opened,
        institution=_name(turn, institution_id) if len(turn.institutions) > 1 else "",
        institution_id=institution_id,
        offered=offered[:OFFERED],
        mark=digest[: 2 * waiting_form.SHORTEST],
        drop=DROP,
        now=now,
    )


def press(turn: Turn, place: Place, rest: str) -> Replies:
    """Where a waiting form belongs was said by a button: `<which of the forms>:<start of its hash>`."""
    which, _, digest = rest.partition(":")
    forms = waiting_form.find(turn, digest)
    if not forms:
        return [turn.say("report/messages.form_gone")]
    if which == DROP:
        waiting_form.forget(turn)
        return [turn.say("report/messages.form_dropped"), *again(dialog_manager.open_stage(turn))]
    position = whole_number(which, longest=3)
    if position is None or position >= len(forms):
        return None
    sent = forms[position]
    if sent.base is not None and sent.base.quarter != place[1]:
        sent = sent.without_base()  # it was handed out for another quarter: all its figures are this one's
    waiting_form.forget(turn)
    return _apply(turn, dialog_manager.open_stage(turn), place, sent)


def _apply(turn: Turn, stage: Stage | None, place: Place, sent: FormFile) -> list[Outgoing]:
    """Write what is right into the draft of that report; name what is wrong."""
    if open_place(stage) != place:
        dialog_manager.start(turn, "report", {"institution": str(place[0]), "quarter": place[1]})
    stage = dialog_manager.open_stage(turn)
    context = stage.context if stage else None
    if not isinstance(context, ReportContext) or not takes_figures(context):
        turn.step()
        return [turn.say("report/messages.form_begin"), *dialog_manager.show(turn)]
    said = write_form(turn, context, sent)
    turn.step()
    return said + dialog_manager.show(turn)


def _name(turn: Turn, institution_id: int) -> str:
    return next(m.institution or "" for m in turn.institutions if m.institution_id == institution_id)


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


def write_form(turn: Turn, context: ReportContext, sent: FormFile) -> list[Outgoing]:
    """Write what the form changes of the draft as it is now, by the rules of the dialog."""
    snapshot, chart = context.snapshot, context.form
    there: Any = snapshot.rows if snapshot else {}
    base = sent.base
    changed = (
        concurrent_edits.changed_by_others(turn, context, base.version, base.revision_id)
        if base
        else concurrent_edits.changed_by_others(turn, context)
    )
    compared = sent.compared(there)
    idle = {name for name in sent.idle | _idle_again(sent, there) if name not in _no_business(snapshot)}
    written: list[tuple[str, dict[str, Cell]]] = []
    disputed_cells = 0
    for occupation, cells in compared.fresh.items():
        if occupation in idle:
            continue
        fresh, disputed = concurrent_edits.part(context, changed, occupation, cells)
        concurrent_edits.keep(turn, occupation, disputed)
        disputed_cells += len(disputed)
        if fresh:
            draft_writes.write(turn, context, occupation, fresh)
            written.append((occupation, fresh))
    for occupation in chart.occupation_order(idle):
        zero: dict[str, Cell] = {m.id: 0 for m in chart.measures}
        draft_writes.write(turn, context, occupation, zero, no_business=True)
    left = [o for o in sent.named if not sent.rows.get(o) and o not in sent.idle and o not in there]
    if left:  # nothing right in them, so they are asked for instead of being forgotten
        draft = draft_writes.open_draft(turn, context)
        drafts.add_occupations(turn.connection, draft, left, turn.person_id, turn.now)
    wrong = _wrong(chart, sent, there, compared.kept)
    return [
        turn.say(
            "report/form_read.j2",
            form=chart,
            written=written,
            idle=chart.occupation_order(idle),
            wrong=wrong[:SHOWN],
            more=max(0, len(wrong) - SHOWN),
            absent=[chart.measure(m) for m in sent.absent],
            unread=sent.unread,
            wan=sent.wan,
            totals=sent.totals,
            wrong_totals=[(chart.measure(w.measure), w.told, w.added) for w in sent.wrong_totals],
            disputed=disputed_cells,
            same=compared.same,
        )
    ]


def _no_business(snapshot: Snapshot | None) -> frozenset[str] | set[str]:
    return frozenset(snapshot.no_business) if snapshot else frozenset()


def _idle_again(sent: FormFile, there: Any) -> set[str]:
    """Rows that the form showed as 无业务, came back as they were and are empty now."""
    if sent.base is None:
        return set()
    return {
        name
        for name in sent.base.idle
        if sent.rows.get(name) == sent.base.rows.get(name)
        and all(cell is None for cell in there.get(name, {}).values())
    }


def _wrong(
    form: Form, sent: FormFile, there: Any, kept: Sequence[tuple[str, str, Cell]]
) -> list[tuple[Wrong, Any]]:
    """What was not taken, with the measure it is about: a cell left empty says what the draft holds now."""
    found: list[tuple[Wrong, Any]] = []
    for one in sent.wrong:
        measure = form.measure(one.measure) if one.measure else None
        if one.reason == "cleared" and measure is not None:
            here = there.get(one.occupation, {}).get(one.measure)
            if here is None:
                continue
            found.append((replace(one, typed=measure.show(here)), measure))
        else:
            found.append((one, measure))
    for occupation, measure_id, cell in kept:
        measure = form.measure(measure_id)
        found.append((Wrong("", "kept", measure.show(cell), occupation, measure_id), measure))
    return found
