"""What waits for a person's own next request: whose it is, in which order, and when it was handed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.app import App
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import messages, outbox
from storage.schema import core
from tests.support.talk import NOON

LI = Address("wechat", "one", "li")
# Every part of an address counts, and is compared as a whole: there is one before and one after each.
ELSEWHERE = tuple(
    replace(LI, **{part: other})
    for part, others in {"bot": "nine two", "sender": "abe wang", "channel": "telegram z"}.items()
    for other in others.split()
)
WANG = replace(LI, sender="wang")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def connection(app: App) -> Iterator[Connection]:
    with transaction(app.engine) as connection:
        yield connection


def heard(connection: Connection, id: str, at: datetime = NOON, address: Address = LI) -> int:
    """A message of theirs was applied; its turn."""
    made = messages.begin(connection, address, id, "x", at)
    assert made is not None
    return made


def said(
    connection: Connection,
    *words: str,
    at: datetime = NOON,
    turn: int | None = None,
    to: Address = LI,
    sent: datetime | None = None,
) -> None:
    """Messages of ours were put into the outbox."""
    messages.enqueue(connection, to, [{"text": w} for w in words], at, turn, sent_at=sent)


def texts(pages: list[outbox.Page]) -> list[str]:
    return [page.body["text"] for page in pages]


def row(connection: Connection, number: int) -> Any:
    return connection.execute(select(core.outbox).where(core.outbox.c.id == number)).one()


class TestWhatWasHeard:
    @pytest.mark.parametrize("other", ELSEWHERE, ids=str)
    def test_a_message_is_found_at_its_own_address(self, connection: Connection, other: Address) -> None:
        turn = heard(connection, "m1", NOON + MINUTE)
        assert outbox.find(connection, LI, "m1") == outbox.Heard(turn, "m1", NOON + MINUTE)
        assert outbox.find(connection, other, "m1") is None
        assert outbox.find(connection, LI, "m0") is outbox.find(connection, LI, "m2") is None

    def test_the_latest_is_the_latest_by_time_then_by_order(self, connection: Connection) -> None:
        assert outbox.latest(connection, LI) is None
        heard(connection, "text:2", NOON + MINUTE)
        heard(connection, "text:1", NOON)
        for other in ELSEWHERE:
            heard(connection, "x", NOON + 9 * MINUTE, other)
        last = outbox.latest(connection, LI)
        assert last is not None and last.message_id == "text:2"
        heard(connection, "menu:3", NOON + MINUTE)
        last = outbox.latest(connection, LI)
        assert last is not None and last.message_id == "menu:3"

    def test_of_some_kinds_only(self, connection: Connection) -> None:
        for n, id in enumerate(("text:1", "menu:1", "te_t:1", "scan:1")):
            heard(connection, id, NOON + n * MINUTE)
        for kinds, expected in (
            (("text:",), "text:1"),
            (("text:", "menu:"), "menu:1"),
            (("te_t:",), "te_t:1"),
            (("%",), None),
            (("follow:",), None),
        ):
            last = outbox.latest(connection, LI, kinds)
            assert (last and last.message_id) == expected, kinds

    def test_who_wrote_since_then(self, connection: Connection) -> None:
        heard(connection, "1", NOON - MINUTE)
        for other in ELSEWHERE:
            heard(connection, "1", NOON, other)
        heard(connection, "2", NOON + MINUTE, WANG)
        found = outbox.heard_since(connection, "wechat", NOON)
        assert sorted(found, key=str) == sorted((a for a in ELSEWHERE if a.channel == "wechat"), key=str)
        assert outbox.heard_since(connection, "wechat", NOON + MINUTE) == [WANG]
        assert outbox.heard_since(connection, "wechat", NOON + MINUTE / 2) == [WANG]

    @pytest.mark.parametrize("other", ELSEWHERE, ids=str)
    def test_what_is_remembered_is_theirs(self, connection: Connection, other: Address) -> None:
        assert outbox.talk_of(connection, LI) is None
        messages.load_conversation(connection, WANG, NOON)
        mine = messages.load_conversation(connection, LI, NOON)
        theirs = messages.load_conversation(connection, other, NOON)
        mine.state = {"topic": "subsidy"}
        messages.save_conversation(connection, mine, NOON)
        assert outbox.talk_of(connection, LI) == outbox.Talk(mine.person_id, {"topic": "subsidy"}, 0)
        assert outbox.talk_of(connection, other) == outbox.Talk(theirs.person_id, {}, 0)


class TestWhatWaits:
    def test_the_newest_first_and_each_in_its_order(self, connection: Connection) -> None:
        said(connection, "推送")
        said(connection, "一", "二", at=NOON + MINUTE, turn=heard(connection, "1"))
        assert texts(outbox.waiting(connection, LI)) == ["一", "二", "推送"]

    def test_what_was_seen_or_refused_waits_no_more(self, connection: Connection) -> None:
        said(connection, "见过", sent=NOON)
        said(connection, "拒收", "等着")
        refused = outbox.waiting(connection, LI)[0]
        outbox.refuse(connection, [refused.id], "r" * 80)
        assert row(connection, refused.id).failed == "r" * 64
        assert row(connection, refused.id).sent_at is None
        assert texts(outbox.waiting(connection, LI)) == ["等着"]

    @pytest.mark.parametrize("other", ELSEWHERE, ids=str)
    def test_nobody_gets_anothers(self, connection: Connection, other: Address) -> None:
        turn = heard(connection, "1")
        said(connection, "给别处", to=other, turn=turn)
        assert outbox.waiting(connection, LI) == []
        assert outbox.of_turn(connection, LI, turn) == []
        assert texts(outbox.waiting(connection, other)) == ["给别处"]

    def test_a_turns_own_come_before_what_moved_to_it(self, connection: Connection) -> None:
        said(connection, "早先的", "不动的")
        turn, another = heard(connection, "1"), heard(connection, "2")
        said(connection, "回答", at=NOON + MINUTE, turn=turn)
        said(connection, "另一答", at=NOON + MINUTE, turn=another)
        earlier = next(p for p in outbox.waiting(connection, LI) if p.body["text"] == "早先的")
        outbox.move(connection, [earlier.id], turn)
        pages = outbox.of_turn(connection, LI, turn)
        assert texts(pages) == ["回答", "早先的"]
        assert {p.turn_id for p in pages} == {turn}
        assert texts(outbox.of_turn(connection, LI, another)) == ["另一答"]
        assert [p.turn_id for p in outbox.waiting(connection, LI) if p.body["text"] == "不动的"] == [None]

    def test_a_page_says_whether_it_was_dealt_with(self, connection: Connection) -> None:
        turn = heard(connection, "1")
        said(connection, "一", "二", "三", turn=turn)
        one, two, _ = outbox.of_turn(connection, LI, turn)
        outbox.mark(connection, [one.id], NOON + MINUTE)
        outbox.refuse(connection, [two.id], "blocked")
        assert [p.sent for p in outbox.of_turn(connection, LI, turn)] == [True, True, False]

    def test_what_was_handed_over_keeps_its_time(self, connection: Connection) -> None:
        said(connection, "一", "二")
        one, two = outbox.waiting(connection, LI)
        outbox.mark(connection, [one.id], NOON)
        outbox.mark(connection, [one.id, two.id], NOON + MINUTE)
        assert [row(connection, p.id).sent_at for p in (one, two)] == [NOON, NOON + MINUTE]

    @pytest.mark.parametrize("bodies", [["甲"], ["甲", "乙"], ["甲", "乙", "丙", "丁"]])
    def test_more_pages_take_the_place_of_some(self, connection: Connection, bodies: list[str]) -> None:
        turn = heard(connection, "1")
        said(connection, "早先的", to=WANG)
        said(connection, "一", turn=turn, at=NOON + MINUTE)
        said(connection, "后来的", to=WANG)
        pages = outbox.of_turn(connection, LI, turn)
        made = outbox.arrange(connection, pages, [{"text": b} for b in bodies])
        assert texts(made) == bodies
        assert made[0].id == pages[0].id
        kept = outbox.of_turn(connection, LI, turn)
        assert kept == made
        assert {(p.turn_id, p.at) for p in kept} == {(turn, NOON + MINUTE)}
        assert texts(outbox.waiting(connection, WANG)) == ["早先的", "后来的"]

    def test_fewer_pages_do_not(self, connection: Connection) -> None:
        said(connection, "一", "二")
        with pytest.raises(ValueError, match="zip"):
            outbox.arrange(connection, outbox.waiting(connection, LI), [{"text": "甲"}])

    def test_as_many_pages_keep_their_rows(self, connection: Connection) -> None:
        said(connection, "一", "二")
        pages = outbox.waiting(connection, LI)
        made = outbox.arrange(connection, pages, [{"text": "甲"}, {"text": "乙"}, {"text": "丙"}])
        assert [p.id for p in made[:2]] == [p.id for p in pages]
        assert outbox.waiting(connection, LI) == made


class TestWhomToWrite:
    def test_who_waits_and_wrote_lately_oldest_message_first(self, connection: Connection) -> None:
        silent = replace(LI, sender="silent")
        foreign = [a for a in ELSEWHERE if a.sender == LI.sender]
        said(connection, "给王", to=WANG)
        for address in (LI, silent, *foreign):
            said(connection, "给他", "又一条", to=address)
        heard(connection, "0", NOON - 9 * MINUTE)
        last = {a: heard(connection, "1", NOON, a) for a in (LI, WANG, *foreign)}
        heard(connection, "1", NOON - MINUTE, silent)
        since = ("wechat", "one", NOON)
        assert outbox.to_send(connection, *since, 10) == [("wang", last[WANG]), ("li", last[LI])]
        assert outbox.to_send(connection, *since, 1) == [("wang", last[WANG])]
        outbox.mark(connection, [p.id for p in outbox.waiting(connection, WANG)], NOON)
        assert outbox.to_send(connection, *since, 10) == [("li", last[LI])]
        assert outbox.to_send(connection, "wechat", "one", NOON + MINUTE, 10) == []
        later = heard(connection, "2", NOON + 2 * MINUTE)
        assert outbox.to_send(connection, "wechat", "one", NOON + MINUTE, 10) == [("li", later)]

    def test_only_what_we_sent_by_ourselves_is_counted(self, connection: Connection) -> None:
        turn = heard(connection, "1", NOON + MINUTE)
        said(connection, "回答", turn=turn, sent=NOON + MINUTE)  # with the request itself
        said(connection, "推送一", "推送二", sent=NOON + 2 * MINUTE)  # together: one
        said(connection, "推送三", sent=NOON + 3 * MINUTE)
        said(connection, "还等着")
        for other in ELSEWHERE:
            said(connection, "给别处", to=other, sent=NOON + 4 * MINUTE)
        assert outbox.sent_after(connection, LI, NOON) == 2
        assert outbox.sent_after(connection, LI, NOON + 2 * MINUTE) == 1
        assert outbox.sent_after(connection, LI, NOON + 3 * MINUTE) == 0
        for other in ELSEWHERE:  # another's request answers nothing here
            heard(connection, "1", NOON + 3 * MINUTE, other)
        assert outbox.sent_after(connection, LI, NOON) == 2

    def test_a_page_is_opened_by_whose_it_is(self, connection: Connection) -> None:
        mine = messages.load_conversation(connection, LI, NOON)
        for other in ELSEWHERE:
            messages.load_conversation(connection, other, NOON)
        said(connection, "长文")
        said(connection, "给没来过的", to=replace(LI, sender="nobody"))
        (page,) = outbox.waiting(connection, LI)
        found = outbox.body_and_person(connection, "wechat", "one", page.id)
        assert found == ({"text": "长文"}, mine.person_id)
        for other in ELSEWHERE:
            if other.sender == LI.sender:
                assert outbox.body_and_person(connection, other.channel, other.bot, page.id) is None
        assert outbox.body_and_person(connection, "wechat", "one", page.id - 1) is None
        assert outbox.body_and_person(connection, "wechat", "one", page.id + 1) is None
        assert outbox.body_and_person(connection, "wechat", "one", page.id + 2) is None
        messages.enqueue(connection, LI, [messages.FORGOTTEN], NOON)
        assert outbox.body_and_person(connection, "wechat", "one", page.id + 2) is None
