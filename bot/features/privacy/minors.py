"""Who says to be under fourteen is told to ask with a guardian, and nothing of it is kept.

Nobody is asked for an age. 个人信息保护法第三十一条.
"""

from __future__ import annotations

import re

from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Reading
from bot.core.messages import Outgoing
from bot.core.turn import Memory, Turn
from storage.conversations import messages
from storage.people import facts

FROM = 14  # years
_LONGEST = 60  # characters of a message that says it
_NUMBERS = {
    "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10, "十一": 11, "十二": 12, "十三": 13, "十四": 14,
}  # fmt: skip
_COUNT = "([0-9]{1,3}|十[一二三四五六七八九]?|[五六七八九])"
_SAID = re.compile(
    rf"(?:我|本人|俺)(?:今年|现在|才|只有|只|还|是|刚|刚满|满|也)*(不满|不到|没到|未满|没满)?{_COUNT}(?:周|个)?岁"
)
_BARE = re.compile(rf"(?:我|本人)?(?:还|是)?(未满|不满|没满|不到){_COUNT}(?:周)?岁")


def is_minor(text: str) -> bool:
    """Whether somebody says of themselves that they are under fourteen."""
    plain = "".join(text.split())
    if len(plain) > _LONGEST:
        return False
    found = _SAID.search(plain) or _BARE.match(plain)
    if found is None:
        return False
    years = _NUMBERS.get(found[2]) or (int(found[2]) if found[2].isascii() else FROM)
    return years <= FROM if found[1] else years < FROM


def read(turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    """Read that somebody is under fourteen; of who has a role it is not believed."""
    if turn.memberships or not is_minor(text):
        return None
    return Reading("command", lambda: _told(turn))


def _told(turn: Turn) -> list[Outgoing]:
    messages.hide_said(turn.connection, turn.id)
    messages.forget_history(turn.connection, turn.incoming.address, turn.id)
    facts.forget(turn.connection, turn.person_id)
    vars(turn.memory).update(vars(Memory(greeted=turn.memory.greeted)))
    turn.read_again("facts")
    turn.step()
    return [turn.say("privacy/messages.minor")]
