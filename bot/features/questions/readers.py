"""A text read as a question about the policy."""

from __future__ import annotations

from functools import partial

from bot.core.dialogs import dialog_manager, vocabulary
from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Reader, Reading
from bot.core.messages import Outgoing
from bot.core.permissions import PUBLIC, SELF
from bot.core.security import one_time_code
from bot.core.turn import Turn
from bot.features.questions import answer as policy_answer
from bot.features.questions import feedback, knowledge

LONGEST_AROUND_RECEIPT = 40  # characters
LONGEST_BESIDE_TEXT = 60  # characters; a longer text that ends with a question is a text
_MARKS = ("?", "？", "吗")


def read(turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    """Understand a question; where something is asked only what is put as one: 等财务 is none."""
    prompt = stage.question if stage else None
    if stage is None or prompt is None:
        return Reading("question", partial(_say, turn, text))
    if prompt.kind == "text":
        return Reading("question", partial(_beside, stage, text)) if _is_question(turn, text) else None
    if not vocabulary.asks(text):
        return None
    found = policy_answer.look_up(turn, text)
    return Reading("question", partial(_beside, stage, text)) if found.sure else None


def _is_question(turn: Turn, text: str) -> bool:
    """Tell a short line that ends as a question, or asks what is certainly answered here."""
    plain = text.strip()
    if len(plain) > LONGEST_BESIDE_TEXT or "\n" in plain or plain.endswith("。"):
        return False
    return plain.endswith(_MARKS) or (vocabulary.asks(plain) and policy_answer.look_up(turn, plain).sure)


def _say(turn: Turn, text: str) -> list[Outgoing]:
    """Answer; the office hears of it when there is no answer."""
    found = policy_answer.answer(turn, text)
    feedback.note(turn, text, found)
    return [found.message]


def _beside(stage: Stage, text: str) -> list[Outgoing]:
    """Answer, then put exactly the pending prompt again."""
    said = _say(stage.turn, text)
    return [*said, stage.turn.say("policy/messages.back"), dialog_manager.ask(stage, again=True)]


def ask(turn: Turn, stage: Stage | None, text: str) -> Reading:
    """Read what follows 问： as a question, whatever is pending."""
    if stage is None or stage.question is None:
        return Reading("question", partial(_say, turn, text))
    return Reading("question", partial(_beside, stage, text))


def read_receipt(turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    """Read the number of a complaint; within a longer text it is only mentioned."""
    plain = one_time_code.plain(text)
    found = one_time_code.RECEIPT.search(plain)
    if found is None or len(plain) > LONGEST_AROUND_RECEIPT:
        return None
    return Reading("receipt", partial(_say_state, stage, turn, f"TS-{found[1].upper()}"))


def _say_state(stage: Stage | None, turn: Turn, receipt: str) -> list[Outgoing]:
    again = [dialog_manager.ask(stage, again=True)] if stage is not None and stage.question else []
    return [*knowledge.complaint_state(turn, receipt), *again]


RECEIPT = Reader("receipt", read_receipt, SELF)
QUESTION = Reader("question", read, PUBLIC)
