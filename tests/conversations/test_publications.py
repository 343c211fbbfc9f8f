"""What the office publishes beside the notice, who is told of it, and answers as of a day."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from bot.app import App
from bot.channels.jsonl import take_pushes
from bot.core.messages import Incoming, IncomingFile, Outgoing
from bot.documents.store import store_incoming
from bot.features.publications import announcements
from bot.features.questions import answer as policy_answer
from policy.answers.entries import Answers, Entry
from policy.answers.publications import COLUMNS, NotADay, Publication, one_year_reading, read_day
from policy.calendar.quarters import SHANGHAI
from policy.consistency import amendment_problems
from policy.corpus import build_corpus
from policy.notice.clauses import Notices, parse_notice
from storage.address import Address
from storage.connections.database import transaction
from storage.schema.core import audit
from storage.schema.questions import publication, subscription
from tests.conftest import make_app, office_code
from tests.support.corpus import CORPUS
from tests.support.processes import code, here
from tests.support.talk import NOON, Person

Talk = Callable[..., Person]
NOT_WRITTEN = "通知没有印电话"
TELEPHONE = "0631-5200000"
HEAD = ",".join(COLUMNS.values())


def publish(officer: Person, *answered: str) -> None:
    officer.says("发布信息", *answered)
    officer.presses("发布")


def telephone(officer: Person, begins: str = "今天", ends: str = "2027-01-31") -> None:
    publish(officer, "办公电话", f"电话 {TELEPHONE}", "本科室工作安排", begins, ends)


def open_class(officer: Person, occupation: str = "大数据", begins: str = "今天") -> None:
    publish(
        officer,
        "开班信息",
        occupation,
        "中级",
        "威海数字培训学校",
        "2027-01-10",
        "2027-02-10",
        "现场报名，30人",
        "开班备案表",
        begins,
        "2027-01-09",
    )


def pushes(app: App, person: Person) -> list[Outgoing]:
    incoming = Incoming(Address(person.channel, "test", person.name), "look", person.now)
    return take_pushes(app.assistant, incoming)


def rows(app: App, *columns: object) -> list[tuple[object, ...]]:
    with transaction(app.engine, read_only=True) as connection:
        return [tuple(row) for row in connection.execute(select(*columns)).all()]  # type: ignore[call-overload]


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=12, tzinfo=SHANGHAI)


# ---------------------------------------------------------------------- in chat


def test_the_telephone_question_before_within_and_after(talk: Talk, officer: Person) -> None:
    telephone(officer, begins="2027-01-04", ends="2027-01-31")
    li = talk()
    for day, shown in (
        ("2027-01-03", False),
        ("2027-01-04", True),
        ("2027-01-31", True),
        ("2027-02-01", False),
    ):
        li.now = at(day)
        li.says("电话多少")
        assert (TELEPHONE in li.text) == shown, day
        assert NOT_WRITTEN in li.text  # the notice says what it says, either way
    li.now = at("2027-01-05")
    li.says("电话多少")
    assert li.text.startswith(f"电话 {TELEPHONE}")  # the conclusion first
    assert "专业技术人员管理科 2026年12月30日发布，有效至2027年1月31日；来源：本科室工作安排" in li.text


def test_a_withdrawn_publication_is_gone_at_once(talk: Talk, officer: Person, app: App) -> None:
    telephone(officer, ends="长期")
    li = talk()
    li.says("电话多少")
    assert TELEPHONE in li.text
    assert "撤回前有效" in li.text
    officer.says("已发布")
    officer.presses("办公电话")
    officer.presses("撤回")
    li.says("电话多少")
    assert TELEPHONE not in li.text
    officer.presses_token("pb:w:1")
    assert "已经撤回" in officer.text
    actions = [a for (a,) in rows(app, audit.c.action)]
    assert actions.count("publication.create") == actions.count("publication.withdraw") == 1


@pytest.mark.parametrize(
    ("question", "kind", "text"),
    [
        ("补贴多少钱", "补贴标准", "中级每人两千元"),
        ("哪些机构可以培训", "机构名单", "威海数字培训学校等三家"),
        ("机构目录和项目目录是什么", "机构和项目目录", "见局网站公告"),
        ("“以考代评”的系列怎么办", "以考代评的系列", "会计、卫生"),
        ("补贴能领几次", "“一年内”怎么算", "按自然年计算"),
        ("联系哪个科室、电话多少", "办公时间", "工作日九点到五点"),
    ],
)
def test_every_kind_completes_its_answer(
    talk: Talk, officer: Person, question: str, kind: str, text: str
) -> None:
    li = talk()
    li.says(question)
    assert text not in li.text
    publish(officer, kind, text, "某文件", "今天", "长期")
    li.says(question)
    assert li.text.startswith(text)


def test_open_classes_answer_can_i_still_enrol(either_app: App) -> None:
    officer, li = Person(either_app.assistant, "zhang"), Person(either_app.assistant, "li")
    officer.says(f"绑定 {office_code(either_app)}")
    open_class(officer)
    open_class(officer, "区块链")
    li.says("现在还能报上名吗")
    assert "大数据 中级，威海数字培训学校，2027年1月10日开班，2027年2月10日结束。现场报名，30人" in li.text
    assert "区块链 中级" in li.text
    assert "有班通知我" in li.labels
    li.now = at("2027-01-10")
    li.says("现在还能报上名吗")
    assert "威海数字培训学校" not in li.text
    assert "通知都没有写" in li.text


def test_a_mistake_is_told_and_one_answer_is_changed_before_publishing(officer: Person, app: App) -> None:
    officer.says("发布信息", "办公电话", TELEPHONE, "本科室", "明年春天")
    assert "没认出日期" in officer.text
    officer.says("2027-01-04", "2027-01-03")
    assert "不能早于 2027-01-04" in officer.text
    officer.says("2027-01-31")
    officer.presses("改一改")
    officer.presses("生效日期")
    officer.says("2027-02-01")  # now the end comes before the beginning: asked again
    assert "有效到哪天" in officer.text
    officer.says("2027-02-28")
    assert rows(app, publication.c.id) == []
    officer.presses("发布")
    assert rows(app, publication.c.valid_from, publication.c.valid_until) == [
        (date(2027, 2, 1), date(2027, 2, 28))
    ]


def test_the_same_thing_is_not_published_twice(officer: Person, app: App) -> None:
    telephone(officer)
    telephone(officer)
    assert "没有重复发" in officer.text
    assert len(rows(app, publication.c.id)) == 1


def test_only_the_office_publishes(contact: Person, app: App, tmp_path: Path) -> None:
    contact.says("发布信息")
    assert "没有这个权限" in contact.text
    contact.sends(store_incoming("a.csv", f"{HEAD}\n办公电话,1,,,,,,x,,长期".encode(), tmp_path))
    assert "没有保存" in contact.text
    assert rows(app, publication.c.id) == []


def test_the_published_reading_of_one_year_decides_the_subsidy_check(
    talk: Talk, officer: Person, app: App
) -> None:
    li = talk()
    li.says("我能不能领培训补贴", "已取得专业技术等级证书", "纳入了", "2025-12-31")
    assert "待核实" in li.text  # by one reading a year has passed, by the other not
    publish(officer, "“一年内”怎么算", "按自然年计算", "省资金管理规定", "今天", "长期")
    li.says("我能不能领培训补贴")
    assert "您符合通知列出的条件" in li.text
    assert "按自然年计算\n（专业技术人员管理科 2026年12月30日发布" in li.text
    li.says("我的路线")
    while not li.files:
        li.says("不确定")
    assert "按自然年计算" in li.text
    assert "您符合通知列出的条件" in app.files.content(li.files[0]).decode()
    officer.says("已发布")
    officer.presses("“一年内”")
    officer.presses("撤回")
    li.says("我能不能领培训补贴")
    assert "待核实" in li.text


# ---------------------------------------------------------------------- by file


def _xlsx(lines: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


LINES: list[list[object]] = [
    ["办公电话", TELEPHONE, "", "", "", "", "", "科室说明", date(2026, 12, 1), "长期"],
    ["电话号码簿", "x", "", "", "", "", "", "科室说明", "", "长期"],
    [
        "开班信息",
        "",
        "大数据",
        "中级",
        "威海数字培训学校",
        date(2027, 1, 10),
        date(2027, 2, 10),
        "备案表",
        "2026-12-30",
        "2027-01-09",
    ],
    ["开班信息", "", "种地", "特级", "", "2027-02-10", "2027-01-10", "", "下雨天", "2020-01-01"],
    ["办公时间", "工作日", "", "", "", "", "", "科室说明", "", ""],
]


def _csv(encoding: str) -> bytes:
    cells = [[str(c) for c in line] for line in LINES]
    return "\n".join([HEAD, *(",".join(line) for line in cells)]).encode(encoding)


def _yaml() -> bytes:
    keys = list(COLUMNS.values())
    return json.dumps(
        [dict(zip(keys, map(str, line), strict=True)) for line in LINES], ensure_ascii=False
    ).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("信息.xlsx", _xlsx([list(COLUMNS.values()), *LINES])),
        ("信息.csv", _csv("utf-8-sig")),
        ("旧版.csv", _csv("gb18030")),
        ("信息.yaml", _yaml()),
    ],
)
def test_a_file_has_its_wrong_rows_listed_and_its_right_ones_published(
    talk: Talk, officer: Person, app: App, tmp_path: Path, name: str, content: bytes
) -> None:
    officer.sends(store_incoming(name, content, tmp_path))
    said = officer.text
    assert "第3行“类型”“电话号码簿”" in said
    for column in ("职业", "等级", "机构", "结束日期", "来源", "生效日期", "有效至"):
        assert f"第5行“{column}”" in said
    assert "第6行“有效至”没有填" in said
    assert "第2行" not in said
    assert "第4行" not in said
    assert rows(app, publication.c.id) == []  # seen first, published by a button
    officer.presses("发布这 2 条")
    assert sorted(rows(app, publication.c.kind, publication.c.starts_on)) == [
        ("office-telephone", None),
        ("open-class", date(2027, 1, 10)),
    ]
    li = talk()
    li.says("电话多少")
    assert TELEPHONE in li.text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", b"PK\x03\x04 no zip"),
        ("a.xlsx", _xlsx([["a", "b"]])),
        ("a.csv", b""),
        ("a.csv", b"\xff\xfe\xff\xff\xff"),
        ("a.csv", HEAD.encode()),
        ("a.csv", (HEAD + "\n" + "办公电话,1,,,,,,x,,长期\n" * 300).encode()),
        ("a.yaml", b"[a, {"),
        ("a.yaml", b"- 1\n- 2"),
        ("a.yaml", b"just words"),
        ("a.yaml", b"- {kind: &a [x, x], text: *a}"),
        ("a.yaml", b'- {kind: "\\ud800"'),
        ("a.csv", b"x" * 1_100_000),
    ],
)
def test_a_file_that_is_no_table_gets_a_sentence(
    officer: Person, app: App, tmp_path: Path, name: str, content: bytes
) -> None:
    officer.sends(store_incoming(name, content, tmp_path))
    assert "没有收" in officer.text
    assert "事件编号" not in officer.text
    assert rows(app, publication.c.id) == []


def test_another_file_of_staff_is_not_wanted(officer: Person) -> None:
    officer.sends(IncomingFile("照片.jpg", "x", 10))
    assert "没有保存" in officer.text


def test_days_as_people_write_them() -> None:
    today = date(2026, 12, 30)
    for text in (
        "2027-01-05",
        "2027/1/5",
        "2027.1.5",
        "2027年1月5日",
        "1月5日",
        "20270105",
        "２０２７－０１－０５",
        date(2027, 1, 5),
        datetime(2027, 1, 5),
        "2027-01-05 00:00:00",
    ):
        assert read_day(text, today) == date(2027, 1, 5), text
    for text in ("", "下周", "2027-13-01", "2月30日", "1", "99999999"):
        with pytest.raises(NotADay):
            read_day(text, today)


def test_the_published_reading_of_one_year() -> None:
    def said(text: str) -> str | None:
        return one_year_reading([Publication("one-year-reading", text, "x", NOON.date())])

    assert said("按自然年计算") == "calendar"
    assert said("自领取之日起满12个月") == "months"
    assert said("不是自然年，是十二个月") is None  # both are named: a person has to read it
    assert said("看情况") is None


# ---------------------------------------------------------------------- 有班通知我


def subscribe(person: Person, occupation: str) -> None:
    person.says("有班通知我", occupation)
    assert "同意" in person.labels
    person.presses("同意")


def test_one_message_a_class_and_one_tap_to_stop(either_app: App) -> None:
    app = either_app
    li, wu, xu, officer = (Person(app.assistant, n) for n in ("li", "wu", "xu", "zhang"))
    officer.says(f"绑定 {office_code(app)}")
    subscribe(li, "大数据")
    subscribe(li, "都可以")  # meets two of his wishes: still one message
    subscribe(wu, "区块链")
    xu.says("有班通知我", "大数据")
    xu.presses("不用了")
    open_class(officer)
    assert "已通知 1 位" in officer.text
    (push,) = pushes(app, li)
    assert "有新班：大数据 中级，威海数字培训学校" in push.text
    assert "2026年12月30日发布" in push.text
    assert pushes(app, wu) == []
    assert pushes(app, xu) == []
    assert announcements.send_due(app.engine, officer.now) == 0  # told once
    for choice in push.choices:
        li.presses_token(choice.token)
    assert "已退订" in li.text
    li.presses("我的订阅")
    li.presses("退订")
    assert rows(app, subscription.c.occupation) == [("区块链",)]
    open_class(officer, "虚拟现实")
    assert pushes(app, li) == []


def test_a_class_that_begins_to_hold_later_is_told_on_that_day(talk: Talk, officer: Person, app: App) -> None:
    li = talk()
    subscribe(li, "大数据")
    open_class(officer, begins="2027-01-05")
    assert pushes(app, li) == []
    assert announcements.send_due(app.engine, at("2027-01-04")) == 0
    assert announcements.send_due(app.engine, at("2027-01-05")) == 1
    assert len(pushes(app, li)) == 1


def test_who_subscribes_late_sees_what_is_open(talk: Talk, officer: Person, app: App) -> None:
    open_class(officer)
    li = talk()
    li.says("去哪报名")
    li.presses("有班通知我")
    li.presses("大数据")
    li.presses("同意")
    assert "威海数字培训学校" in li.text
    assert pushes(app, li) == []


def test_the_enrolment_verdict_offers_it(talk: Talk) -> None:
    li = talk()
    li.says("我能不能参加培训", "没有退休", "是", "正在从事数字技术工作")
    assert "有班通知我" in li.labels
    wu = talk("wu")
    wu.says("我能不能参加培训", "退休了", "不是")
    assert "有班通知我" not in wu.labels


def test_consent_is_asked_in_words_and_taking_it_back_deletes_it(talk: Talk, app: App) -> None:
    li = talk()
    li.says("有班通知我", "大数据")
    assert "退订就删除" in li.text
    assert "下次打开" in li.text  # the terminal cannot push
    assert rows(app, subscription.c.id) == []
    li.presses("同意")
    li.says("退订")
    li.presses("退订")
    assert rows(app, subscription.c.id) == []
    assert all("大数据" not in str(row) for row in rows(app, audit.c.detail))


def test_nobody_ends_anothers_subscription(talk: Talk, app: App) -> None:
    subscribe(talk("li"), "大数据")
    talk("wu").presses_token("un:1")
    assert rows(app, subscription.c.occupation) == [("大数据",)]


# ---------------------------------------------------------------------- on the command line


@pytest.mark.usefixtures("sqlite_url")
def test_ask_shows_what_is_published_as_of_the_day(tmp_path: Path) -> None:
    head = code(tmp_path, "--office", "--role", "head")
    today = datetime.now(SHANGHAI).date()
    until = (today + timedelta(days=10)).isoformat()
    said = [f"绑定 {head}", "发布信息", "办公电话", TELEPHONE, "本科室", "今天", until, "发布"]
    lines = [
        json.dumps({"user": "zhang", "id": str(i), "text": t}, ensure_ascii=False) for i, t in enumerate(said)
    ]
    assert "已发布 1 条" in here(tmp_path, "chat", "--json", stdin="\n".join(lines)).stdout
    found = json.loads(here(tmp_path, "ask", "--json", "电话多少").stdout)
    assert TELEPHONE in found["text"]
    assert found["clauses"] == ["通知"]
    after = (today + timedelta(days=11)).isoformat()
    assert TELEPHONE not in here(tmp_path, "ask", "--on", after, "电话多少").stdout


def test_ask_needs_no_database_and_makes_none(tmp_path: Path) -> None:
    done = here(tmp_path, "ask", "电话多少")
    assert NOT_WRITTEN in done.stdout
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "bot.sqlite3").write_text("这不是数据库" * 1000, encoding="utf-8")
    assert NOT_WRITTEN in here(tmp_path, "ask", "电话多少").stdout
    unreachable = here(tmp_path, "ask", "电话多少", BOT_DATABASE_URL="postgresql://u@127.0.0.1:1/x")
    assert NOT_WRITTEN in unreachable.stdout


# ---------------------------------------------------------------------- as of a day

NUMBER = "威人社函〔2027〕99号"
AMENDED = "我市行政区域内各类从业人员，退休后三年以内的也可参加培训。"


MADE_UP = {
    "id": "made-up",
    "name": "修订",
    "number": NUMBER,
    "issuer": "x",
    "contact": "x",
    "dated": date(2027, 2, 20),
    "valid_from": date(2027, 3, 1),
    "source": "只在测试里",
    "amends": "weihai-2023-25",
    "clauses": [{"id": "三", "title": "培育对象", "text": AMENDED}],
}
# A made-up notice that amends clause 三 from 2027-03-01, and the entry that goes with it.
LATER = build_corpus(
    {
        "notices": [MADE_UP],
        "entries": [
            {
                "id": "retirees-2027",
                "topic": CORPUS.answers.entries["retirees"].topic,
                "replaces": "retirees",
                "title": "退休了还能参加吗（新）",
                "answer": "可以：退休三年以内的也能参加。",
                "clauses": ["三"],
                "quote": "退休后三年以内的也可参加培训",
                "valid_from": date(2027, 3, 1),
            }
        ],
    }
)


@pytest.fixture
def later(sqlite_url: str, tmp_path: Path) -> Iterator[App]:
    """An app on the amended policy."""
    made = make_app(sqlite_url, tmp_path, LATER)
    yield made
    made.engine.dispose()


def test_chat_answers_by_the_clause_as_of_the_day(later: App) -> None:
    li = Person(later.assistant, "li")
    li.now = at("2027-02-28")
    li.says("退休了能报吗")
    assert "不可以" in li.text
    assert "威人社函〔2023〕25号（三）" in li.text
    li.presses("看原文")
    assert AMENDED not in li.text
    li.now = at("2027-03-01")
    li.says("退休了能报吗")
    assert li.text.startswith("可以：退休三年以内")
    assert f"{NUMBER}（三）" in li.text
    assert "〔2023〕" not in li.text
    li.presses("看原文")
    assert "▶退休后三年以内的也可参加培训◀" in li.text
    assert li.text.startswith(NUMBER)
    li.says("原文")  # the last topic, by the entry that the new one replaces
    assert "▶退休后三年以内的也可参加培训◀" in li.text


def test_two_notices_are_cited_side_by_side() -> None:
    found = policy_answer.reply(LATER, "退休了能报吗？补贴多少钱？", date(2027, 3, 1), buttons=False)
    assert f"威人社函〔2023〕25号（五（三））；{NUMBER}（三）" in found.message.text


def test_as_json_is_dated_too() -> None:
    assert policy_answer.as_json(LATER, "退休了能报吗", date(2027, 2, 28))["entry"] == "retirees"
    assert policy_answer.as_json(LATER, "退休了能报吗", date(2027, 3, 1))["entry"] == "retirees-2027"


def test_before_the_notice_was_issued_it_says_so(tmp_path: Path) -> None:
    said = policy_answer.reply(CORPUS, "退休了能报吗", date(2023, 5, 23), buttons=False).message.text
    assert "还没有印发" in said
    assert (
        "还没有印发"
        not in policy_answer.reply(CORPUS, "退休了能报吗", date(2023, 5, 24), buttons=False).message.text
    )


def test_an_amendment_that_leaves_an_answer_behind_is_found() -> None:
    made_up = parse_notice("x", MADE_UP)
    found = amendment_problems(CORPUS.answers, Notices([CORPUS.notices.base, made_up]))
    assert any("answers/retirees" in problem for problem in found)
    assert not any("answers/subsidy-amount" in problem for problem in found)
    assert amendment_problems(CORPUS.answers, CORPUS.notices) == []


def test_of_two_replacements_the_younger_counts() -> None:
    base = CORPUS.answers.entries["who"]
    later = [
        dataclasses.replace(base, id=f"who-{y}", replaces="who", valid_from=date(y, 1, 1))
        for y in (2027, 2028)
    ]
    library = Answers([base, *later])
    found: list[Entry | None] = [library.get("who", date(y, 6, 1)) for y in (2026, 2027, 2028)]
    assert [e.id for e in found if e] == ["who", "who-2027", "who-2028"]
