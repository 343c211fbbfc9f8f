"""From a message to what is done with it. Read `respond` from top to bottom: that is the order."""

from __future__ import annotations

import re
from typing import Any

from bot import buttons, likely
from bot.core import dialog_manager, input_limits, one_time_code, vocabulary
from bot.core.dialog import Problem, Question
from bot.core.dialog_manager import Stage
from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.features.institutions import office_commands
from bot.features.people import binding
from bot.features.publications import actions as publication_actions
from bot.features.questions import answer as policy_answer
from bot.features.questions import feedback
from bot.features.report import selection as report_selection
from bot.features.report import typed_figures, uploads
from bot.features.report.dialog import ReportContext
from bot.features.report.greeting import of_day as greeting_of_day
from bot.features.report.prompts import AskCell, AskWhy
from policy.reading.numbers import looks_like_figure
from storage.reports.returned_cells import ReportClosed

_STEP = re.compile(r"^s(\d+):([va]):(.*)$", re.S)
_ASKING = re.compile(r"^\s*问\s*[:：]\s*(.+)$", re.S)
OFFERS_KEPT = 40


def respond(turn: Turn) -> list[Outgoing]:
    """All that is said in reply to one message; the conversation's memory is updated."""
    stage = dialog_manager.open_stage(turn)
    try:
        said = _dispatch(turn, stage)
    except ReportClosed as closed:  # by a button or file that does not look at the report first
        said = [turn.say("report/closed.j2", quarter=closed.quarter, closed=closed.closes_at, receipt=None)]
    said = merge(_greeted(turn, stage, said))
    _remember(turn, said)
    return said


def _dispatch(turn: Turn, stage: Stage | None) -> list[Outgoing]:
    fresh = turn.talk.serial == 0 and not turn.memory.offers
    if stage is not None and (too_late := dialog_manager.overtaken(stage)):
        return too_late
    if turn.incoming.file is not None:
        return (
            uploads.take_file(turn, stage)
            or publication_actions.take_file(turn)
            or _unwanted_file(turn, stage, turn.incoming.file.name, fresh)
        )
    if token := turn.incoming.choice or _typed_button(turn, stage):
        return _press(turn, stage, token)
    return _text(turn, stage, turn.text.strip(), fresh)


def _greeted(turn: Turn, stage: Stage | None, said: list[Outgoing]) -> list[Outgoing]:
    """With what a contact still has to report: before a menu or small talk, after any answer.

    In the middle of a dialog only who says hello or asks for the menu hears of it.
    """
    if one_time_code.code_in(turn.text) is not None or (turn.incoming.choice or "").startswith("bd:"):
        return said  # who just came in is asked for their name first; /start CODE is no menu
    menu = turn.incoming.choice == "m" or vocabulary.command(turn.text) == "menu"
    said_hello = turn.small_talk or vocabulary.tidy(turn.text) in vocabulary.HELLO
    hello = turn.incoming.choice is None and said_hello
    if stage is not None and stage.question is not None and not (menu or hello):
        return said
    greeting = greeting_of_day(turn)
    if greeting is None:
        return said
    wordless = turn.incoming.choice is None and not any(m.choices or m.files for m in said)
    return [greeting, *said] if menu or hello or wordless else [*said, greeting]


def _unwanted_file(turn: Turn, stage: Stage | None, name: str, fresh: bool) -> list[Outgoing]:
    """Nobody here takes the file; what was written beside it is answered as ever."""
    said = turn.say("problem/file.j2", name=name[:60], binding=uploads.wants_binding(turn, name))
    beside = turn.text.strip()
    return [said, *(_text(turn, stage, beside, fresh) if beside else _again(stage))]


def merge(said: list[Outgoing]) -> list[Outgoing]:
    """Words without buttons or files join the message after them."""
    joined: list[Outgoing] = []
    for message in said:
        if joined and not joined[-1].choices and not joined[-1].files:
            before = joined.pop()
            message = Outgoing(f"{before.text}\n\n{message.text}", message.choices, message.files)
        joined.append(message)
    return joined


