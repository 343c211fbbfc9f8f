"""What the office decides about a report, in chat."""

from functools import partial

from bot.core.feature import Button, Command, Feature
from bot.core.permissions import DISTRICT, OFFICE
from policy.corpus import Corpus


def feature(corpus: Corpus) -> Feature:
    """Return what reviewing reports adds."""
    from bot.features.review import actions, typed
    from bot.features.review.leeway_dialogs import ExtendDialog, ReopenDialog
    from bot.features.review.return_dialog import ReturnDialog

    return Feature(
        "review",
        dialogs=(ReturnDialog(), ReopenDialog(), ExtendDialog()),
        commands=(
            Command(
                "workbench",
                "工作台 打开工作台 进入工作台 登录工作台 /workbench",
                actions.workbench,
                DISTRICT,
                aside=True,
            ),
            Command(
                "review",
                "待审 待审核 待审报表 待审列表 审核报表 /review",
                actions.waiting,
                OFFICE,
                aside=True,
            ),
            Command(
                "missing",
                "报送提示 报送提示名单 催报名单 催报单 未报名单",
                actions.missing,
                OFFICE,
                aside=True,
            ),
        ),
        buttons=(
            Button("workbench", lambda turn, _: actions.workbench(turn), DISTRICT, alias="wb"),
            Button("review.list", actions.listed, OFFICE, alias="rv:l"),
            Button("review.open", actions.opened, OFFICE, alias="rv:o"),
            Button("review.accept", actions.accept, OFFICE, alias="rv:a"),
            Button("review.return", partial(actions.decide, "return"), OFFICE, alias="rv:r"),
            Button("review.reopen", partial(actions.decide, "reopen"), OFFICE, alias="rv:b"),
            Button("review.print", actions.printed, OFFICE, alias="rv:p"),
            Button("review.files", actions.attached, OFFICE, alias="rv:f"),
            Button("missing", lambda turn, _: actions.missing(turn), OFFICE, alias="rv:m"),
        ),
        readers=(typed.OF_QUARTER,),
    )
