"""The guided checks and the route."""

from functools import partial

from bot.core.dialogs import dialog_manager
from bot.core.feature import Button, Command, Feature
from bot.core.messages import Outgoing
from bot.core.permissions import SELF
from bot.core.turn import Turn
from policy.corpus import Corpus


def _start(name: str, turn: Turn) -> list[Outgoing]:
    return dialog_manager.start(turn, name)


def feature(corpus: Corpus) -> Feature:
    """Return what the checks add."""
    from bot.features.checks import actions, cards
    from bot.features.checks.card_page import card_file, card_pdf
    from bot.features.checks.corrections import CORRECTION
    from bot.features.checks.dialog import check_dialogs
    from bot.features.checks.whom import WHOM

    return Feature(
        "checks",
        dialogs=tuple(check_dialogs(corpus).values()),
        commands=(
            Command(
                "enrolment",
                "我能参加吗 能不能参加 资格自测 报名资格 测一测 /check",
                partial(_start, "check-enrolment"),
                SELF,
            ),
            Command("route", "我的路线 路线 看我的路线 /route", partial(_start, "route"), SELF),
            Command(
                "cards",
                "我的结果 我的结果卡 结果卡 我保存的结果 查看我的结果 /results",
                cards.list_kept,
                SELF,
                aside=True,
            ),
            Command("who", "替别人查 替家人查 替员工查 换个人查", actions.for_whom, SELF),
        ),
        buttons=(
            Button("go", actions.go, SELF),
            Button("who", actions.who, SELF),
            Button("card.list", lambda turn, _: cards.list_kept(turn), SELF),
            Button("card.open", cards.open_kept, SELF),
            Button("card.again", cards.again, SELF),
            Button("card.delete", cards.ask_delete, SELF),
            Button("card.drop", cards.delete, SELF),
        ),
        readers=(actions.TITLE, WHOM, cards.KEEP, cards.NUMBER, CORRECTION),
        makers={"route": card_file, cards.PAGE: card_file, cards.PDF: card_pdf},
    )
