"""BOT_TELEGRAM_PERSONAL=no: Telegram is left to policy questions."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from bot.app import App, open_app
from bot.core.messages import IncomingFile
from bot.settings import Settings
from storage.connections.database import transaction
from storage.schema.core import fact, membership, turn
from storage.schema.questions import complaint
from tests.conftest import contact_code
from tests.support.corpus import CORPUS
from tests.support.talk import Person

ONLY = "messages.policy_only"


@pytest.fixture
def limited(app: App) -> App:
    """The same database, with the setting."""
    values = {"data_dir": app.settings.data_dir, "secret_key": "k" * 32, "telegram_personal": "no"}
    url = app.engine.url.render_as_string()
    return open_app(Settings(database_url=url, **values, _env_file=None), CORPUS)  # type: ignore[arg-type]


def count(app: App, table: object) -> int:
    with transaction(app.engine, read_only=True) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def test_policy_questions_are_answered(limited: App) -> None:
    li = Person(limited.assistant, "li", channel="telegram")
    li.says("退休了能报吗")
    assert "三" in li.text
    li.says("原文")
    assert "从业人员" in li.text


@pytest.mark.parametrize(
    "said",
    ["我能不能参加培训", "填报", "联系人", "换个渠道", "写一条投诉线索", "转人工", "我要报数", "我的数据"],
)
def test_what_is_about_somebody_is_sent_elsewhere(limited: App, said: str) -> None:
    li = Person(limited.assistant, "li", channel="telegram")
    li.says(said)
    assert ONLY in li.templates
    li.says("没有退休")
    assert count(limited, fact) == 0
    assert count(limited, complaint) == 0


def test_a_code_is_not_used_there_and_still_works_elsewhere(limited: App) -> None:
    code = contact_code(limited)
    li = Person(limited.assistant, "li", channel="telegram")
    li.says(f"绑定 {code}")
    assert ONLY in li.templates
    assert count(limited, membership) == 0
    wang = Person(limited.assistant, "wang")
    wang.says(f"绑定 {code}")
    assert count(limited, membership) == 1


def test_a_dialog_begun_before_ends_and_its_buttons_lead_elsewhere(app: App, limited: App) -> None:
    before = Person(app.assistant, "li", channel="telegram")
    before.says("我能不能参加培训")
    li = Person(limited.assistant, "li", channel="telegram")
    li.says("没有退休")
    assert not any(name.startswith("check/") for name in li.templates)
    assert count(limited, fact) == 0
    li.says("菜单")
    assert "messages.policy_only_menu" in li.templates


def test_a_file_is_not_looked_at(limited: App, tmp_path: object) -> None:
    li = Person(limited.assistant, "li", channel="telegram")
    li.sends(IncomingFile("表.xlsx", "/nowhere/at/all", 10))
    assert ONLY in li.templates
    assert count(limited, turn) == 1


def test_what_was_kept_before_can_still_be_deleted_there(app: App, limited: App) -> None:
    before = Person(app.assistant, "li", channel="telegram")
    before.says("我能不能参加培训", "没有退休")
    assert count(app, fact) == 1
    li = Person(limited.assistant, "li", channel="telegram")
    li.says("删除我的数据", "确认删除")
    assert count(limited, fact) == 0
