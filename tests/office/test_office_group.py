"""What the robot writes into the work group: seen in full, confirmed, names and counts alone."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.app import App
from bot.core.reach import group
from storage.connections.database import transaction
from storage.conversations import reach
from storage.conversations.reach import Sender
from storage.schema.core import audit, outbox
from tests.support.office_browser import Browser, at
from tests.support.office_scene import head, reports_, school
from tests.support.talk import NOON

PAGE = "/office/group?quarter=2026Q4&kind={}"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


def robot(app: App) -> None:
    served = [Sender("web", "web"), Sender(group.ADDRESS.channel, group.ADDRESS.bot)]
    with transaction(app.engine) as connection:
        reach.declare(connection, served, NOON)


def written(app: App) -> list[str]:
    with transaction(app.engine, read_only=True) as connection:
        mine = outbox.c.channel == group.ADDRESS.channel
        return [body["text"] for body in connection.execute(select(outbox.c.body).where(mine)).scalars()]


@pytest.mark.parametrize("kind", ["missing", "progress"])
async def test_what_was_seen_is_sent_once_confirmed(app: App, kind: str) -> None:
    officer = head(app)
    school(app, "荣成<职>校", "荣成市", "13806310002", channel="telegram")
    robot(app)
    browser = await Browser(app).enters(officer)
    await browser.opens(PAGE.format(kind))
    assert written(app) == []
    await browser.submits("/office/group")
    (text,) = written(app)
    assert "应报1家" in text
    assert ("荣成<职>校" in text) == (kind == "missing")
    assert "13806310002" not in text and "王芳" not in text
    with transaction(app.engine, read_only=True) as connection:
        done = select(audit.c.detail).where(audit.c.action == "group.send")
        assert connection.execute(done).scalars().all() == [{"kind": kind}]


async def test_what_has_changed_meanwhile_is_shown_again(app: App) -> None:
    officer = head(app)
    one = school(app, "荣成职校", "荣成市", channel="telegram")
    robot(app)
    browser = await Browser(app).enters(officer)
    await browser.opens(PAGE.format("missing"))
    path, seen = browser.form("/office/group")
    reports_(one, "2026Q4", "大数据 3 2 120 80 60 90000")
    await browser.posts(path, **seen)
    assert browser.status == 409
    assert written(app) == []
    assert browser.form("/office/group")[1]["digest"] != seen["digest"]


async def test_without_a_robot_nothing_is_sent(app: App) -> None:
    officer = head(app)
    browser = await Browser(app).enters(officer)
    await browser.opens(PAGE.format("missing"))
    assert "BOT_WECOM_ROBOT_KEY" in browser.page
    await browser.submits("/office/group")
    assert browser.status == 409
    assert written(app) == []


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
async def test_a_day_at_the_end_of_time_is_shown_again(app: App, at: str) -> None:
    officer = head(app)
    robot(app)
    browser = await Browser(app).enters(officer)
    await browser.opens(PAGE.format("missing"))
    path, seen = browser.form("/office/group")
    await browser.posts(path, **{**seen, "at": at})
    assert browser.status == 409
    assert written(app) == []
