"""Reminders of the quarterly form, and notices outside of WeChat's window to those who agreed."""

from bot.core.feature import Button, Command, Feature
from bot.core.permissions import OWN_INSTITUTION, SELF
from policy.corpus import Corpus


def feature(corpus: Corpus) -> Feature:
    """Return what reminders add."""
    from bot.features.reminders import consent

    return Feature(
        "reminders",
        commands=(
            Command("notices", "到期通知 公众号通知 微信通知", consent.show, OWN_INSTITUTION, aside=True),
            Command("stop_notices", "停止通知 不再通知 关闭通知", consent.stop, SELF, aside=True),
        ),
        buttons=(
            Button("notices.yes", lambda turn, _: consent.agree(turn), OWN_INSTITUTION),
            Button("notices.no", lambda turn, _: consent.stop(turn), SELF),
        ),
        greeting=consent.offer,
    )
