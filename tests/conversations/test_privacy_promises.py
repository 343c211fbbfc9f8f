"""What the privacy page promises is done: who answers for it, children, deleted names, numbers not given."""

from __future__ import annotations

import io
from collections.abc import Callable

import openpyxl
import pytest
from sqlalchemy import select

from bot.app import App, open_app
from bot.core.responsible import Responsible
from bot.features.privacy.minors import is_minor
from bot.settings import Settings
from storage.connections.database import transaction
from storage.people import sessions
from storage.reports import call_sheet, reports, revision_history
from storage.schema.core import account, fact, outbox, person, revision, turn
from storage.schema.questions import asker, question
from tests.conftest import contact_code
from tests.support.corpus import CORPUS
from tests.support.talk import NOON, Person
from tests.support.web_visitor import Visitor, noon

__all__ = ["noon"]  # a fixture

Talk = Callable[..., Person]
NUMBER = "13812345678"
CHILDREN = ("我13岁，能参加吗", "我今年十二岁", "我还不到14岁", "未满14周岁可以报名吗", "我才 9 岁")
OTHERS = (
    *("我儿子13岁", "我14岁", "我34岁，能参加吗", "我有13年工作经验", "我们学校办了13个班", "我满18岁"),
    "不满14周岁的人呢，我问问政策" * 9,
)


# -- who answers for it


def test_the_page_says_trial_until_it_is_said_who_answers(talk: Talk, app: App) -> None:
    li = talk()
    li.says("隐私")
    assert "试运行" in li.text
    app.assistant.responsible = Responsible("威海市某局", "0000-0000", 10, "无")
    li.says("隐私")
    assert "试运行" not in li.text
    for told in ("威海市某局", "0000-0000", "保存10年", "受托处理：无"):
        assert told in li.text


async def test_the_desk_shows_what_is_missing_and_the_page_is_linked(app: App, officer: Person) -> None:
    with transaction(app.engine) as connection:
        head = connection.execute(select(account.c.person_id)).scalar_one()
        link, _ = sessions.issue_link(connection, head, NOON)
        session = sessions.enter(connection, link, NOON)
    visitor = Visitor(app)
    visitor.client.cookies.set("weihai_office", session or "")
    await visitor.opens("/office")
    assert 'class="problem"' in visitor.page
    assert "BOT_SIGNATURE_YEARS" in visitor.page
    await visitor.opens()
    assert 'href="/privacy"' in visitor.page
    await visitor.opens("/privacy")
    assert "试运行" in visitor.page


def test_settings_say_who_answers(tmp_path: object, sqlite_url: str) -> None:
    settings = Settings(
        database_url=sqlite_url,
        data_dir=f"{tmp_path}/data",
        secret_key="k" * 32,
        responsible="威海市某局",
        privacy_contact="某科",
        signature_years=10,
        processors="无",
        _env_file=None,
    )
    made = open_app(settings, CORPUS)
    assert made.assistant.responsible.missing == []
    made.engine.dispose()


# -- children


@pytest.mark.parametrize(
    "text", ["我13岁，能参加吗", "我今年十二岁", "我还不到14岁", "未满14周岁可以报名吗", "我才 9 岁"]
)
def test_who_says_to_be_under_fourteen_asks_with_a_guardian_and_nothing_is_kept(
    talk: Talk, app: App, text: str
) -> None:
    child = talk()
    child.says("我能不能参加培训", "没有退休", text)
    assert child.templates[0] == "privacy/messages.minor"
    with transaction(app.engine, read_only=True) as connection:
        assert not any(connection.execute(select(turn.c.said)).scalars())
        for table in (fact, question, asker):
            assert connection.execute(select(table)).first() is None
        bodies = [b for b in connection.execute(select(outbox.c.body)).scalars() if b]
    assert len(bodies) == 1
    assert text not in str(bodies)


@pytest.mark.parametrize(
    "text",
    [
        "我儿子13岁",
        "我14岁",
        "我34岁，能参加吗",
        "我有13年工作经验",
        "我们学校办了13个班",
        "我满18岁",
        "不满14周岁的人呢，我问问政策" * 9,
    ],
)
def test_others_are_no_children(text: str) -> None:
    assert not is_minor(text)


# -- name and number


@pytest.fixture
def deleted(app: App, talk: Talk) -> Person:
    """王芳 submitted a report with name and number, and had her data deleted."""
    wang = talk("wang")
    wang.says(f"绑定 {contact_code(app)}", "王芳", NUMBER, "填报 2026Q4", "大数据 3 2 120 80 60 90000")
    wang.says("提交")
    wang.presses("确认提交")
    wang.says("删除我的数据")
    wang.presses("确认删除")
    return wang


def test_after_a_deletion_the_name_stands_on_the_official_form_only(
    app: App, deleted: Person, officer: Person
) -> None:
    with transaction(app.engine, read_only=True) as connection:
        (row,) = connection.execute(select(revision.c.id, revision.c.report_id)).all()
        one = reports.submitted_revision(connection, row.id)
        hands = revision_history.who(connection, [row.id])[row.id]
        (sheet,) = call_sheet.last_forms(connection, [one.institution_id if one else 0]).values()
    assert one is not None
    assert one.revision.filled_by == "王芳"  # sealed or not, the form itself is never altered
    assert (one.revision.signer, one.revision.signer_telephone) == (None, None)
    assert (hands.filled_by, hands.submitted_by) == ("", "")
    assert (sheet.filled_by, sheet.telephone) == (None, None)
    officer.says("待审")
    officer.presses("威海数字培训学校")
    assert "王芳" not in officer.text
    (form,) = [f for f in officer.files if f.kind == "form"]
    cells = [
        str(c.value)
        for line in openpyxl.load_workbook(io.BytesIO(app.files.content(form))).worksheets[0].iter_rows()
        for c in line
    ]
    assert any("王芳" in text and NUMBER in text for text in cells)


def test_a_correction_does_not_bring_the_name_back(app: App, deleted: Person) -> None:
    deleted.says("填报 2026Q4")
    deleted.says("更正", "人数写错了", "大数据 人数 121")
    with transaction(app.engine, read_only=True) as connection:
        drafts = connection.execute(select(revision.c.filled_by).where(revision.c.state == "draft")).all()
    assert [row.filled_by for row in drafts] == [None]


@pytest.mark.parametrize("said", ["删除", "不留电话"])
def test_delete_at_the_telephone_means_it(app: App, talk: Talk, said: str) -> None:
    wang = talk("wang")
    wang.says(f"绑定 {contact_code(app)}", "王芳", NUMBER, "填表人", "王芳", said)
    assert "未填" in wang.text
    with transaction(app.engine, read_only=True) as connection:
        assert connection.execute(select(person.c.telephone).where(person.c.name == "王芳")).scalar() is None


def test_skip_at_the_telephone_means_it(app: App, talk: Talk) -> None:
    wang = talk("wang")
    wang.says(f"绑定 {contact_code(app)}", "王芳", "跳过")
    assert "未填" in wang.text
    wang.says("填表人", "王芳", NUMBER, "填表人", "王芳")
    wang.presses("删除")
    assert "未填" in wang.text


def test_people_are_told_before_a_name_is_asked(app: App, talk: Talk) -> None:
    wang = talk("wang")
    wang.says(f"绑定 {contact_code(app)}")
    assert "隐私" in wang.text
    wang.says("王芳")
    assert "隐私" in wang.text
