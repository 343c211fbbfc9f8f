"""Answers taken back in the middle of a check or after its verdict: 改成中级, 等等我其实去年12月领过."""

from __future__ import annotations

import re
from functools import partial

from bot.core.dialogs import dialog_manager, vocabulary
from bot.core.dialogs.dialog import Problem, Typed
from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Reader, Reading
from bot.core.messages import Outgoing
from bot.core.permissions import SELF
from bot.core.turn import Turn
from bot.features.checks import answers
from bot.features.checks.ask_fact import CheckContext
from bot.features.checks.dialog import CheckDialog
from policy.checks.rules import Fact
from policy.reading.dates import NotADate, read_date

_ALL = re.compile(
    r"(?:(?:上面|前面|刚才|以上|之前)(?:我)?(?:说|填|答|选|点)?的?|我(?:上面|前面|刚才)?(?:说|填|答|选)的|回答)"
    r"(?:全部|全|都)+(?:不算|不对|错了?|作废|是错的|说错了?|填错了?|不作数)|(?:全|都|全都)(?:说|填|答|选|点)错了|全部重来"
)
_PUT = re.compile(r"改成|改为|换成|改到|更正为?|其实是?|想起来了?|忘了说|我?记错了|应该是|才对|应为")
_BESIDE = re.compile(
    r"^(?:等一?[下等]儿?|慢着|哦?对了|哎呀?|啊|嗯|不好意思|那个|我|是|把"
    r"|上一?个(?![月季周])|刚才的?|[,，、。!！ ])+"
)
_CLAIMS = re.compile("领|拿过|到账|补贴|享受")


def _read_correction(turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    """Understand words that change an answer of the check that is open."""
    if stage is None or not isinstance(stage.dialog, CheckDialog) or len(text) > answers.LONGEST:
        return None
    plain = vocabulary.tidy(text)
    if _ALL.search(plain):
        return Reading("command", partial(dialog_manager.restart_question, stage))
    left = vocabulary.corrected(text)
    put = _PUT.search(plain)
    if left == "" and not put:
        back = partial(dialog_manager.back, stage)
        return Reading("command", back) if stage.question is None else None
    if left is None and not put:
        return _told_anew(turn, stage, text) if stage.question is None else None
    if stage.question is not None and _speaks(stage, text):
        return Reading("command", partial(dialog_manager.answer, stage, Typed(text)))
    said = _BESIDE.sub("", _PUT.sub("", left or plain))
    meant = _meant(stage, said)
    if stage.question is not None and _only_this(stage) and dialog_manager.reads(stage.question, said):
        return Reading("command", partial(dialog_manager.answer, stage, Typed(said)))
    if stage.question is not None and (not meant or dialog_manager.reads(stage.question, said)):
        asked = partial(dialog_manager.ask, stage, again=True)
        return Reading("command", lambda: [turn.say("problem/messages.corrected"), asked()], sure=False)
    if len(meant) != 1:
        return Reading("command", partial(dialog_manager.changes, stage)) if stage.question is None else None
    ((fact, value),) = meant.items()
    if put:
        return Reading("command", partial(_change, turn, stage, fact, value))
    return Reading("command", partial(_ask, turn, stage, fact, value), sure=False)


def _check(stage: Stage) -> tuple[CheckDialog, CheckContext]:
    """The check that is open, and what its replay knows.

    Raises:
        TypeError: something else is open.
    """
    if not isinstance(stage.dialog, CheckDialog) or not isinstance(stage.context, CheckContext):
        raise TypeError(f"{stage.dialog.name} is no check")
    return stage.dialog, stage.context


def _only_this(stage: Stage) -> bool:
    """Whether nothing but the pending question can be meant: it is the first, or is being answered anew."""
    return not stage.step.trail or stage.state.revisit == stage.pending.id


def _speaks(stage: Stage, text: str) -> bool:
    """Whether the pending question itself has something to say of a text with both values."""
    try:
        stage.pending.read(text)
    except Problem as problem:
        return bool(problem.data.get("likely")) or problem.data.get("reason") == "claimed"
    return False


def _told(stage: Stage) -> dict[str, str]:
    """The answers on the way here."""
    return {question.id: str(value) for question, value in stage.step.trail}


def _meant(stage: Stage, said: str) -> dict[str, str]:
    """Return which of the facts told so far the words give another value."""
    (dialog, context), told = _check(stage), _told(stage)
    known = [dialog.facts[fact] for fact in told]
    found = {}
    for fact in known:
        value = _value(fact, said, context, known, last=fact.id == [*told][-1])
        if value is not None:
            found[fact.id] = value
    changed = {fact: value for fact, value in found.items() if value != told[fact]}
    return changed or found


def _value(fact: Fact, said: str, context: CheckContext, known: list[Fact], last: bool) -> str | None:
    if fact.kind == "date" and (last or _CLAIMS.search(said)):
        try:
            return str(read_date(said, context.on))
        except NotADate:
            pass
    answer = answers.read_answer(fact, said, context.on, context.about, known, topical=True)
    return answer.value if answer.sure and not fact.wording.bound else None


def _change(turn: Turn, stage: Stage, fact: str, value: str) -> list[Outgoing]:
    """Change an answer and say where that leads."""
    dialog, _ = _check(stage)
    changed = dialog.change(turn, fact, value)
    return [changed, *dialog_manager.show(turn)]


def _ask(turn: Turn, stage: Stage, fact: str, value: str) -> list[Outgoing]:
    """Ask the question anew, and in one tap whether that is the answer."""
    dialog, _ = _check(stage)
    asked = dialog_manager.revisit(stage, fact)
    return [turn.say("check/messages.likely", likely=value, label=dialog.shown_as(fact, value)), *asked]


def _told_anew(turn: Turn, stage: Stage, text: str) -> Reading | None:
    """After a verdict: another value of a fact that was told, asked in one tap."""
    if vocabulary.asks(text):
        return None
    told = _told(stage)
    changed = {fact: value for fact, value in _meant(stage, text).items() if value != told[fact]}
    if len(changed) != 1:
        return None
    ((fact, value),) = changed.items()
    return Reading("command", partial(_ask, turn, stage, fact, value), sure=False)


CORRECTION = Reader("correction of a check", _read_correction, SELF)
