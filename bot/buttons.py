"""Standing buttons: they name a thing, not a step, and work whenever they are pressed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bot.core import dialog_manager, vocabulary
from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.features.institutions import office_commands
from bot.features.measure_notes import actions as measure_note_actions
from bot.features.people import accounts as own_accounts
from bot.features.people import binding, colleagues
from bot.features.publications import actions as publication_actions
from bot.features.questions import answer as policy_answer
from bot.features.questions import desk, feedback
from bot.features.report import (
    actions as report_actions,
)
from bot.features.report import (
    own_report,
    row_actions,
)
from bot.features.report import (
    selection as report_selection,
)
from bot.features.report.lead import actions as lead_actions
from bot.features.review import actions as review_actions
from bot.registry import DIALOGS
from policy.calendar.quarters import Quarter
from policy.checks.rules import checks
from policy.form.form import form
from storage import courses, messages, publications, questions
from storage.people import facts
from storage.reports import drafts, reports

Replies = list[Outgoing] | None


def press(turn: Turn, token: str) -> Replies:
    """What the button does; None when it names nothing that exists."""
    name, _, argument = token.partition(":")
    action = _ACTIONS.get(name)
    return action(turn, argument) if action else None


def menu(turn: Turn, hello: bool = False) -> list[Outgoing]:
    """What this person can do here."""
    return [
        turn.say(
            "menu.j2",
            hello=hello,
            checks=list(checks().values()),
            institutions=turn.institutions,
            office=turn.office_role is not None,
            reader=any(m.role == "district" for m in turn.memberships),
            lead=any(m.role == "lead" for m in turn.memberships),
        )
    ]


def check_titled(text: str) -> str | None:
    """The dialog of the check whose title was typed."""
    plain = vocabulary.tidy(text)
    return next((f"check-{c.id}" for c in checks().values() if plain == vocabulary.tidy(c.title)), None)


def _go(turn: Turn, name: str) -> Replies:
    if name == "report":
        return report_selection.begin(turn)
    if name == "course" and not turn.institutions:
        return [turn.say("report/none.j2")]
    known = name in DIALOGS and (name in ("route", "course") or name.startswith("check-"))
    return dialog_manager.start(turn, name) if known else None


def _who(turn: Turn, argument: str) -> Replies:
    """替谁查: another person starts with empty facts."""
    check, _, about = argument.partition(":")
    name = "route" if check == "route" else f"check-{check}"
    if name not in DIALOGS:
        return None
    if about not in ("self", "family", "employee"):
        return [turn.say("check/who.j2", check=check)]
    turn.memory.about = about
    for parked in [n for n in turn.memory.parked if n == "route" or n.startswith("check-")]:
        del turn.memory.parked[parked]
    if turn.memory.dialog and (
        turn.memory.dialog.name == "route" or turn.memory.dialog.name.startswith("check-")
    ):
        turn.memory.dialog = None
    if about != "self":
        facts.forget(turn.connection, turn.person_id, about)
        turn.read_again("facts")
    return dialog_manager.start(turn, name)


def clear(turn: Turn) -> list[Outgoing]:
    """退出并清除, for a borrowed phone: facts, what was said, reminders asked for."""
    facts.forget(turn.connection, turn.person_id)
    turn.read_again("facts")
    questions.forget(turn.connection, turn.talk.account_id, turn.incoming.address)
    publications.unsubscribe(turn.connection, turn.talk.account_id, turn.person_id, turn.now)
    messages.forget_history(turn.connection, turn.incoming.address, turn.id)
    memory = turn.memory
    memory.asked = None
    memory.dialog, memory.parked, memory.topic, memory.about = None, {}, None, "self"
    turn.step()
    return [turn.say("cleared.j2", institutions=turn.institutions)]


def _one(message: Outgoing | None) -> Replies:
    return [message] if message else None


def _topics(turn: Turn, number: str) -> Replies:
    if number and not number.isdigit():
        return None
    return _one(policy_answer.topics(turn, int(number) if number else None))


def _row(turn: Turn, argument: str) -> Replies:
    found = report_actions.place_in(turn, argument)
    if found is None:
        return None
    (institution, quarter), occupation = found
    rows = reports.snapshot(turn.connection, institution, quarter).rows
    if occupation not in rows:
        return None
    data = {"occupation": occupation, "row": rows[occupation], "form": form()}
    return [turn.say("report/change_row.j2", place=f"{institution}:{quarter}", **data)]


def _cell(turn: Turn, argument: str) -> Replies:
    found = report_actions.place_in(turn, argument)
    if found is None:
        return None
    (institution, quarter), rest = found
    occupation, _, number = rest.partition("/")
    measures = form().measures
    if not number.isdigit() or int(number) >= len(measures):
        return None
    given = {"institution": str(institution), "quarter": quarter}
    return dialog_manager.start(turn, "report", given, revisit=f"{occupation}/{measures[int(number)].id}")


def _fix(turn: Turn, argument: str) -> Replies:
    """Open one report: what the office returned, reopened or extended."""
    return report_actions.press(turn, "fill", argument)


def _correct(turn: Turn, argument: str) -> Replies:
    """更正, of one report."""
    found = report_actions.place_in(turn, argument)
    return None if found is None else own_report.begin_correction(turn, found[0])


def _prefill(turn: Turn, argument: str) -> Replies:
    """Fill a quarter's draft from the course registry, and say so; what was typed stays."""
    found = report_actions.place_in(turn, argument)
    if found is None:
        return None
    institution, quarter = found[0]
    named = Quarter.parse(quarter)
    snapshot = reports.snapshot(turn.connection, institution, quarter)
    if snapshot.shown is not None and snapshot.draft is None:
        return None  # submitted since the button was shown: a correction begins with its reason
    brought = courses.of_quarter(turn.connection, institution, named.first_day, named.last_day)
    if not brought:
        return [turn.say("course/nothing.j2", quarter=quarter), *dialog_manager.show(turn)]
    draft = drafts.begin_draft(
        turn.connection, institution, quarter, turn.person_id, turn.now, turn.closes(quarter)
    )
    rows = reports.snapshot(turn.connection, institution, quarter).rows
    for occupation, cells in brought.items():
        free: dict[str, reports.Cell] = {
            m: value for m, value in cells.items() if rows.get(occupation, {}).get(m) is None
        }
        if free:
            drafts.set_cells(turn.connection, draft, occupation, free, turn.person_id, turn.now)
    given = {"institution": str(institution), "quarter": quarter}
    names = form().occupation_order(list(brought))
    return [turn.say("course/filled.j2", names=names), *dialog_manager.start(turn, "report", given)]


