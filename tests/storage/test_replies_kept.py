"""Replies that were stored are given again to whom they were given, and to nobody else."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import pytest

from bot.app import App
from bot.core.messages import Incoming, Outgoing
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import messages
from tests.support.talk import NOON

LI = Address("telegram", "one", "li")
OTHERS = (
    replace(LI, bot="another"),  # the same person at another of our bot accounts
    replace(LI, sender="wang"),
    replace(LI, channel="wechat"),
)


@dataclass(frozen=True)
class Conversation:
    app: App

    def says(self, address: Address, text: str) -> list[Outgoing]:
        """Every message bears the same id, as platforms may number them."""
        return self.app.assistant.handle(Incoming(address, "1", NOON, text))


@pytest.mark.parametrize("other", OTHERS, ids=["bot", "sender", "channel"])
def test_the_same_id_elsewhere_is_another_message(either_app: App, other: Address) -> None:
    talk = Conversation(either_app)
    first = talk.says(LI, "我能不能参加培训")
    second = talk.says(other, "啥时候发的")
    assert second
    assert [m.text for m in second] != [m.text for m in first]
    assert talk.says(LI, "我能不能参加培训") == first  # delivered again
    assert talk.says(other, "啥时候发的") == second
    with transaction(either_app.engine, read_only=True) as connection:
        kept = {a: messages.stored_replies(connection, a, "1") for a in (LI, other)}
    assert [len(kept[LI]), len(kept[other])] == [len(first), len(second)]
    assert kept[LI] != kept[other]


@pytest.mark.parametrize("other", OTHERS, ids=["bot", "sender", "channel"])
def test_what_waits_is_handed_to_its_own_address_alone(either_app: App, other: Address) -> None:
    with transaction(either_app.engine) as connection:
        for address, text in ((LI, "给李"), (other, "给别处")):
            messages.enqueue(connection, address, [{"text": text}], NOON)
    with transaction(either_app.engine, read_only=True) as connection:
        for address, text in ((LI, "给李"), (other, "给别处")):
            (one,) = messages.pushes_waiting(connection, address)
            assert one.body == {"text": text}
            assert messages.body_of(connection, address, one.id) == {"text": text}
        for asked, held in itertools.permutations((LI, other)):
            (one,) = messages.pushes_waiting(connection, held)
            assert messages.body_of(connection, asked, one.id) is None
