"""People own their data: shown, handed over, consent withdrawn, deleted; what stays is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.app import App
from bot.core.messages import Outgoing
from storage import data_kinds
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import messages
from storage.schema import core, questions
from storage.schema.contact import received_file
from tests.conftest import contact_code
from tests.support.form_files import JPG, Document, send, taken
from tests.support.talk import NOON, Person

TELEPHONE = "13812345678"
Talk = Callable[..., Person]


def rows(app: App, table: Any) -> list[Any]:
    with transaction(app.engine, read_only=True) as connection:
        return list(connection.execute(select(table)))


def count(app: App, table: Any) -> int:
    with transaction(app.engine, read_only=True) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def everything(app: App) -> str:
    """Every value of every table, as text."""
    with transaction(app.engine, read_only=True) as connection:
        return "\n".join(
            repr(tuple(row))
            for table in core.metadata.sorted_tables
            for row in connection.execute(select(table))
        )


def exported(person: Person, app: App) -> dict[str, Any]:
    return {kind["kind"]: kind for kind in json.loads(taken(person, app, ".json"))}


def busy(app: App, name: str = "wang") -> Person:
    """A contact who left something of every kind that can be erased."""
    person = Person(app.assistant, name)
    person.says(f"绑定 {contact_code(app)}", "王小芳", TELEPHONE)
    person.says("我能参加吗")
    person.says("是")
    person.says("有班通知我", "都可以", "同意")
    person.says("培训补贴多少钱")
    person.presses("👍")
    person.says("转人工", "周末能去补办登记吗")
    send(person, app, "附页.jpg", JPG)
    with transaction(app.engine) as connection:  # 到日子提醒我, as a check keeps it
        here = Address(person.channel, "test", name)
        messages.enqueue_later(connection, here, Outgoing("可以再申请了").body(), NOON + timedelta(days=90))
    return person


@pytest.mark.parametrize("said", ["我的数据", "你们存了我什么", "导出我的数据"])
def test_what_is_kept_is_shown_and_handed_over(app: App, said: str) -> None:
    person = busy(app)
    person.says(said)
    assert "王小芳" in person.text
    assert TELEPHONE not in person.text
    assert "138****5678" in person.text
    kinds = exported(person, app)
    assert kinds["profile"]["items"]["profile"][0]["telephone"] == TELEPHONE
    assert kinds["results"]["basis"] == "同意"
    assert kinds["results"]["items"]["results"]
    assert kinds["subscriptions"]["items"]["subscriptions"]
    assert kinds["reminders"]["items"]["reminders"][0]["body"]["text"] == "可以再申请了"
    assert kinds["files"]["items"]["files"][0]["name"] == "附页.jpg"
    assert "周末能去补办登记吗" in json.dumps(kinds["conversation"], ensure_ascii=False)


def test_the_file_is_only_for_whom_it_is_about(app: App, officer: Person, talk: Talk) -> None:
    person = busy(app)
    person.says("我的数据")
    (ref,) = person.files
    officer.says("我的数据")
    (other,) = officer.files
    assert app.files.may_have(ref.args["person"], ref)
    assert not app.files.may_have(other.args["person"], ref)
    assert not app.files.may_have(ref.args["person"], other)


def test_a_stranger_has_little_and_is_told_so(app: App, talk: Talk) -> None:
    stranger = talk()
    stranger.says("我的数据")
    assert "没有留" in stranger.text
    assert exported(stranger, app)["results"]["items"] == {"results": []}


def test_in_the_middle_of_a_check_the_question_is_put_again(app: App, talk: Talk) -> None:
    person = talk()
    person.says("我能参加吗")
    asked = person.text
    for aside in ("我的数据", "隐私"):
        person.says(aside)
        assert asked.splitlines()[-1] in person.text


@pytest.mark.parametrize("said", ["删除我的数据", "注销", "把我的信息都删掉"])
def test_deleting_is_asked_first(app: App, said: str) -> None:
    person = busy(app)
    person.says(said)
    assert person.labels == ["确认删除", "先不删"]
    assert "王小芳" in everything(app)
    person.presses("先不删")
    person.says("我的数据")
    assert "王小芳" in person.text


def test_asked_for_in_other_words_it_is_the_same(app: App, talk: Talk) -> None:
    person = talk()
    person.says("麻烦把我的个人信息删除")
    if "确认删除" not in person.labels:  # likely, not certain: offered first
        person.presses("删除我的信息")
    assert person.labels == ["确认删除", "先不删"]
    person.says("取消", "把我的个人数据导出一份给我")
    if not person.files:
        person.presses("导出我的数据")
    assert [f.kind for f in person.files] == ["my-data"]


def test_the_button_acts_at_its_own_step_only(app: App) -> None:
    person = busy(app)
    person.says("删除我的数据")
    sure = person.token("确认删除")
    person.presses("先不删")
    person.presses_token(sure)
    assert "王小芳" in everything(app)
    assert count(app, core.fact) == 1


def test_afterwards_it_is_gone_from_every_table(either_app: App) -> None:
    app = either_app
    person = busy(app)
    assert count(app, questions.asker)
    person.says("删除我的数据")
    person.presses("确认删除")
    left = everything(app)
    for told in ("王小芳", "附页.jpg"):
        assert told not in left, told
    for table in (
        core.fact,
        core.later,
        questions.asker,
        questions.subscription,
        received_file,
    ):
        assert count(app, table) == 0, table.name
    assert [(p.name, p.telephone) for p in rows(app, core.person)] == [(None, None)]
    assert all(f.turn_id is None for f in rows(app, questions.feedback))
    assert not any(t.said for t in rows(app, core.turn))
    last = rows(app, core.audit)[-1]
    assert (last.action, last.detail) == ("data.erase", {})


def test_every_channel_is_emptied(app: App, talk: Talk) -> None:
    person = busy(app)
    person.says("换个渠道")
    code = next(word for word in person.text.split() if "-" in word and word.isupper())
    web = Person(app.assistant, "wang-web", "web")
    web.says(code, "我的证书能对应什么职称")
    person.says("删除我的数据")
    person.presses("确认删除")
    states = {c.account_id: c.state for c in rows(app, core.conversation)}
    assert {} in states.values()
    assert not any(t.said for t in rows(app, core.turn))
    web.says("我的数据")
    assert "没有留" in web.text


def test_a_submitted_report_stays_and_still_prints(app: App) -> None:
    person = busy(app)
    person.says("填报 2026Q4", "大数据 3 2 120 80 60 90000", "提交", "提交")

    def form() -> list[dict[str, object]]:
        """The form as it was sent; where it may be shown is another matter."""
        return [{**row._mapping, "withheld": None} for row in rows(app, core.revision)]

    before = form()
    person.says("打印")
    printed = taken(person, app, ".docx")
    (ref,) = person.files
    person.says("删除我的数据")
    person.presses("确认删除")
    assert "已提交的情况表没有改动" in person.text
    assert form() == before
    assert app.files.content(ref) == printed
    assert TELEPHONE in Document(printed).text
    person.says("打印")
    assert Document(taken(person, app, ".docx")).text == Document(printed).text


def test_a_draft_that_was_begun_from_it_loses_name_and_number(app: App) -> None:
    person = busy(app)
    person.says("填报 2026Q4", "大数据 3 2 120 80 60 90000", "提交", "提交")
    person.says("更正", "人数写错了")
    person.says("大数据 人数 100")
    draft = [r for r in rows(app, core.revision) if r.state == "draft"]
    assert draft and draft[0].filled_by == "王小芳"
    person.says("删除我的数据")
    person.presses("确认删除")
    after = {r.state: r for r in rows(app, core.revision)}
    assert (after["draft"].filled_by, after["draft"].telephone) == (None, None)
    assert after["submitted"].filled_by == "王小芳"


def test_roles_stay_and_reporting_goes_on(app: App) -> None:
    person = busy(app)
    person.says("删除我的数据")
    person.presses("确认删除")
    person.says("填报 2026Q4", "大数据 3 2 120 80 60 90000", "提交", "提交")
    assert [r.state for r in rows(app, core.revision)] == ["submitted"]


def test_others_keep_what_is_theirs(app: App, talk: Talk) -> None:
    other = talk("li")
    other.says("我能参加吗", "是", "有班通知我", "都可以", "同意")
    person = busy(app)
    person.says("删除我的数据")
    person.presses("确认删除")
    assert count(app, core.fact) == 1
    assert count(app, questions.subscription) == 1
    other.says("我的数据")
    assert len(exported(other, app)["conversation"]["items"]["conversation"]) > 5


def test_withdrawing_consent_leaves_what_rests_on_duty(app: App) -> None:
    person = busy(app)
    asked = count(app, questions.asker)
    assert asked
    person.says("撤回同意")
    assert count(app, core.fact) == count(app, questions.subscription) == count(app, core.later) == 0
    assert all(f.turn_id is None for f in rows(app, questions.feedback))
    assert "履行法定职责" in person.text
    assert count(app, questions.asker) == asked  # what was asked of the office is to be answered
    assert any(p.name == "王小芳" for p in rows(app, core.person))


def test_withdrawing_with_nothing_to_withdraw_says_so(app: App, talk: Talk) -> None:
    person = talk()
    person.says("撤回同意")
    assert "没有要删的" in person.text


def test_withdrawing_ends_a_check_under_way(app: App, talk: Talk) -> None:
    person = talk()
    person.says("我能参加吗", "是", "撤回同意")
    assert "履行法定职责" in person.text
    person.says("我能参加吗")
    assert count(app, core.fact) == 0


@pytest.mark.parametrize("said", ["隐私", "记录保留多久"])
def test_the_privacy_page_tells_the_table(app: App, talk: Talk, said: str) -> None:
    person = talk()
    person.says(said)
    for kind in data_kinds.KINDS:
        if kind.days:
            assert f"满{kind.days}天" in person.text
    assert len([line for line in person.text.splitlines() if line.startswith("· ")]) == len(data_kinds.KINDS)


def test_every_table_about_people_stands_in_the_retention_table() -> None:
    told = {table for kind in data_kinds.KINDS for table in kind.where}
    assert told <= set(core.metadata.tables)
    about = {"person.id", "account.id", "turn.id"}
    for table in core.metadata.sorted_tables:
        refers = {key.target_fullname for key in table.foreign_keys}
        addressed = "sender" in table.c
        if refers & about or addressed:
            assert table.name in told, table.name


def test_the_office_sees_that_it_was_done_and_not_what(app: App, officer: Person) -> None:
    person = busy(app)
    person.says("撤回同意", "删除我的数据")
    person.presses("确认删除")
    done = [(a.action, a.detail) for a in rows(app, core.audit) if a.action.startswith("data.")]
    assert done == [("data.withdraw", {}), ("data.withdraw", {}), ("data.erase", {})]
