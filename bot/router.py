"""From a message to what is done with it. Read `respond` from top to bottom: that is the order."""

from __future__ import annotations

import re

from bot import (
    answering,
    binding,
    conductor,
    contact,
    feedback,
    office,
    publishing,
    receiving,
    standing,
    words,
)
from bot.conductor import Stage
from bot.dialogs import figures_lines
from bot.dialogs.report import ReportContext
from bot.dialogs.report_questions import AskCell, AskOccupations, AskWhy, occupations_in
from bot.engine import Problem
from bot.greeting import of_day as greeting_of_day
from bot.messages import Outgoing
from bot.turn import Turn
from policy.figures import looks_like_figure
from policy.form_lines import read_change
from policy.quarters import Quarter
from storage import drafts
from storage.returns import ReportClosed

_STEP = re.compile(r"^s(\d+):([va]):(.*)$", re.S)
_ASKING = re.compile(r"^\s*问\s*[:：]\s*(.+)$", re.S)
_REPORT_FOR = re.compile(r"^(?:填报|填表|报表)[\s:：]*(\S+)$")
_QUARTER = re.compile(r"^\s*(?:20\d\d\s*(?:年第?|-|/)?\s*(?:[Qq][1-4]|[1-4一二三四]季度?)|[上本]个?季度)\s*$")
OFFERS_KEPT = 40


def respond(turn: Turn) -> list[Outgoing]:
    """All that is said in reply to one message; the conversation's memory is updated."""
    stage = conductor.open_stage(turn)
    try:
        said = _dispatch(turn, stage)
    except ReportClosed as closed:  # by a button or file that does not look at the report first
        said = [turn.say("report/closed.j2", quarter=closed.quarter, closed=closed.closes_at, receipt=None)]
    said = merge(_greeted(turn, stage, said))
    _remember(turn, said)
    return said


def _dispatch(turn: Turn, stage: Stage | None) -> list[Outgoing]:
    fresh = turn.talk.serial == 0 and not turn.memory.offers
    if turn.incoming.file is not None:
        return (
            receiving.take_file(turn, stage)
            or publishing.take_file(turn)
            or _unwanted_file(turn, stage, turn.incoming.file.name, fresh)
        )
    if token := turn.incoming.choice or _typed_button(turn, stage):
        return _press(turn, stage, token)
    return _text(turn, stage, turn.text.strip(), fresh)


def _greeted(turn: Turn, stage: Stage | None, said: list[Outgoing]) -> list[Outgoing]:
    """With what a contact still has to report: before a menu or small talk, after any answer."""
    if stage is not None and stage.question is not None:
        return said
    greeting = greeting_of_day(turn)
    if greeting is None:
        return said
    menu = turn.incoming.choice == "m" or words.command(turn.text) == "menu"
    small_talk = turn.incoming.choice is None and not any(m.choices or m.files for m in said)
    return [greeting, *said] if menu or small_talk else [*said, greeting]


def _unwanted_file(turn: Turn, stage: Stage | None, name: str, fresh: bool) -> list[Outgoing]:
    """Nobody here takes the file; what was written beside it is answered as ever."""
    said = turn.say("problem/file.j2", name=name[:60])
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


def _again(stage: Stage | None) -> list[Outgoing]:
    return [conductor.ask(stage, again=True)] if stage and stage.question else []


def _typed_button(turn: Turn, stage: Stage | None) -> str | None:
    """The token of the button whose label (or, on a numbered channel, number) was typed."""
    question = stage.question if stage else None
    here = f"s{turn.talk.serial}:"
    offered = [offer for offer in turn.memory.offers if offer[1].startswith(here)]
    if stage and question and not offered:  # asked some messages ago, or by another way in
        offered = [(c.label, c.token) for c in conductor.question_of(stage).choices]
    if question is None or question.kind != "text":
        offered += turn.memory.offers
    plain = words.tidy(turn.text)
    plain = words.THUMBS.get(plain, plain)
    for label, token in offered:
        if plain == words.tidy(label):
            return token
    typeable = question is None or question.kind in ("choice", "list")
    if turn.incoming.numbered and typeable and plain.isascii() and plain.isdigit():
        shown = turn.memory.offers
        if 1 <= int(plain) <= len(shown):
            return shown[int(plain) - 1][1]
    return None


def _press(turn: Turn, stage: Stage | None, token: str) -> list[Outgoing]:
    step = _STEP.match(token)
    if step is None:
        done = standing.press(turn, token)
        return done if done is not None else _stale(turn, stage)
    if int(step[1]) != turn.talk.serial:
        return _stale(turn, stage)
    if step[2] == "a":
        return _action(turn, stage, step[3])
    if stage is None or stage.question is None:
        return _stale(turn, stage)
    return conductor.answer(stage, lambda question: question.press(step[3]))


def _stale(turn: Turn, stage: Stage | None) -> list[Outgoing]:
    rest = conductor.show(turn) if stage else standing.menu(turn)
    return [turn.say("problem/stale.j2"), *rest]


