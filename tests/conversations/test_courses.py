"""The course registry: a course through its life, and the draft that comes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from bot.app import App
from bot.features.reminders import send as reminder_sender
from policy.calendar.quarters import SHANGHAI
from storage import courses
from storage.connections.database import transaction
from storage.reports import reports
from storage.schema.core import outbox
from tests.conftest import contact_code
from tests.support.corpus import CORPUS
from tests.support.talk import Person

Talk = Callable[..., Person]


def ended_course(
    person: Person, name: str = "一期大数据", day: str = "2026年11月20日", people: str = "40"
) -> None:
    person.says("课程登记")
    if "登记新班" in person.labels:
        person.presses("登记新班")
    person.says(name, "大数据", "初级", "结业", day, people)
    person.presses("纳入了")


def test_a_course_through_its_life(contact: Person, app: App) -> None:
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
    with transaction(app.engine, read_only=True) as connection:
        (one,) = courses.of_institution(connection, 1)
    assert (one.reached, one.amount, one.catalogued) == ("paid", 4_500_000, True)


def test_bad_days_and_figures_get_a_sentence(contact: Person) -> None:
    contact.says("课程登记", "一期", "大数据", "初级", "结业", "2027年1月5日")
    assert "还没到" in contact.text
    contact.says("去年12月")
    assert "哪一天" in contact.text
    contact.says("2026-12-01", "-3")
    assert "不能是负数" in contact.text


def test_the_same_name_twice_is_told_at_once_and_leads_to_that_course(contact: Person, app: App) -> None:
    ended_course(contact)
    contact.says("课程登记")
    contact.presses("登记新班")
    contact.says("一期 大数据")
    assert "没有重复登记" in contact.text
    contact.says("发证", "12月20日", "38")
    with transaction(app.engine, read_only=True) as connection:
        (one,) = courses.of_institution(connection, 1)
    assert (one.reached, one.certificates) == ("certified", 38)
    contact.says("课程登记")
    contact.presses("登记新班")
    contact.says("一期大数据")
    contact.presses("换一个班")  # it was to be another one
    assert "登记新班" in contact.labels


def test_a_withdrawn_name_is_free_again(contact: Person, app: App) -> None:
    ended_course(contact)
    contact.says("课程登记", "一期大数据", "删掉这个班")
    contact.presses("确定删掉")
    contact.says("课程登记", "一期大数据", "区块链", "中级", "开班", "昨天")
    with transaction(app.engine, read_only=True) as connection:
        (one,) = courses.of_institution(connection, 1)
    assert (one.occupation, one.level, one.reached, one.trained) == ("区块链", "middle", "opened", None)


def test_not_sure_about_the_catalogue_leaves_the_cell_to_be_asked(contact: Person, app: App) -> None:
    contact.says("课程登记", "一期", "大数据", "初级", "结业", "11月20日", "40")
    contact.presses("不确定")
    contact.says("填报", "2026Q4")
    contact.presses("从课程登记带出")
    with transaction(app.engine, read_only=True) as connection:
        row = reports.snapshot(connection, 1, "2026Q4").rows["大数据"]
    assert (row["classes"], row["subsidised_classes"], row["trained"]) == (1, None, 40)
    assert "纳入补贴班次" in contact.text
    contact.says("1")
    assert "和课程登记不一样" not in contact.text  # nothing was registered to differ from


def test_stages_come_in_their_order(contact: Person, app: App) -> None:
    contact.says("课程登记", "一期", "大数据", "初级", "开班", "11月8日")
    contact.says("课程登记", "一期", "结业", "11月1日")
    assert "没有记" in contact.text and "2026年11月8日" in contact.text
    contact.says("11月20日", "40", "纳入了")
    contact.says("课程登记", "一期", "改登记过的一步", "开班", "11月25日")
    assert "没有记" in contact.text and "2026年11月20日" in contact.text
    contact.says("11月9日")
    contact.says("课程登记", "一期", "考核", "12月10日")
    contact.says("课程登记", "一期", "名册报省厅", "12月12日")  # need not be before the assessment
    with transaction(app.engine, read_only=True) as connection:
        (one,) = courses.of_institution(connection, 1)
    assert [one.dates[s].day for s in ("opened", "ended", "assessed", "rostered")] == [9, 20, 10, 12]


def test_no_more_certificates_than_people_nor_subsidies_than_certificates(contact: Person, app: App) -> None:
    contact.says("课程登记", "一期", "大数据", "初级", "结业", "11月20日", "120", "纳入了")
    contact.says("课程登记", "一期", "发证", "12月10日", "130")
    assert "没有记" in contact.text and "120" in contact.text
    contact.says("110")
    contact.says("课程登记", "一期", "补贴", "12月20日", "111")
    assert "没有记" in contact.text and "110" in contact.text
    contact.says("80", "4万")
    contact.says("课程登记", "一期", "改登记过的一步", "结业", "11月20日", "100")
    assert "没有记" in contact.text
    contact.says("115", "纳入了")
    with transaction(app.engine, read_only=True) as connection:
        (one,) = courses.of_institution(connection, 1)
    assert one.figures == {"trained": 115, "certificates": 110, "subsidised": 80}


def test_an_occupation_is_known_by_any_of_its_names(contact: Person, app: App) -> None:
    for name, typed in (("一期", "区块链工程技术人员"), ("二期", "AI"), ("三期", "工业互联")):
        contact.says("课程登记")
        if "登记新班" in contact.labels:
            contact.presses("登记新班")
        contact.says(name, typed, "初级", "开班", "昨天")
    contact.says("课程登记")
    contact.presses("登记新班")
    contact.says("四期", "大树据")
    assert "是不是“大数据”" in contact.text
    with transaction(app.engine, read_only=True) as connection:
        found = [c.occupation for c in courses.of_institution(connection, 1)]
    assert found == ["工业互联网", "人工智能", "区块链"]


def test_gone_on_with_later_it_says_for_which_course(contact: Person) -> None:
    contact.says("课程登记", "一期大数据", "菜单", "课程登记")
    assert "一期大数据" in contact.text
    contact.says("大数据", "初级", "开班", "菜单", "课程登记")
    assert "一期大数据" in contact.text


def test_a_course_chosen_shows_where_it_stands(contact: Person) -> None:
    ended_course(contact)
    contact.says("课程登记")
    assert "一期大数据：已到结业" in contact.text
    contact.says("一期")
    assert "2026年11月20日" in contact.text and "培训 40 人" in contact.text


def test_every_one_of_many_courses_can_be_had(contact: Person, app: App) -> None:
    with transaction(app.engine) as connection:
        for number in range(1, 31):
            courses.create(connection, 1, f"第{number}班", "大数据", "junior", 1, contact.now)
    contact.says("课程登记")
    assert "第30班" in contact.labels and "第1班" not in contact.labels
    contact.presses("再列 12 个")
    assert "第18班" in contact.labels
    contact.presses("再列 6 个")
    assert contact.labels[-2:] == ["第1班", "登记新班"]
    assert "第3班" in contact.labels
    contact.says("第2")  # 第2班 and 第20班 … 第29班
    assert {"第2班", "第29班"} <= set(contact.labels) and "第3班" not in contact.labels
    contact.says("第2班", "开班", "昨天")
    assert "第2班" in contact.text
    contact.says("课程登记", "没有的班")
    assert "没有登记过" in contact.text


def test_the_draft_is_filled_from_the_registry_and_says_so(contact: Person, app: App) -> None:
    ended_course(contact)
    ended_course(contact, "二期大数据", "2026年12月2日", "35")
    ended_course(contact, "往季大数据", "2026年8月2日", "99")
    contact.says("课程登记", "一期大数据", "发证", "12月20日", "38")
    contact.says("填报", "2026Q4")
    contact.presses("从课程登记带出")
    assert "已从课程登记带出：大数据" in contact.text
    assert "没有当作 0" in contact.text
    with transaction(app.engine, read_only=True) as connection:
        found = reports.snapshot(connection, 1, "2026Q4").rows["大数据"]
    assert found == {
        "classes": 2,
        "subsidised_classes": 2,
        "trained": 75,
        "certified": None,  # of two courses it was not recorded: that is not 0
        "subsidised": None,
        "amount": None,
    }


def test_what_was_not_recorded_is_asked_and_not_taken_for_none(contact: Person, app: App) -> None:
    ended_course(contact)
    contact.says("填报", "2026Q4")
    contact.presses("从课程登记带出")
    with transaction(app.engine, read_only=True) as connection:
        row = reports.snapshot(connection, 1, "2026Q4").rows["大数据"]
    assert list(row.values()) == [1, 1, 40, None, None, None]
    assert "【大数据 4/6】" in contact.text


def test_what_was_recorded_in_another_quarter_is_none_of_this_one(contact: Person, app: App) -> None:
    ended_course(contact)
    contact.says("课程登记", "一期大数据", "发证", "12月20日", "38")
    contact.says("课程登记", "一期大数据", "补贴", "12月22日", "30", "4.5万")
    ended_course(contact, "往季大数据", "2026年8月2日", "99")
    contact.says("课程登记", "往季大数据", "发证", "9月20日", "90")
    contact.says("课程登记", "往季大数据", "补贴", "9月22日", "80", "9万")
    contact.says("填报", "2026Q4")
    contact.presses("从课程登记带出")
    with transaction(app.engine, read_only=True) as connection:
        row = reports.snapshot(connection, 1, "2026Q4").rows["大数据"]
    assert list(row.values()) == [1, 1, 40, 38, 30, 4_500_000]


def test_nothing_is_offered_without_courses_nor_to_strangers(contact: Person, talk: Talk, app: App) -> None:
    contact.says("填报", "2026Q4")
    assert "从课程登记带出" not in contact.labels
    ended_course(contact)
    other = talk("sun")
    other.says("课程登记")
    assert "绑定" in other.text
    other.presses_token("pre:1:2026Q4")
    assert other.templates == ["office/messages.denied"]


def test_the_roster_report_is_reminded_once_a_week_before_and_once_at_the_end(app: App) -> None:
    wang = Person(app.assistant, "wang", channel="telegram")
    wang.says(f"绑定 {contact_code(app)}", "跳过", "跳过")
    ended_course(wang, day="2026年11月2日")

    def sent(month: int, day: int) -> int:
        reminder_sender.send_due(
            app.engine, CORPUS.holidays, datetime(2026, month, day, 10, 0, tzinfo=SHANGHAI)
        )
        with transaction(app.engine, read_only=True) as connection:
            bodies = connection.execute(select(outbox.c.body).where(outbox.c.turn_id.is_(None))).scalars()
            return sum("名单" in body["text"] for body in bodies)

    assert sent(11, 24) == 0
    assert sent(11, 25) == 1
    assert sent(11, 26) == 1
    assert sent(12, 2) == 2
    assert sent(12, 3) == 2
    wang.says("课程登记", "一期大数据", "名册报省厅", "今天")
    with transaction(app.engine, read_only=True) as connection:
        assert courses.rosters_due(connection, datetime(2027, 2, 1).date()) == []


def test_a_wrong_stage_is_registered_anew_and_a_wrong_course_withdrawn(contact: Person, app: App) -> None:
    ended_course(contact)
    contact.says("课程登记", "一期大数据", "改登记过的一步", "结业", "2026年11月21日", "42")
    contact.presses("纳入了")
    with transaction(app.engine, read_only=True) as connection:
        (one,) = courses.of_institution(connection, 1)
    assert (one.trained, one.dates["ended"].day) == (42, 21)
    contact.says("课程登记", "一期大数据", "删掉这个班")
    contact.presses("不删")
    contact.says("课程登记", "一期大数据", "删掉这个班")
    contact.presses("确定删掉")
    with transaction(app.engine, read_only=True) as connection:
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
    assert contact.labels == ["改登记过的一步", "删掉这个班", "换一个班"]


def test_what_can_be_changed_is_named_in_words(contact: Person) -> None:
    contact.says("课程登记", "一期大数据", "大数据", "初级", "修改")
    assert "班名：一期大数据" in contact.text + "".join(contact.labels)
    assert not any(word in contact.text + "".join(contact.labels) for word in ("name", "occupation", "level"))
