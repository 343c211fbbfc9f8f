"""The course registry: a course through its life, and the draft that comes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from bot import reminding
from bot.start import House
from policy.quarters import SHANGHAI
from storage import courses, reports
from storage.database import transaction
from storage.schema import outbox
from tests.conftest import contact_code
from tests.talk import Person

Talk = Callable[..., Person]


def ended_course(
    person: Person, name: str = "一期大数据", day: str = "2026年11月20日", people: str = "40"
) -> None:
    person.says("课程登记")
    if "登记新班" in person.labels:
        person.presses("登记新班")
    person.says(name, "大数据", "初级", "结业", day, people)
    person.presses("纳入了")


def test_a_course_through_its_life(contact: Person, house: House) -> None:
    contact.says("课程登记", "一期大数据", "大数据", "初级", "开班", "10月8日")
    assert "开班：2026年10月8日" in contact.text
    contact.says("课程登记", "一期大数据")
    assert "开班" not in contact.labels  # reached already
    contact.says("结业", "昨天", "四十人", "是")
    assert "培训 40 人" in contact.text
    assert "30日内" in contact.text
    contact.says("课程登记", "一期大数据", "发证", "今天", "36")
    contact.says("课程登记", "一期大数据", "补贴", "今天", "30", "4万5")
    assert "45,000 元" in contact.text
    with transaction(house.engine, read_only=True) as connection:
        (one,) = courses.of_institution(connection, 1)
    assert (one.reached, one.amount, one.catalogued) == ("paid", 4_500_000, True)


def test_bad_days_and_figures_get_a_sentence(contact: Person) -> None:
    contact.says("课程登记", "一期", "大数据", "初级", "结业", "2027年1月5日")
    assert "还没到" in contact.text
    contact.says("去年12月")
    assert "哪一天" in contact.text
    contact.says("2026-12-01", "-3")
    assert "不能是负数" in contact.text


def test_the_same_name_twice_is_told(contact: Person) -> None:
    ended_course(contact)
    ended_course(contact)
    assert "没有重复登记" in contact.text


def test_the_draft_is_filled_from_the_registry_and_says_so(contact: Person, house: House) -> None:
    ended_course(contact)
    ended_course(contact, "二期大数据", "2026年12月2日", "35")
    ended_course(contact, "往季大数据", "2026年8月2日", "99")
    contact.says("课程登记", "一期大数据", "发证", "12月20日", "38")
    contact.says("填报", "2026Q4")
    contact.presses("从课程登记带出")
    assert "已从课程登记带出：大数据" in contact.text
    assert "请核对" in contact.text
    with transaction(house.engine, read_only=True) as connection:
        found = reports.snapshot(connection, 1, "2026Q4").rows["大数据"]
    assert found == {
        "classes": 2,
        "subsidised_classes": 2,
        "trained": 75,
        "certified": 38,
        "subsidised": 0,
        "amount": 0,
    }


def test_nothing_is_offered_without_courses_nor_to_strangers(
    contact: Person, talk: Talk, house: House
) -> None:
    contact.says("填报", "2026Q4")
    assert "从课程登记带出" not in contact.labels
    ended_course(contact)
    other = talk("sun")
    other.says("课程登记")
    assert "绑定" in other.text
    other.presses_token("pre:1:2026Q4")
    assert "该按钮已失效" in other.text


def test_the_roster_report_is_reminded_once_a_week_before_and_once_at_the_end(house: House) -> None:
    wang = Person(house.assistant, "wang", channel="telegram")
    wang.says(f"绑定 {contact_code(house)}", "跳过", "跳过")
    ended_course(wang, day="2026年11月2日")

    def sent(month: int, day: int) -> int:
        reminding.send_due(house.engine, datetime(2026, month, day, 10, 0, tzinfo=SHANGHAI))
        with transaction(house.engine, read_only=True) as connection:
            bodies = connection.execute(select(outbox.c.body).where(outbox.c.turn_id.is_(None))).scalars()
            return sum("名单" in body["text"] for body in bodies)

    assert sent(11, 24) == 0
    assert sent(11, 25) == 1
    assert sent(11, 26) == 1
    assert sent(12, 2) == 2
    assert sent(12, 3) == 2
    wang.says("课程登记", "一期大数据", "名册报省厅", "今天")
    with transaction(house.engine, read_only=True) as connection:
        assert courses.rosters_due(connection, datetime(2027, 2, 1).date()) == []


def test_a_wrong_stage_is_registered_anew_and_a_wrong_course_withdrawn(contact: Person, house: House) -> None:
    ended_course(contact)
    contact.says("课程登记", "一期大数据", "改登记过的一步", "结业", "2026年11月21日", "42")
    contact.presses("纳入了")
    with transaction(house.engine, read_only=True) as connection:
        (one,) = courses.of_institution(connection, 1)
    assert (one.trained, one.dates["ended"].day) == (42, 21)
    contact.says("课程登记", "一期大数据", "删掉这个班")
    contact.presses("不删")
    contact.says("课程登记", "一期大数据", "删掉这个班")
    contact.presses("确定删掉")
    with transaction(house.engine, read_only=True) as connection:
        assert courses.of_institution(connection, 1) == []


def test_what_is_reported_is_compared_with_what_is_registered(contact: Person) -> None:
    ended_course(contact)
    contact.says("填报 2026Q4", "大数据 1 1 45 0 0 0")
    assert "已培训人数：表里 45，登记 40" in contact.text
    contact.says("大数据 已培训人数 40")
    assert "登记 40" not in contact.text
    contact.says("提交", "提交")
    assert "系统已收到" in contact.text


def test_all_stages_reached_still_lets_one_be_put_right(contact: Person) -> None:
    contact.says("课程登记", "一期", "大数据", "初级", "报审", "今天")
    for stage, *more in (
        ["同意"],
        ["开班"],
        ["结业", "40", "纳入了"],
        ["名册报省厅"],
        ["考核"],
        ["发证", "36"],
        ["补贴", "30", "4万5"],
    ):
        contact.says("课程登记", "一期", stage, "今天", *more)
    contact.says("课程登记", "一期")
    assert contact.labels == ["改登记过的一步", "删掉这个班"]
