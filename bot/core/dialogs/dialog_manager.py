"""Leads a conversation through its dialog: start, answer, back, change, cancel, restart."""

from __future__ import annotations

from typing import cast

from bot.core.dialogs.dialog import AnyDialog, Given, Leave, Problem, Question, Stay, Step, replay
from bot.core.dialogs.vocabulary import NOT_KNOWN, tidy
from bot.core.messages import Outgoing, Replies
from bot.core.turn import Answers, DialogState, Turn
from policy.reading.digits import whole_number
from policy.reading.numbers import looks_like_figure

CHANGES_SHOWN = 12  # buttons in one list of answers to change


class NotAsking(LookupError):
    """A dialog has come to its end, and is dealt with as if it asked something."""


class Stage:
    """The dialog of a turn, replayed: its context, its answers and where it stands."""

    def __init__(self, turn: Turn) -> None:
        state = turn.state
        self.turn = turn
        self.state = state
        self.dialog: AnyDialog = turn.dialogs[state.name]
        if state.version != self.dialog.version:
            state.answers = self.dialog.migrate(state.version, state.answers)
            state.version = self.dialog.version
        self.context: object
        self.context, self.answers = self.dialog.load(turn, state.answers)
        self.step: Step = replay(self.dialog.run, self.context, self.answers, state.revisit)
        if state.revisit and (self.step.question is None or self.step.question.id != state.revisit):
            state.revisit = None  # no longer on the way

    @property
    def question(self) -> Question[object] | None:
        """The pending question."""
        return self.step.question

    @property
    def pending(self) -> Question[object]:
        """The pending question, where there is known to be one.

        Raises:
            NotAsking: nothing is pending.
        """
        if self.step.question is None:
            raise NotAsking(self.dialog.name)
        return self.step.question


def open_stage(turn: Turn) -> Stage | None:
    """The dialog under way, replayed once a step; None when there is none (any more)."""
    state = turn.memory.dialog
    if state is None or state.name not in turn.dialogs:
        turn.memory.dialog = None
        return None
    step = (id(state), turn.talk.serial, state.revisit)
    if turn.replayed is None or turn.replayed[0] != step:
        stage = Stage(turn)
        turn.replayed = ((id(state), turn.talk.serial, state.revisit), stage)
    return cast(Stage, turn.replayed[1])


def numbers_press(turn: Turn) -> bool:
    """Tell whether a number typed next presses a button: not where a figure or a text is asked for."""
    stage = open_stage(turn)
    return stage is None or stage.question is None or stage.question.kind in ("choice", "list")


def start(
    turn: Turn, name: str, answers: Answers | None = None, revisit: str | None = None
) -> list[Outgoing]:
    """Begin a dialog, or go on with it where it was left; `answers` are given from outside."""
    memory = turn.memory
    resumed = False
    if memory.dialog and memory.dialog.name == name:
        resumed = _begun(memory.dialog)
    else:
        park(turn)
        kept = memory.parked.pop(name, None)
        resumed = kept is not None and _begun(kept)
        memory.dialog = kept or DialogState(name, turn.dialogs[name].version)
    turn.state.answers = turn.dialogs[name].begin(turn.state.answers, answers or {})
    turn.state.revisit = revisit
    turn.step()
    if not resumed:
        _count(turn, name, "begun")
    said = show(turn, resumed=resumed and not answers)
    if not resumed:
        _count_place(turn)
    return said


def _count(turn: Turn, name: str, how_far: str) -> None:
    """Count how far dialogs come, those of which it matters where people leave."""
    if name in turn.dialogs and turn.dialogs[name].counted:
        turn.counted.add("dialog", name, how_far)


def _count_place(turn: Turn) -> None:
    """Count what is asked now, or that the dialog came to its end."""
    stage = open_stage(turn)
    if stage is not None and stage.dialog.counted:
        _count(turn, stage.state.name, f"asked:{stage.question.id}" if stage.question else "finished")


def _begun(state: DialogState) -> bool:
    """Whether anything was answered yet; for whom is known without asking those who speak for one only."""
    return any(question != "institution" for question in state.answers)


def park(turn: Turn) -> None:
    """Put the dialog under way aside; it is found again when it is next started."""
    state = turn.memory.dialog
    if state and turn.dialogs[state.name].park and state.answers:
        turn.memory.parked[state.name] = state
    turn.memory.dialog = None


def show(turn: Turn, resumed: bool = False) -> list[Outgoing]:
    """The pending question, or the outcome: its effect is performed here, once."""
    stage = open_stage(turn)
    if stage is None:
        return []
    if stage.step.question is not None:
        return [ask(stage, resumed=resumed)]
    outcome = stage.step.outcome
    if not isinstance(outcome, Stay):
        turn.memory.dialog = None
        turn.step()
        if isinstance(outcome, Leave):
            return [turn.say("messages.left")]
    return stage.dialog.finish(turn, stage.context, outcome)