def _remember(turn: Turn, said: list[Outgoing]) -> None:
    offers = [c for message in reversed(said) for c in message.choices]
    turn.memory.offers = [(c.label, c.token) for c in offers[:OFFERS_KEPT]]
    turn.memory.kept = turn.kept  # over with its step


def _again(stage: Stage | None) -> list[Outgoing]:
    return [dialog_manager.ask(stage, again=True)] if stage and stage.question else []


def _typed_button(turn: Turn, stage: Stage | None) -> str | None:
    """The token of the button whose label (or, on a numbered channel, number) was typed."""
    question = stage.question if stage else None
    here = f"s{turn.talk.serial}:"
    offered = [offer for offer in turn.memory.offers if offer[1].startswith(here)]
    if stage and question and not offered:  # asked some messages ago, or by another way in
        offered = [(c.label, c.token) for c in dialog_manager.question_of(stage).choices]
    if question is None or question.kind != "text":
        offered += turn.memory.offers
    elif stage:  # its own buttons, also those that stand for longer than this step
        offered += [(c.label, c.token) for c in dialog_manager.question_of(stage).choices]
    plain = vocabulary.tidy(turn.text)
    plain = vocabulary.THUMBS.get(plain, plain)
    for label, token in offered:
        if plain == vocabulary.tidy(label):
            return token
    if meant := likely.typed(turn):
        return meant
    typeable = question is None or question.kind in ("choice", "list") or turn.kept is not None
    if turn.incoming.numbered and typeable and plain.isascii() and plain.isdigit():
        shown = turn.memory.offers
        if 1 <= int(plain) <= len(shown):
            return shown[int(plain) - 1][1]
    return uploads.typed_kind(turn) if question is None or question.kind != "text" else None


def _press(turn: Turn, stage: Stage | None, token: str) -> list[Outgoing]:
    step = _STEP.match(token)
    if step is None:
        done = buttons.press(turn, token)
        return done if done is not None else _stale(turn, stage)
    if int(step[1]) != turn.talk.serial:
        return _stale(turn, stage)
    if step[2] == "a":
        return _action(turn, stage, step[3])
    if stage is None or stage.question is None:
        return _stale(turn, stage)
    return dialog_manager.answer(stage, lambda question: question.press(step[3]))


def _stale(turn: Turn, stage: Stage | None) -> list[Outgoing]:
    rest = dialog_manager.show(turn) if stage else buttons.menu(turn)
    return [turn.say("problem/stale.j2"), *rest]


def _action(turn: Turn, stage: Stage | None, action: str) -> list[Outgoing]:
    if stage is None:
        return buttons.menu(turn)
    if action.startswith("c:"):
        return dialog_manager.revisit(stage, action[2:])
    if action == "restart":
        return dialog_manager.restart(stage)
    if action.startswith("kept:"):
        return _kept(turn, stage, action[5:])
    own = stage.dialog.aside(turn, stage.context, stage.step.outcome, action)
    if own is not None:
        return own
    command = {"restart?": "restart", "back": "back", "change": "change", "cancel": "cancel"}.get(action)
    return _command(turn, stage, command) if command else dialog_manager.show(turn)


def _text(turn: Turn, stage: Stage | None, text: str, fresh: bool) -> list[Outgoing]:
    code = one_time_code.code_in(text)
    if code is not None:
        return binding.bind(turn, code)
    command = vocabulary.command(text) or _own_command(turn, stage, text)
    if command:
        return _command(turn, stage, command, fresh)
    wants_words = stage is not None and stage.question is not None and stage.question.kind == "text"
    check = buttons.check_titled(text)
    if check and not wants_words:
        return dialog_manager.start(turn, check)
    if asking := _ASKING.match(text):
        return _interrupt(turn, stage, _ask(turn, asking[1]))
    if named_report := report_selection.named(turn, text):
        return named_report
    if stage is not None and (taken_back := _taken_back(turn, stage, text)):
        return taken_back
    if of_report := typed_figures.take(turn, stage, text):
        return of_report
    ordered = office_commands.command_in(text)
    question = stage.question if stage else None
    if ordered and (question is None or question.kind != "text"):
        return office_commands.act(turn, *ordered)
    if stage is None or question is None:
        if vocabulary.tidy(text) in vocabulary.SKIP:  # an offer that needs no answer was left alone
            return [turn.say("menu_hint.j2")]
        return [_ask(turn, text).message]
    if asked := likely.ask(turn, stage, text) if wants_words else None:
        return asked if likely.is_answerable(stage, text) else _kept(turn, stage, "do")
    return _answer_or_ask(turn, stage, text)


