"""Notices outside of a platform's window: nobody stands in another's way, and what is gone stays gone."""

from __future__ import annotations

from sqlalchemy import Select, insert, select

from bot.app import App
from storage.connections.database import transaction
from storage.conversations import notices
from storage.schema.core import account, outbox
from tests.support.talk import NOON, Person

ABOUT = {"quarter": "2026Q4", "institution": "甲学校", "last": NOON.isoformat()}


def test_who_had_all_of_a_quarter_stands_in_nobody_s_way(either_app: App) -> None:
    names = ["zhao", "qian", "sun", "li"]
    for name in ["li", "zhao", "qian", "sun"]:  # li's is the oldest
        Person(either_app.assistant, name, "wechat").says("你好")
    with transaction(either_app.engine) as connection:
        ids = {name: connection.execute(_account(name)).scalar_one() for name in names}
        for name in ["li", "zhao", "qian", "sun"]:
            notices.answer(connection, ids[name], True, NOON)
            connection.execute(
                insert(outbox).values(
                    channel="wechat", bot="test", sender=name, body={"notice": ABOUT}, created_at=NOON
                )
            )
        for name in names[:3]:
            for day in ("2026-12-17", "2026-12-24", "2026-12-28"):
                assert notices.claim(connection, ids[name], "2026Q4", day)
        waiting = notices.waiting(connection, "wechat", "test", "2026-12-30", limit=2)
        assert [one.address.sender for one in waiting] == ["li"]


def test_of_an_account_that_is_no_more_nothing_is_kept(either_app: App) -> None:
    with transaction(either_app.engine) as connection:
        notices.answer(connection, 10**6, False, NOON)
        assert notices.answered(connection, 10**6) is None


def _account(name: str) -> Select[int]:
    return select(account.c.id).where(account.c.channel == "wechat", account.c.sender == name)