def ask(stage: Stage, **extra: object) -> Outgoing:
    """The pending question as a message; what others did meanwhile stands before it."""
    message = question_of(stage, **extra)
    before = stage.dialog.news(stage.turn, stage.context)
    stage.dialog.shown(stage.turn, stage.context, stage.pending)
    texts = [told.text for told in before]
    made_of = tuple(name for told in (*before, message) for name in told.templates)
    return Outgoing("\n\n".join([*texts, message.text]), message.choices, message.files, made_of)


def question_of(stage: Stage, **extra: object) -> Outgoing:
    """The pending question in words, not put to the person yet."""
    question = stage.pending
    ambient = {
        "question": question,
        "resumed": False,
        "again": False,
        "changing": stage.state.revisit is not None,
        "answered": len(stage.step.trail),
        "way": [asked.id for asked, _ in stage.step.trail],
        **question.shown,
        **extra,
    }
    return stage.turn.say(question.template, ambient=ambient)


def answer(stage: Stage, given: Given) -> list[Outgoing]:
    """Take an answer to the pending question and go on."""
    turn, question = stage.turn, stage.pending
    held = stage.dialog.hold(turn, stage.context, question, given)
    if held is not None:
        turn.step()
        return held + show(turn)
    try:
        value = given(question)
    except Problem as problem:
        return [problem.sentence(question, turn.talk.serial), ask(stage, again=True)]
    said = stage.dialog.store(turn, stage.context, question, value)
    forward = stage.state.revisit is None  # what is changed later was counted before
    if turn.memory.dialog is not None:
        turn.memory.dialog.revisit = None
    turn.step()
    said = said + show(turn)
    if forward:
        _count(turn, stage.state.name, f"told:{question.id}")
        _count_place(turn)
    return said


def overtaken(stage: Stage) -> Replies:
    """What became of an answer to a dialog that others ended meanwhile; None when there was none."""
    if stage.step.question is not None or isinstance(stage.step.outcome, Stay):
        return None
    said = stage.dialog.overtaken(stage.turn, stage.context, stage.step.outcome, stage.state.answers)
    if said is not None:
        stage.turn.memory.dialog = None
        stage.turn.step()
    return said


def back(stage: Stage) -> list[Outgoing]:
    """One question back; later answers are kept."""
    way = stage.dialog.way_back(stage.context, [question for question, _ in stage.step.trail])
    if not way:
        return [stage.turn.say("problem/messages.first"), *show(stage.turn)]
    return revisit(stage, way[-1].id)


def revisit(stage: Stage, question_id: str) -> list[Outgoing]:
    """Ask one question anew; later answers are kept and count only if reached again.

    `#N` names the N-th on the way here: a long id has no room in a button.
    """
    if question_id.startswith("#"):
        number = whole_number(question_id[1:], longest=3)
        if number is None or number >= len(stage.step.trail):
            return show(stage.turn)
        question_id = stage.step.trail[number][0].id
    stage.state.revisit = question_id
    stage.turn.step()
    return show(stage.turn)


def changes(stage: Stage) -> list[Outgoing]:
    """The answers given, each a button to change it."""
    own = stage.dialog.changes(stage.turn, stage.context)
    if own is not None:
        return own
    listed = [(question.id, *stage.dialog.label(question, value)) for question, value in stage.step.trail]
    if not listed:
        return [stage.turn.say("problem/messages.first"), *show(stage.turn)]
    return [stage.turn.say("messages.changes", answers=listed[-CHANGES_SHOWN:])]


def restart_question(stage: Stage) -> list[Outgoing]:
    """Ask before discarding."""
    return [stage.turn.say("messages.restart")]


def restart(stage: Stage) -> list[Outgoing]:
    """Discard the answers and begin again."""
    said = stage.dialog.restart(stage.turn, stage.context)
    stage.turn.step()
    return said + show(stage.turn)


def cancel(turn: Turn) -> list[Outgoing]:
    """Leave the dialog; what was entered is kept where it can be found again."""
    name = turn.memory.dialog.name if turn.memory.dialog else ""
    park(turn)
    turn.step()
    return [turn.say("messages.left" if name else "messages.menu_hint")]


def begin(turn: Turn, name: str, **given: object) -> list[Outgoing]:
    """Start a dialog afresh: what was entered for another question must not be sent to this one."""
    if turn.memory.dialog is not None and turn.memory.dialog.name == name:
        turn.memory.dialog = None
    turn.memory.parked.pop(name, None)
    return start(turn, name, dict(given))


def leave_desk(turn: Turn) -> None:
    """End what was half done at the office's desk: its question must not wait unseen behind a list."""
    state = turn.memory.dialog
    if state is not None and state.name in turn.dialogs and turn.dialogs[state.name].at_desk:
        park(turn)
        turn.step()


def reads(question: Question[object], text: str) -> bool:
    """Tell whether a question reads a text as an answer."""
    try:
        question.read(text)
    except Problem:
        return False
    return True


def must_answer(question: Question[object], text: str) -> bool:
    """Tell whether a text can only be meant as an answer, right or wrong, and is no question of its own."""
    if question.kind == "number" and (looks_like_figure(text) or tidy(text) in NOT_KNOWN):
        return True
    return question.meant(text)