def _of_rows(name: str, turn: Turn, argument: str) -> Replies:
    return row_actions.press(turn, name, argument)


def _office(turn: Turn, argument: str) -> Replies:
    command, _, rest = argument.partition(":")
    return office_commands.act(turn, command, rest)


def _invite(turn: Turn, argument: str) -> Replies:
    return office_commands.act(turn, "invite_id", argument) if argument.isdigit() else None


def _do(turn: Turn, name: str) -> Replies:
    """A service that anybody may start."""
    return dialog_manager.start(turn, name) if name in ("complaint", "subscribe") else None


# Words that work everywhere and are more than one module's business (`words.COMMANDS`).
SERVICES: dict[str, Callable[[Turn], list[Outgoing]]] = {
    "form": report_actions.download,
    "annex": report_actions.annex,
    "history": report_actions.past,
    "mine": own_report.state,
    "print": own_report.print_,
    "correct": own_report.correct,
    "lead": lead_actions.waiting,
    "colleagues": colleagues.everybody,
    "account": own_accounts.mine,
    "channel": own_accounts.code,
    "handover": feedback.hand_over,
    "complain": lambda turn: _do(turn, "complaint") or [],
    "subscribe": lambda turn: _do(turn, "subscribe") or [],
    "subscriptions": publication_actions.subscriptions,
    "desk": lambda turn: desk.act(turn, "l:0") or [],
    # Only the office has a list of them; to anybody else the word means writing one.
    "complaints": lambda turn: (
        (desk.complaint(turn, "l:0") if turn.office_role else _do(turn, "complaint")) or []
    ),
    "publish": lambda turn: publication_actions.act(turn, "new") or [],
    "published": lambda turn: publication_actions.act(turn, "l:0") or [],
    "opening": report_actions.opening,
    "notes": measure_note_actions.read,
    "set_note": lambda turn: measure_note_actions.act(turn, "new") or [],
    "workbench": review_actions.workbench,
    "review": review_actions.waiting,
    "missing": review_actions.missing,
}

_ACTIONS: dict[str, Callable[[Turn, str], Replies]] = {
    "rv": review_actions.act,
    "wb": lambda turn, _: review_actions.workbench(turn),
    "fix": _fix,
    "ld": lead_actions.act,
    "co": colleagues.act,
    "ac": own_accounts.act,
    "bd": binding.confirm,
    **{name: partial(report_actions.press_named, name) for name in report_actions.PLACES},
    **{name: partial(_of_rows, name) for name in ("rm", "rmy", "zeroy")},
    "cor": _correct,
    "up": feedback.up,
    "down": feedback.down,
    "why": feedback.why,
    "pk": feedback.pick,
    "hm": feedback.hand,
    "do": _do,
    "dk": desk.act,
    "ct": desk.complaint,
    "pb": publication_actions.act,
    "nt": measure_note_actions.act,
    "subs": lambda turn, _: publication_actions.subscriptions(turn),
    "un": publication_actions.unsubscribe,
    "m": lambda turn, _: menu(turn),
    "h": lambda turn, _: [turn.say("help.j2")],
    "t": _topics,
    "q": lambda turn, entry_id: _one(policy_answer.entry(turn, entry_id)),
    "o": lambda turn, entry_id: _one(policy_answer.original(turn, entry_id)),
    "cl": lambda turn, clause_id: _one(policy_answer.clause(turn, clause_id)),
    "go": _go,
    "pre": _prefill,
    "who": _who,
    "row": _row,
    "cell": _cell,
    "of": _office,
    "inv": _invite,
}
