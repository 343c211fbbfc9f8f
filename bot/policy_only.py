"""A channel that is left to policy questions: who wants more is sent to the web page or to WeChat.

For a platform that keeps what people write in another country (个人信息保护法第三十六条、第三十八条).
What a person may do with data that came by this channel before stays: read the notice about them, have
them deleted, take consent back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from bot.core.channel_limits import channel_of
from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Button, Command, Feature, Reader, Reading
from bot.core.messages import Outgoing, Replies
from bot.core.turn import Turn
from bot.registry import Registry

COMMANDS = frozenset({"topics", "original", "clear", "delete_data", "withdraw_consent", "privacy"})
BUTTONS = frozenset(
    {"topics", "entry", "original", "clause", "up", "down", "why", "pick", "data.delete", "data.withdraw"}
    | {"data.privacy"}
)
READERS = frozenset({"question"})
DIALOGS = frozenset({"delete-data"})


class PolicyOnly(Registry):
    """The features as they are, of which only questions about the policy are taken up."""

    def __init__(self, whole: Registry) -> None:
        super().__init__(_less(feature) for feature in whole.features)

    def menu(self, turn: Turn, hello: bool) -> Outgoing:
        """Return what can be done here, and where the rest is done."""
        if channel_of(turn.incoming.address.channel).shared:
            return turn.say("messages.policy_only_shared")
        return turn.say("messages.policy_only_menu", url=turn.url, hello=hello)


def elsewhere(turn: Turn, *_: object) -> list[Outgoing]:
    """Say that this is not done here, and where it is."""
    if channel_of(turn.incoming.address.channel).shared:
        return [turn.say("messages.policy_only_shared")]
    return [turn.say("messages.policy_only", url=turn.url)]


def _less(feature: Feature) -> Feature:
    return replace(
        feature,
        dialogs=tuple(d for d in feature.dialogs if d.name in DIALOGS),
        commands=tuple(_command(one) for one in feature.commands),
        buttons=tuple(_button(one) for one in feature.buttons),
        readers=tuple(_reader(one) for one in feature.readers),
        takers=(_no_file,),
        wants=None,
        greeting=None,
        codes=feature.codes and elsewhere,
    )


def _command(one: Command) -> Command:
    return one if one.name in COMMANDS else replace(one, act=elsewhere, aside=True)


def _button(one: Button) -> Button:
    return one if one.name in BUTTONS else replace(one, act=elsewhere)


def _reader(one: Reader) -> Reader:
    return one if one.name in READERS else replace(one, read=partial(_sent_elsewhere, one.read))


def _sent_elsewhere(
    read: Callable[[Turn, Stage | None, str], Reading | None], turn: Turn, stage: Stage | None, text: str
) -> Reading | None:
    reading = read(turn, stage, text)
    return Reading(reading.kind, partial(elsewhere, turn)) if reading is not None else None


def _no_file(turn: Turn, stage: Stage | None) -> Replies:
    return elsewhere(turn)
