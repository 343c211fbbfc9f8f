"""What is typed where a text is asked for and is plainly something else: asked in one tap, never lost."""

from __future__ import annotations

from bot import buttons
from bot.core import dialog_manager, input_limits, vocabulary
from bot.core.dialog import Problem, Write
from bot.core.dialog_manager import Stage
from bot.core.messages import Outgoing
from bot.core.turn import Kept, Turn
from bot.features.institutions import office_commands
from bot.features.questions import answer as policy_answer
from bot.features.report import typed_figures
from bot.features.report.dialog import ReportContext
from bot.features.report.prompts import AskWhy

LONGEST_QUESTION = 60  # characters; a longer text that ends with a question is a text
_MARKS = ("?", "？", "吗")


def ask(turn: Turn, stage: Stage, text: str) -> list[Outgoing] | None:
    """Ask whether a text is the answer or what it looks like; None when it looks like nothing else."""
    question = stage.question
    if not isinstance(question, Write):
        return None
    token = next(
        (t for label, t in turn.memory.offers if vocabulary.tidy(label) == vocabulary.tidy(text)), ""
    )
    meant = "button" if token else _meant(turn, stage, question, text)
    if meant is None:
        return None
    turn.step()  # a text kept before and its buttons are over
    turn.memory.kept = Kept(turn.talk.serial, meant, turn.keys.seal(text), token)
    shown = input_limits.mask(vocabulary.tidy(text))[0][:20]
    why = isinstance(question, AskWhy)
    report = isinstance(stage.context, ReportContext)
    return [turn.say("problem/likely.j2", meant=meant, shown=shown, why=why, report=report)]


def _meant(turn: Turn, stage: Stage, question: Write, text: str) -> str | None:
    if typed_figures.figures_in(turn, stage, text):
        return None if _reads_figures(question, text) else "figures"
    if vocabulary.corrected(text) == "" and (isinstance(question, AskWhy) or vocabulary.names_former(text)):
        return "former"
    if _is_command(turn, question, text):
        return "command"
    if not question.of_policy and _is_question(turn, text):
        return "question"
    return None


def _reads_figures(question: Write, text: str) -> bool:
    """Whether the question itself takes figures for what they are, and not for words."""
    try:
        read = question.read(text)
    except Problem:
        return False
    return not isinstance(read, (str, dict)) or (isinstance(read, dict) and "words" not in read)


def _is_command(turn: Turn, question: Write, text: str) -> bool:
    if buttons.check_titled(text):
        return True
    own = vocabulary.own_command(text) if turn.institutions else None
    if own and (own != "correct" or isinstance(question, AskWhy)):
        return True  # why something is corrected may be said so: 更正, 填错了
    return turn.office_role is not None and office_commands.command_in(text) is not None


def _is_question(turn: Turn, text: str) -> bool:
    """A short line that ends as a question, or asks what is certainly answered here."""
    plain = text.strip()
    if len(plain) > LONGEST_QUESTION or "\n" in plain or plain.endswith("。"):
        return False
    return plain.endswith(_MARKS) or (vocabulary.asks(plain) and policy_answer.answer(turn, plain).sure)


def is_answerable(stage: Stage, text: str) -> bool:
    """Whether the pending question could take the text at all."""
    assert stage.question is not None
    try:
        stage.question.read(text)
    except Problem:
        return False
    return True


def typed(turn: Turn) -> str | None:
    """The button that is meant by a part of its label: 修改 for 修改数字, 说明 for 填写说明."""
    plain = vocabulary.tidy(turn.text)
    if turn.kept is None or len(plain) < 2:
        return None
    found = [token for label, token in turn.memory.offers if plain in label and ":a:kept:" in token]
    return found[0] if len(found) == 1 else None


def take_back(stage: Stage) -> list[Outgoing]:
    """What was filled in before, to be changed."""
    report = isinstance(stage.context, ReportContext) and stage.context.occupations()
    return dialog_manager.changes(stage) if report else dialog_manager.back(stage)
