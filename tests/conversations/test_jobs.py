"""What somebody wants done, asked for in their own words from anywhere in a conversation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from bot.app import App
from bot.core.render import words
from bot.features.questions import jobs
from bot.registry import build_registry
from bot.router import ON_DIALOG
from storage.connections.database import transaction
from storage.schema.core import metadata
from tests.conftest import contact_code
from tests.support.corpus import CORPUS
from tests.support.talk import Person

Talk = Callable[..., Person]
TITLES = {check.id: check.title for check in CORPUS.checks.values()}


def queued(app: App) -> int:
    table = metadata.tables["question"]
    with transaction(app.engine, read_only=True) as connection:
        return len(connection.execute(select(table)).all())


def test_every_job_that_is_read_can_be_done() -> None:
    assert set(CORPUS.jobs.lexicon.jobs) == set(jobs.JOBS)
    commands = {*build_registry(CORPUS).commands, *ON_DIALOG}
    assert {job.name for job in jobs.JOBS.values() if job.way == "command"} <= commands


def test_a_check_starts_from_plain_words(talk: Talk) -> None:
    li = talk()
    li.says("给俺测测看能报名不")
    assert "没有退休" in li.labels
    li.says("帮我查下补贴这块我符不符合")
    assert li.labels and "没有退休" not in li.labels


def test_in_the_middle_of_a_check_another_is_started_and_the_first_is_kept(talk: Talk) -> None:
    li = talk()
    li.says("给俺测测看能报名不")
    li.presses("没有退休")
    li.says("职称这一项给我测测", "给俺测测看能报名不")
    assert "没有退休" not in li.labels  # what was answered is still known


def test_figures_of_somebody_unbound_get_binding_first(talk: Talk) -> None:
    li = talk()
    li.says("大数据 3 2 120 80 60 90000")
    assert "先绑定" in li.text
    li.says("我是培训机构的，要报季度数")
    assert "先绑定" in li.text


@pytest.mark.parametrize(
    "text", ["上季度我们报了多少，给我看看", "把填好的表打出来盖章", "我们报的表收到没有"]
)
def test_what_only_an_institution_can_have_says_bind_first(talk: Talk, text: str) -> None:
    li = talk()
    li.says(text)
    assert "先绑定" in li.text


def test_a_contact_reports_a_named_quarter_from_plain_words(contact: Person) -> None:
    contact.says("我要报三季度的数")
    assert "第3季度" in contact.text or "2026Q3" in contact.text


def test_leaving_a_report_half_way_and_coming_back_in_plain_words(contact: Person) -> None:
    contact.says("填报", "2026年第4季度", "大数据", "3")
    contact.says("我得去接孩子了，先不弄了")
    assert "都留着" in contact.text
    contact.says("我回来了，接着填上次没填完的")
    assert "补贴班次" in contact.text


def test_a_person_is_asked_for_and_nothing_is_sent_yet(talk: Talk, app: App) -> None:
    li = talk()
    li.says("补贴多少钱")
    before = queued(app)
    li.says("给俺测测看能报名不")
    li.presses("没有退休")
    li.says("找个活人来")
    assert queued(app) == before
    assert "还没有转" in li.text
    assert "是，在威海工作" in li.labels  # the pending question of the check still stands
    li.presses("另写一个问题")
    assert queued(app) == before
    li.says("我这个证书到底归哪个科管")
    assert queued(app) == before + 1


def test_another_person_is_checked_for_what_was_named(talk: Talk) -> None:
    li = talk()
    li.says("帮我爱人测一下能不能报名")
    assert "没有退休" in li.labels
    assert "家人" in li.text or "您家人" in li.text or "他" in li.text
    li.says("想替别人查一下")
    assert {"本人", "家人", "员工"} <= set(li.labels)


def test_one_answer_is_corrected_in_words(talk: Talk) -> None:
    li = talk()
    li.says("给俺测测看能报名不")
    li.presses("没有退休")
    li.says("不对，应该是退休了")
    assert "已改" in li.text


def test_moving_about_without_anything_open_says_so(talk: Talk) -> None:
    li = talk()
    li.says("刚才选错了，退一步")
    assert "没有进行到一半" in li.text


def test_waiting_moves_nothing(talk: Talk) -> None:
    li = talk()
    li.says("给俺测测看能报名不")
    li.says("等我两分钟找一下证")
    assert "不急" in li.text
    li.says("没有退休")
    assert "是，在威海工作" in li.labels


def test_a_text_that_is_asked_for_is_never_lost_to_a_job(talk: Talk) -> None:
    li = talk()
    li.says("我要举报一个培训班乱收费")
    li.says("把我的信息都删掉")
    assert li.templates == ["privacy/ask_delete.j2"]  # asked before anything is done
    assert "已清除" not in li.text


def test_before_any_answer_the_clause_is_chosen(talk: Talk) -> None:
    li = talk()
    li.says("少废话上原文")
    assert any(label.startswith("五（三）") for label in li.labels)


def test_a_clause_that_is_named_is_shown(talk: Talk) -> None:
    li = talk()
    li.says("看五（三）原文")
    assert "补贴标准及人员对象按照省市有关资金管理规定执行" in li.text
    assert jobs.as_json(CORPUS, "五（三）原文") is None


def test_a_strangers_menu_shows_where_institutions_report(talk: Talk, app: App) -> None:
    li = talk()
    li.says("菜单")
    assert "机构填报" in li.labels
    wang = talk("wang")
    wang.says(contact_code(app), "菜单")
    assert "机构填报" not in wang.labels


def test_ask_prints_a_job() -> None:
    said = jobs.as_json(CORPUS, "大数据 3 2 120 80 60 90000")
    assert said is not None
    assert (said["kind"], said["job"]) == ("job", "report")
    assert "绑定" in said["text"]
    for job in jobs.JOBS:  # every job has its sentence
        assert words("jobs/messages.how", {"job": job, "figures": False})


def test_who_one_is_goes_on_from_the_answer_before(talk: Talk) -> None:
    li = talk()
    li.says("证书能评什么职称", "我是护士")
    assert li.templates == ["policy/answer.j2"]
    assert "医疗卫生人员" in li.text
