"""替别人查: nobody's answers are taken for another person's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from bot.app import App
from storage.connections.database import transaction
from storage.schema.core import conversation, fact
from tests.support.talk import Person

Talk = Callable[..., Person]
CHECK = "我能不能参加培训"
SUITS = ("没有退休", "是", "正在从事数字技术工作")


def told(app: App) -> tuple[set[str], set[str]]:
    """Which facts are on record of the person, and which the conversation holds of another."""
    with transaction(app.engine, read_only=True) as connection:
        rows = connection.execute(select(fact.c.about, fact.c.fact)).all()
        state = connection.execute(select(conversation.c.state)).scalar_one()
    assert {row.about for row in rows} == {"self"}
    return {row.fact for row in rows}, set(state["told"])


@pytest.mark.parametrize("label", ["家人", "员工"])
def test_the_next_one_is_asked_everything_anew(talk: Talk, app: App, label: str) -> None:
    li = talk()
    li.says(CHECK, *SUITS)
    li.presses("替别人查")
    li.presses(label)
    first_question = li.text
    li.says(*SUITS)
    assert "可以参加" in li.text
    of_self, of_another = told(app)
    assert of_self == of_another
    li.presses("替别人查")
    li.presses(label)  # another one of the kind
    assert li.text == first_question
    assert "可以参加" not in li.text
    assert told(app) == (of_self, set())
    li.says("退休了", "不是")
    assert "不符合" in li.text
    li.presses("替别人查")
    li.presses("本人")
    assert "可以参加" in li.text


def test_what_is_known_of_one_kind_is_not_known_of_the_other(talk: Talk, app: App) -> None:
    li = talk()
    li.says(CHECK, *SUITS)
    li.presses("替别人查")
    li.presses("家人")
    li.says("退休了", "不是")
    li.presses("替别人查")
    li.presses("员工")
    assert "不符合" not in li.text
    assert told(app)[1] == set()


@pytest.mark.parametrize(
    ("said", "about", "asked"),
    [
        ("帮我妈查", "替家人查", "退休"),
        ("给我们厂的小王看看能不能领补贴", "替员工查", "走到哪一步"),
        ("帮我看看我老公能不能参加", "替家人查", "退休"),
        ("替同事老李查查职称", "替员工查", "走到哪一步"),
        ("换我老公", "替家人查", "退休"),
    ],
)
def test_for_whom_is_said_in_words(talk: Talk, app: App, said: str, about: str, asked: str) -> None:
    li = talk()
    li.says(CHECK, "没有退休", said)
    assert about in li.text
    assert asked in li.text
    assert told(app) == ({"retired"}, set())


def test_whom_is_answered_in_words_where_it_is_asked(talk: Talk) -> None:
    li = talk()
    li.says("替别人查", "我老婆")
    assert "替家人查" in li.text
    li.says("没有退休", "换我自己")
    assert "替家人查" not in li.text


@pytest.mark.parametrize("said", ["替员工报名要交什么材料", "给孩子报名要什么材料"])
def test_a_question_about_the_policy_is_answered(talk: Talk, said: str) -> None:
    li = talk()
    li.says(said)
    assert "替家人查" not in li.text


def test_she_is_whom_it_is_about(talk: Talk) -> None:
    li = talk()
    li.says("帮我妈查", "她退休了", "不是，她没上过大学")
    assert "走到哪一步" in li.text