def _action(turn: Turn, stage: Stage | None, action: str) -> list[Outgoing]:
    if stage is None:
        return standing.menu(turn)
    if action.startswith("c:"):
        return conductor.revisit(stage, action[2:])
    if action == "restart":
        return conductor.restart(stage)
    own = stage.dialog.aside(turn, stage.context, stage.step.outcome, action)
    if own is not None:
        return own
    command = {"restart?": "restart", "back": "back", "change": "change", "cancel": "cancel"}.get(action)
    return _command(turn, stage, command) if command else conductor.show(turn)


def _text(turn: Turn, stage: Stage | None, text: str, fresh: bool) -> list[Outgoing]:
    code = binding.code_in(text)
    if code is not None:
        return binding.bind(turn, code)
    command = words.command(text)
    if command:
        return _command(turn, stage, command, fresh)
    if check := standing.check_titled(text):
        return conductor.start(turn, check)
    if asking := _ASKING.match(text):
        return _interrupt(turn, stage, _ask(turn, asking[1]))
    if for_quarter := _REPORT_FOR.match(text):
        try:
            return standing.report(turn, str(Quarter.parse(for_quarter[1], turn.now)))
        except ValueError:
            pass  # not a quarter: a question that begins with 填报
    if at_once := _figures_at_once(turn, stage, text):
        return at_once
    if stage is not None and (other := _other_quarter(stage, text)):
        return other
    if stage is not None and _locked(stage, text):
        return [turn.say("report/locked.j2"), *_again(stage)]
    if stage is not None and _are_figures(stage, text):
        assert isinstance(stage.context, ReportContext)
        said = figures_lines.store_lines(turn, stage.context, text)
        turn.step()
        return said + conductor.show(turn)
    if stage is not None and (named := _names_cell(stage, text) or _names_row(stage, text)):
        return named
    ordered = office.command_in(text)
    question = stage.question if stage else None
    if ordered and (question is None or question.kind != "text"):
        return office.act(turn, *ordered)
    if stage is None or question is None:
        return [_ask(turn, text).message]
    return _answer_or_ask(turn, stage, text)


def _figures_at_once(turn: Turn, stage: Stage | None, text: str) -> list[Outgoing] | None:
    """Figures before any report is open: the report of the quarter most likely meant, which is said."""
    question = stage.question if stage else None
    opening = isinstance(stage.context, ReportContext) if stage else False
    if question is not None and not (opening and question.id in ("quarter", "institution")):
        return None
    if not figures_lines.are_whole_rows(text) or not turn.institutions:
        return None
    place = contact.place_now(turn)
    if place is None:
        return [turn.say("report/which.j2", institutions=turn.institutions)]
    begun = conductor.start(turn, "report", {"institution": str(place[0]), "quarter": place[1]})
    opened = conductor.open_stage(turn)
    if opened is None or opened.question is None:
        return begun  # closed, which it says
    if _locked(opened, text):
        return [turn.say("report/locked.j2"), *_again(opened)]
    assert isinstance(opened.context, ReportContext)
    said = turn.say(
        "report/meant.j2", institution=opened.context.institution, quarter=Quarter.parse(place[1])
    )
    done = figures_lines.store_lines(turn, opened.context, text)
    turn.step()
    return [said, *done, *conductor.show(turn)]


def _other_quarter(stage: Stage, text: str) -> list[Outgoing] | None:
    """A quarter typed while a report is open: that quarter's report."""
    context, question = stage.context, stage.question
    if not isinstance(context, ReportContext) or question is None or context.institution_id is None:
        return None
    if question.kind == "text" or question.id in ("quarter", "institution") or not _QUARTER.match(text):
        return None
    try:
        quarter = Quarter.parse(text, stage.turn.now)
    except ValueError:
        return None
    if quarter > Quarter.of(stage.turn.now):
        said = stage.turn.say(
            "problem/quarter_future.j2", quarter=quarter, current=Quarter.of(stage.turn.now)
        )
        return [said, *_again(stage)]
    given = {"institution": str(context.institution_id), "quarter": str(quarter)}
    return conductor.start(stage.turn, "report", given)


def _locked(stage: Stage, text: str) -> bool:
    """Figures for what was submitted: a correction has to be begun first."""
    context, question = stage.context, stage.question
    if not isinstance(context, ReportContext) or question is None or context.snapshot is None:
        return False
    return question.id.startswith("correct:") and figures_lines.is_figures(context, text)


def _are_figures(stage: Stage, text: str) -> bool:
    context, question = stage.context, stage.question
    if not isinstance(context, ReportContext) or context.snapshot is None or question is None:
        return False
    if not figures_lines.is_figures(context, text) or question.id.startswith(("correct:", "reason:")):
        return False
    if isinstance(question, AskWhy):  # only a line for the same row is not the explanation
        return bool(figures_lines.row_named(context, text) == question.data["occupation"])
    return True