def _kept(turn: Turn, stage: Stage, choice: str) -> list[Outgoing]:
    """A text that was kept while it was asked what it is: the answer, or what it looked like."""
    kept = turn.kept
    text = turn.keys.open(kept.sealed) if kept else None
    if kept is None or text is None or stage.question is None:
        return _stale(turn, stage)
    if choice == "write":
        return dialog_manager.answer(stage, lambda asked: asked.read(text))
    if kept.meant == "figures":
        return typed_figures.insist(turn, stage, text)
    if kept.meant == "former":
        return likely.take_back(stage)
    if kept.meant == "button":
        return _press(turn, stage, kept.token)
    if kept.meant == "question":  # unmasked where a telephone number may be the answer, but not here
        return _interrupt(turn, stage, _ask(turn, input_limits.mask(text)[0]))
    if check := buttons.check_titled(text):
        return dialog_manager.start(turn, check)
    if ordered := office_commands.command_in(text):
        return office_commands.act(turn, *ordered)
    own = vocabulary.own_command(text)
    return _command(turn, stage, own) if own else _again(stage)


def _own_command(turn: Turn, stage: Stage | None, text: str) -> str | None:
    """A word about one's own report, unless a text is asked for: there it may be the answer.

    In a dialog that is no report 填错了 speaks of the answer before.
    """
    question = stage.question if stage else None
    if stage and question and (question.kind == "text" or _slips_here(stage, text)):
        return None
    return vocabulary.own_command(text) if turn.institutions else None


def _slips_here(stage: Stage, text: str) -> bool:
    """Whether a text only takes the former answer back; a bare 填错了 in a report is about its cells."""
    in_rows = isinstance(stage.context, ReportContext) and bool(stage.context.occupations())
    about_cells = in_rows and (
        vocabulary.tidy(text) in vocabulary.WRONG or vocabulary.own_command(text) == "correct"
    )
    return vocabulary.corrected(text) == "" and not about_cells


def _taken_back(turn: Turn, stage: Stage, text: str) -> list[Outgoing] | None:
    """What follows words that ask for a moment, or take back the answer before; None for any other text.

    They are never an answer. A bare 不对 may be a plain no where there is one: that is asked.
    """
    question = stage.question
    if question is None:
        return None
    if vocabulary.waits(text):
        return [turn.say("problem/wait.j2"), *_again(stage)]
    if question.kind == "text" or not _slips_here(stage, text):
        return None
    no = f"s{turn.talk.serial}:v:no"
    label = next((c.label for c in dialog_manager.question_of(stage).choices if c.token == no), None)
    if vocabulary.not_right(text) and label is not None:
        return [turn.say("problem/not_right.j2", no=label)]
    return dialog_manager.back(stage)


def _half_taken_back(stage: Stage, text: str) -> list[Outgoing] | None:
    """Words that take something back and hold more (不对，我是中级): to the question they can answer.

    The one before is asked anew when only it can be answered so; nothing is taken for either.
    """
    left = vocabulary.corrected(text)
    if not left or stage.question is None:
        return None
    way = stage.dialog.way_back(stage.context, [question for question, _ in stage.step.trail])
    if way and not _reads(stage.question, left) and _reads(way[-1], left):
        return dialog_manager.back(stage)
    return [stage.turn.say("problem/corrected.j2"), *_again(stage)]


def _reads(question: Question[Any], text: str) -> bool:
    try:
        question.read(text)
    except Problem:
        return False
    return True


