"""What a person told the bot, and having it forgotten."""

from bot.core.feature import Command, Feature
from policy.corpus import Corpus


def feature(corpus: Corpus) -> Feature:
    """Return what owning one's data adds."""
    from bot.features.privacy import actions

    return Feature(
        "privacy",
        commands=(
            Command("clear", "退出并清除 清除 清除记录 清除我的信息 清空 清空记录 /clear", actions.clear),
        ),
    )
