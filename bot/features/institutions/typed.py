"""The office's commands as typed, with what they are about: 新建机构 X, 延期 X, 汇总表 2026Q3."""

from __future__ import annotations

from functools import partial

from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Reader, Reading
from bot.core.permissions import HEAD, OFFICE
from bot.core.turn import Turn
from bot.features.institutions import office_commands

FOR_HEADS = ("reader",)


def _read(for_heads: bool, turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    found = office_commands.command_in(text)
    if found is None or (found[0] in FOR_HEADS) != for_heads:
        return None
    return Reading("command", partial(office_commands.carry_out, turn, *found))


OFFICE_COMMAND = Reader("office command", partial(_read, False), OFFICE)
HEAD_COMMAND = Reader("head's command", partial(_read, True), HEAD)
