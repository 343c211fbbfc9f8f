"""How many presses the desk's daily work takes, from the board and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.app import App
from tests.support.office_browser import Browser, at
from tests.support.talk import NOON, Person

ANSWERED, PUBLISHED, CORRECTED = 3, 4, 3  # presses, at most


class Walk(Browser):
    """Follows only what the page shows, and counts."""

    presses = 0

    async def follows(self, path: str) -> None:
        """Press a link that is on the page; the query may be more."""
        assert f'href="{path}' in self.page, f"{path} is not on {self.path}"
        self.presses += 1
        await self.opens(path)

    async def sends(self, action: str, **fields: str) -> None:
        """Press a form's button."""
        self.presses += 1
        await self.submits(action, **fields)


@pytest.fixture
async def walk(app: App, officer: Person, monkeypatch: pytest.MonkeyPatch) -> Walk:
    at(monkeypatch, NOON)
    found = Walk(app)
    await found.enters(officer)
    await found.opens("/office")
    return found


async def test_a_group_of_questions_is_answered(walk: Walk, app: App, talk: Callable[..., Person]) -> None:
    talk("li").says("老师爱喝咖啡吗")
    talk("wu").says("老师爱喝茶吗")
    await walk.follows("/office/questions")
    await walk.follows("/office/questions/1")
    await walk.sends("/office/questions/", do="reply", reply="请问培训机构。")
    assert "已答复并办结 2 条" in walk.text
    assert walk.presses <= ANSWERED


async def test_a_telephone_number_is_published(walk: Walk, talk: Callable[..., Person]) -> None:
    await walk.follows("/office/publications")
    await walk.follows("/office/publications/new")
    number = {"kind": "office-telephone", "text": "0631-0000000", "source": "科室", "open_ended": "1"}
    await walk.sends("/office/publications/save", **number)
    await walk.sends("/office/publications/save")
    assert walk.presses <= PUBLISHED
    li = talk()
    li.says("电话多少")
    assert "0631-0000000" in li.text


async def test_a_word_is_corrected(walk: Walk) -> None:
    await walk.follows("/office/knowledge")
    await walk.follows("/office/knowledge/goal")
    await walk.sends("/office/knowledge/save", answer="是培训数字技术人才的项目。", why="更短")
    assert "待审的修改" in walk.text
    assert walk.presses <= CORRECTED
