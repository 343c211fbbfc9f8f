"""待审 and 报送提示 with a quarter, as typed."""

from __future__ import annotations

import re
from functools import partial

from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Reader, Reading
from bot.core.messages import Outgoing
from bot.core.permissions import OFFICE
from bot.core.turn import Turn
from bot.features.review import actions
from policy.calendar.quarters import Quarter, reporting_quarter

_OF_QUARTER = re.compile(r"^(报送提示|催报|待审)(?:名单)?[\s:：]*(\S[^\n]{0,20})$")
_QUARTER_LIKE = re.compile(r"[0-9０-９年第季度上本QqA-Z一二三四\s-]{1,12}")


def read(turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    """Understand 报送提示 2026Q3 and 待审 上季度; other words behind them are a question."""
    found = _OF_QUARTER.match(text.strip())
    if found is None or not _QUARTER_LIKE.fullmatch(found[2].strip()):
        return None
    return Reading("command", partial(_show, turn, found[1], found[2].strip()))


def _show(turn: Turn, what: str, named: str) -> list[Outgoing]:
    try:
        quarter = Quarter.parse(named, turn.now)
    except ValueError:
        return [turn.say("office/messages.quarter_problem", current=reporting_quarter(turn.now))]
    return actions.missing(turn, quarter) if what != "待审" else actions.waiting(turn, quarter=quarter)


OF_QUARTER = Reader("reports of a quarter", read, OFFICE)