def _answer_or_ask(turn: Turn, stage: Stage, text: str) -> list[Outgoing]:
    """An answer to the pending question, or else a policy question in between."""
    question = stage.question
    assert question is not None
    must_answer = question.kind == "text" or (
        question.kind == "number"
        and (looks_like_figure(text) or vocabulary.tidy(text) in vocabulary.NOT_KNOWN)
    )
    must_answer = must_answer or question.meant(text)
    half = _half_taken_back(stage, text) if question.kind != "text" else None
    if half is not None and not _reads(question, text):
        return half
    if not must_answer:
        try:
            question.read(text)
        except Problem:
            # Where something is asked, only what is put as a question is one: 等财务, 威海 are none.
            found = policy_answer.answer(turn, text) if vocabulary.asks(text) else None
            if found is not None and found.sure:
                feedback.note(turn, text, found)
                return _interrupt(turn, stage, found)
    return dialog_manager.answer(stage, lambda asked: asked.read(text))


def _ask(turn: Turn, text: str) -> policy_answer.Reply:
    """What certainly is a question: its answer; the office hears of it when there is none."""
    found = policy_answer.answer(turn, text)
    feedback.note(turn, text, found)
    return found


def _interrupt(turn: Turn, stage: Stage | None, found: policy_answer.Reply) -> list[Outgoing]:
    """A policy answer, then exactly the pending question again."""
    if stage is None or stage.question is None:
        return [found.message]
    return [found.message, turn.say("policy/back.j2"), dialog_manager.ask(stage, again=True)]


def _command(turn: Turn, stage: Stage | None, command: str, fresh: bool = False) -> list[Outgoing]:
    """The words that work everywhere."""
    if command == "menu":
        dialog_manager.park(turn)
        turn.step()
        return buttons.menu(turn, hello=fresh)
    if command == "help":
        return [turn.say("help.j2"), *_again(stage)]
    if command == "report":
        return report_selection.begin(turn)
    if command == "topics":
        return buttons.press(turn, "t") or []
    if command == "enrolment":
        return dialog_manager.start(turn, "check-enrolment")
    if command == "route":
        return dialog_manager.start(turn, "route")
    if command == "who":
        return buttons.press(turn, "who:route") or []
    if command == "clear":
        return buttons.clear(turn)
    if command == "original":
        found = policy_answer.original(turn, turn.memory.topic) if turn.memory.topic else None
        return [found or turn.say("menu_hint.j2"), *_again(stage)]
    if command == "course":
        return buttons.press(turn, "go:course") or []
    if command == "profile":
        return dialog_manager.start(turn, "profile") if turn.institutions else [turn.say("report/none.j2")]
    if command in buttons.SERVICES:
        step = turn.talk.serial
        said = buttons.SERVICES[command](turn)
        # A service that asks something itself is a step on; else back to what was asked.
        still = stage is not None and turn.memory.dialog is stage.state and turn.talk.serial == step
        return said + _again(stage) if still else said
    if command in ("office", "status", "staff_code"):
        return office_commands.act(turn, {"office": "list", "staff_code": "staff"}.get(command, command))
    if stage is None:
        template = "problem/no_submit.j2" if command == "submit" else "menu_hint.j2"
        return [turn.say(template)]
    if command == "submit":
        return _submit(turn, stage)
    if command == "cancel":
        return dialog_manager.cancel(turn)
    steps = {
        "back": dialog_manager.back,
        "change": dialog_manager.changes,
        "restart": dialog_manager.restart_question,
    }
    return steps[command](stage)


def _submit(turn: Turn, stage: Stage) -> list[Outgoing]:
    """提交: from the review to the confirmation, from there to the receipt; else what is missing."""
    question = stage.question
    if not isinstance(stage.context, ReportContext) or question is None:
        return [turn.say("problem/no_submit.j2"), *_again(stage)]
    kind = question.id.split(":")[0]
    if kind in ("review", "confirm"):
        return dialog_manager.answer(stage, lambda asked: "submit" if kind == "review" else "yes")
    left = stage.context.missing()
    if isinstance(question, (AskCell, AskWhy)):
        why = isinstance(question, AskWhy)
        return [turn.say("problem/submit_missing.j2", left=left, why=why), *_again(stage)]
    return _again(stage)
