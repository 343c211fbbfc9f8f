"""What the office publishes, and who wants to be told."""

from bot.core.dialogs import dialog_manager
from bot.core.feature import Button, Command, Feature
from bot.core.messages import Outgoing
from bot.core.permissions import OFFICE, SELF
from bot.core.turn import Turn
from policy.corpus import Corpus


def _subscribe(turn: Turn) -> list[Outgoing]:
    return dialog_manager.start(turn, "subscribe")


def feature(corpus: Corpus) -> Feature:
    """Return what publishing and subscribing add."""
    from bot.features.publications import actions
    from bot.features.publications.dialogs import PublishDialog, PublishFileDialog
    from bot.features.publications.subscribe_dialog import SubscribeDialog

    return Feature(
        "publications",
        dialogs=(PublishDialog(), PublishFileDialog(), SubscribeDialog()),
        commands=(
            Command("publish", "发布信息 发布 /publish", actions.publish, OFFICE, aside=True),
            Command("published", "已发布 已发布信息 发布列表", actions.listed, OFFICE, aside=True),
            Command(
                "subscribe",
                "有班通知我 开班通知 订阅开班 订阅开班通知 /subscribe",
                _subscribe,
                SELF,
                aside=True,
            ),
            Command(
                "subscriptions",
                "我的订阅 退订 取消订阅 /subscriptions",
                actions.subscriptions,
                SELF,
                aside=True,
            ),
        ),
        buttons=(
            Button("publish.new", lambda turn, _: actions.publish(turn), OFFICE, alias="pb:new"),
            Button("publish.how", actions.explain, OFFICE, alias="pb:how"),
            Button("publish.list", actions.listed, OFFICE, alias="pb:l"),
            Button("publish.open", actions.opened, OFFICE, alias="pb:o"),
            Button("publish.withdraw", actions.withdraw, OFFICE, alias="pb:w"),
            Button("subscribe", lambda turn, _: _subscribe(turn), SELF, alias="do:subscribe"),
            Button("subscriptions", lambda turn, _: actions.subscriptions(turn), SELF, alias="subs"),
            Button("unsubscribe", actions.unsubscribe, SELF, alias="un"),
        ),
        takers=(actions.take_file,),
    )