def _names_cell(stage: Stage, text: str) -> list[Outgoing] | None:
    """改 大数据, 大数据 已培训人数, 大数据人数改成130: the row's cells, the cell, or its new figure."""
    context, question, turn = stage.context, stage.question, stage.turn
    if not isinstance(context, ReportContext) or question is None or context.snapshot is None:
        return None
    if question.kind in ("text", "list") or context.snapshot.draft is None:
        return None
    wanted = read_change(context.form, text, context.occupations())
    if wanted is None or wanted[0] not in context.occupations():
        return None
    occupation, measure, figure = wanted
    if measure is None:
        return standing.press(turn, f"row:{context.place}:{occupation}")
    if figure is None:
        return standing.press(
            turn, f"cell:{context.place}:{occupation}/{context.form.measures.index(measure)}"
        )
    said = figures_lines.store_lines(turn, context, f"{occupation}\t{measure.title}\t{figure}")
    turn.step()
    return said + conductor.show(turn)


def _names_row(stage: Stage, text: str) -> list[Outgoing] | None:
    """Just occupations while a report is open: one's cells, or new rows for those there are none of yet."""
    context, question, turn = stage.context, stage.question, stage.turn
    if not isinstance(context, ReportContext) or question is None or context.snapshot is None:
        return None
    draft = context.snapshot.draft
    names = occupations_in(context.form, text)
    if not names or question.kind in ("text", "list") or draft is None:
        return None
    if len(names) == 1 and names[0] in context.snapshot.rows:
        return standing.press(turn, f"row:{context.place}:{names[0]}")
    fresh = [name for name in names if name not in context.snapshot.rows]
    if fresh:
        drafts.add_occupations(turn.connection, draft, fresh, turn.person_id, turn.now)
    turn.step()
    return conductor.show(turn)


def _answer_or_ask(turn: Turn, stage: Stage, text: str) -> list[Outgoing]:
    """An answer to the pending question, or else a policy question in between."""
    question = stage.question
    assert question is not None
    must_answer = question.kind == "text" or (
        question.kind == "number" and (looks_like_figure(text) or words.tidy(text) in words.NOT_KNOWN)
    )
    must_answer = must_answer or (isinstance(question, AskOccupations) and question.meant(text))
    if not must_answer:
        try:
            question.read(text)
        except Problem:
            found = answering.answer(turn, text)
            if found.sure:
                feedback.note(turn, text, found)
                return _interrupt(turn, stage, found)
    return conductor.answer(stage, lambda asked: asked.read(text))


def _ask(turn: Turn, text: str) -> answering.Reply:
    """What certainly is a question: its answer; the office hears of it when there is none."""
    found = answering.answer(turn, text)
    feedback.note(turn, text, found)
    return found


def _interrupt(turn: Turn, stage: Stage | None, found: answering.Reply) -> list[Outgoing]:
    """A policy answer, then exactly the pending question again."""
    if stage is None or stage.question is None:
        return [found.message]
    return [found.message, turn.say("policy/back.j2"), conductor.ask(stage, again=True)]


def _command(turn: Turn, stage: Stage | None, command: str, fresh: bool = False) -> list[Outgoing]:
    """The words that work everywhere."""
    if command == "menu":
        conductor.park(turn)
        turn.step()
        return standing.menu(turn, hello=fresh)
    if command == "help":
        return [turn.say("help.j2"), *_again(stage)]
    if command == "report":
        return standing.report(turn)
    if command == "topics":
        return standing.press(turn, "t") or []
    if command == "enrolment":
        return conductor.start(turn, "check-enrolment")
    if command == "route":
        return conductor.start(turn, "route")
    if command == "who":
        return standing.press(turn, "who:route") or []
    if command == "clear":
        return standing.clear(turn)
    if command == "original":
        found = answering.original(turn, turn.memory.topic) if turn.memory.topic else None
        return [found or turn.say("menu_hint.j2"), *_again(stage)]
    if command == "course":
        return standing.press(turn, "go:course") or []
    if command == "profile":
        return conductor.start(turn, "profile") if turn.institutions else [turn.say("report/none.j2")]
    if command in standing.SERVICES:
        said = standing.SERVICES[command](turn)
        # A service that asks something itself is under way now; else back to what was asked.
        return said + _again(stage) if stage and turn.memory.dialog is stage.state else said
    if command in ("office", "status", "staff_code"):
        return office.act(turn, {"office": "list", "staff_code": "staff"}.get(command, command))
    if stage is None:
        template = "problem/no_submit.j2" if command == "submit" else "menu_hint.j2"
        return [turn.say(template)]
    if command == "submit":
        return _submit(turn, stage)
    if command == "cancel":
        return conductor.cancel(turn)
    steps = {"back": conductor.back, "change": conductor.changes, "restart": conductor.restart_question}
    return steps[command](stage)


def _submit(turn: Turn, stage: Stage) -> list[Outgoing]:
    """提交: from the review to the confirmation, from there to the receipt; else what is missing."""
    question = stage.question
    if not isinstance(stage.context, ReportContext) or question is None:
        return [turn.say("problem/no_submit.j2"), *_again(stage)]
    kind = question.id.split(":")[0]
    if kind in ("review", "confirm"):
        return conductor.answer(stage, lambda asked: "submit" if kind == "review" else "yes")
    left = stage.context.missing()
    if left and isinstance(question, AskCell):
        return [turn.say("problem/submit_missing.j2", left=left), *_again(stage)]
    return _again(stage)
