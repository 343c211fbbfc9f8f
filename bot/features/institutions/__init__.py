"""The office's list of institutions, in chat."""

from functools import partial

from bot.core.feature import Button, Command, Feature
from bot.core.permissions import HEAD, OFFICE
from policy.corpus import Corpus


def feature(corpus: Corpus) -> Feature:
    """Return what keeping the list of institutions adds."""
    from bot.features.institutions import office_commands as commands
    from bot.features.institutions import typed
    from bot.features.institutions.dialog import InstitutionDialog

    return Feature(
        "institutions",
        dialogs=(InstitutionDialog(),),
        commands=(
            Command("office", "机构 机构列表 管理 管理机构 办公室 /office", commands.everything, OFFICE),
            Command("status", "进度 报送进度 谁没报 催报", commands.status, OFFICE),
            Command("staff_code", "邀请同事 生成同事邀请码", commands.staff_code, HEAD),
        ),
        buttons=(
            Button("office.list", lambda turn, _: commands.everything(turn), OFFICE, alias="of:list"),
            Button("office.status", lambda turn, _: commands.status(turn), OFFICE, alias="of:status"),
            Button("office.export", commands.export, OFFICE, alias="of:export"),
            Button("office.new", lambda turn, _: commands.new(turn), OFFICE, alias="of:new"),
            Button("office.name", commands.own_name, OFFICE, alias="of:name"),
            Button("office.staff", lambda turn, _: commands.staff_code(turn), HEAD, alias="of:staff"),
            Button("office.code", partial(commands.code_for, True), OFFICE, alias="of:code"),
            Button("office.invite", partial(commands.code_for, False), OFFICE, alias="inv"),
        ),
        readers=(typed.OFFICE_COMMAND, typed.HEAD_COMMAND),
    )
