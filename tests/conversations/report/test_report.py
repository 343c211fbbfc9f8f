"""A contact reports a quarter."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable

import openpyxl
import pytest
from sqlalchemy import select

from bot.app import App
from bot.documents import export
from storage.connections.database import transaction
from storage.reports import reports
from storage.schema.core import report
from storage.totals import aggregates
from tests.conftest import contact_code
from tests.support.corpus import CORPUS
from tests.support.form_files import send, sheet
from tests.support.talk import Person

Talk = Callable[..., Person]
Q4 = "2026Q4"


def rows(app: App, quarter: str = Q4) -> reports.Rows:
    with transaction(app.engine, read_only=True) as connection:
        return reports.snapshot(connection, 1, quarter).rows


def test_occupation_by_occupation_measure_by_measure(contact: Person, app: App) -> None:
    contact.says("填报", "2026年第4季度", "大数据 区块链")
    contact.says("3", "2", "120", "80", "60", "90000")
    contact.says("1", "0", "20", "0", "0", "0")
    assert "请核对" in contact.text
    assert rows(app)["大数据"]["amount"] == 9_000_000  # fen
    contact.presses("提交")
    contact.presses("确认提交")
    assert "2026Q4-0001-01" in contact.text
    assert "按时" in contact.text
    assert "盖章纸质件" in contact.text
    assert [f.kind for f in contact.files] == ["form"]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("12 个", 12),
        ("１２", 12),
        ("一百二十", 120),
        ("1,200", 1200),
        ("3万5", 35000),
        ("0", 0),
        ("两百人", 200),
    ],
)
def test_figures_as_people_write_them(contact: Person, app: App, typed: str, stored: int) -> None:
    contact.says("填报", Q4, "大数据", "3", "2", typed)
    assert rows(app)["大数据"]["trained"] == stored
    assert f"{stored:,}" in contact.text  # echoed back normalised


def test_money_takes_cents(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据", "3", "2", "120", "80", "60", "12345.5元")
    assert rows(app)["大数据"]["amount"] == 1_234_550
    contact.says("大数据 发放补贴金额 90000.555")
    assert "两位小数" in contact.text
    assert rows(app)["大数据"]["amount"] == 1_234_550


@pytest.mark.parametrize(
    "typed",
    [
        "-3",
        "12abc",
        "3 和 4",
        "12.5",
        "9999999",
        "３−４",
        "1e5",
        "二分之一",
        "-",
        "3000000000",
        "三亿五",
        "3亿5",
        "一百二十0",
        "一二三",
        "12²",
        "①②",
    ],
)
def test_what_is_no_figure_is_refused_and_loses_nothing(contact: Person, app: App, typed: str) -> None:
    contact.says("填报", Q4, "大数据", "3", "2")
    contact.says(typed)
    assert rows(app)["大数据"] == {
        "classes": 3,
        "subsidised_classes": 2,
        "trained": None,
        "certified": None,
        "subsidised": None,
        "amount": None,
    }
    assert "已培训人数" in contact.replies[-1].text  # asked again
    contact.says("120")
    assert rows(app)["大数据"]["trained"] == 120


APPROXIMATE = ["两三个", "一两百", "七八个", "三五十人", "十几个", "好几百", "上千", "百余", "若干"]


@pytest.mark.parametrize("typed", APPROXIMATE)
def test_an_approximate_count_is_refused_however_it_comes(contact: Person, app: App, typed: str) -> None:
    contact.says("填报", Q4, "大数据", "3", "2", typed)
    assert "约数" in contact.text
    assert rows(app)["大数据"]["trained"] is None
    contact.says(f"大数据 3 2 {typed} 80 60 90000")
    assert "约数" in contact.text
    assert rows(app)["大数据"]["trained"] is None
    assert rows(app)["大数据"]["certified"] == 80  # what is right is kept
    contact.says("120", f"大数据人数改成{typed}")
    assert "约数" in contact.text
    contact.says(f"大数据 已培训人数 {typed}")
    assert rows(app)["大数据"]["trained"] == 120
    content = sheet(
        ["职业", *(m.title for m in CORPUS.form.measures)], ["大数据", 3, 2, typed, 80, 61, f"{typed}万"]
    )
    send(contact, app, "表.xlsx", content)
    found = rows(app)["大数据"]
    assert (found["trained"], found["amount"]) == (120, 9_000_000)
    assert "约数" in contact.text


@pytest.mark.parametrize("typed", ["两三万", "十几万元", "三万五六", "几千块钱", "一两万吧"])
def test_an_approximate_amount_is_refused(contact: Person, app: App, typed: str) -> None:
    contact.says("填报", Q4, "大数据", "3", "2", "120", "80", "60", typed)
    assert "约数" in contact.text
    assert rows(app)["大数据"]["amount"] is None


def test_an_approximate_count_is_no_explanation_either(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据", "1", "5", "一两个")
    assert "约数" in contact.text
    assert rows(app)["大数据"]["subsidised_classes"] == 5


def test_a_marked_digit_behind_a_name_is_no_figure_and_before_it_a_list_mark(
    contact: Person, app: App
) -> None:
    contact.says("填报", Q4, "①大数据 3 2 12² 80 60 90000\n② 区块链 1 1 20 20 20 30000")
    found = rows(app)
    assert (found["大数据"]["classes"], found["大数据"]["trained"]) == (3, None)
    assert found["区块链"]["trained"] == 20


def test_every_answer_is_in_the_draft_at_once(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据")
    for i, typed in enumerate(["3", "2", "120"]):
        contact.says(typed)
        assert sum(c is not None for c in rows(app)["大数据"].values()) == i + 1


def test_a_policy_question_in_between(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据", "3")
    contact.says("高级证书等于高级工程师吗")
    assert "五（二）" in contact.replies[0].text
    assert "纳入补贴班次" in contact.replies[-1].text
    contact.says("2")
    assert rows(app)["大数据"]["subsidised_classes"] == 2


def test_digits_are_the_value_never_an_options_number(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据", "1")  # the first button says 0
    assert rows(app)["大数据"]["classes"] == 1


def test_four_kinds_of_nothing_differ(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据 区块链 物联网 云计算")
    contact.says("大数据 0 0 0 0 0 0")
    contact.presses("0")  # 区块链 classes
    contact.says("0", "0", "不掌握", "0", "0", "等评价机构公布")
    contact.presses("本职业无业务")  # 物联网, in the form's order
    found = rows(app)
    assert found["大数据"]["certified"] == 0
    assert found["区块链"]["certified"] == reports.NOT_KNOWN
    assert found["云计算"]["certified"] is None
    with transaction(app.engine, read_only=True) as connection:
        assert reports.snapshot(connection, 1, Q4).no_business == {"物联网"}


def test_something_unlikely_asks_for_a_word(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据", "1", "5")
    assert "纳入补贴班次 5 大于已培训班次 1" in contact.text
    contact.says("往季班次本季纳入")
    assert "已培训人数" in contact.text
    with transaction(app.engine, read_only=True) as connection:
        said = reports.snapshot(connection, 1, Q4).explanations
    assert said == {("大数据", "subsidised-classes-over-classes.subsidised_classes"): "往季班次本季纳入"}


def test_a_figure_instead_of_the_word_corrects_the_cell(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据", "1", "5", "1")
    assert rows(app)["大数据"]["subsidised_classes"] == 1
    assert "已培训人数" in contact.text


def test_while_explaining_a_line_for_the_same_occupation_replaces_the_row(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据 区块链", "大数据 1 5 10 5 5 5000")
    assert "请写一句说明" in contact.text
    contact.says("大数据 6 5 10 5 5 5000")
    assert rows(app)["大数据"]["classes"] == 6
    assert "区块链 1/6" in contact.text


def test_a_changed_figure_takes_the_doubt_up_afresh(contact: Person) -> None:
    contact.says("填报", Q4, "大数据 1 5 10 5 5 5000", "往季班次本季纳入")
    assert "请核对" in contact.text
    contact.says("大数据 纳入补贴班次 7")
    assert "纳入补贴班次 7 大于已培训班次 1" in contact.text


def test_lines_pasted_from_a_spreadsheet(contact: Person, app: App) -> None:
    contact.says("填报", Q4)
    contact.says(
        "大数据\t3\t2\t120\t80\t60\t90000\n区块链\t1\t1\t三十\t20\t20\t3万\n"
        "不存在 1 2 3 4 5 6\n物联网 1 2 3\n云计算 1 1 十x 5 5 5000"
    )
    found = rows(app)
    assert found["大数据"]["trained"] == 120
    assert found["区块链"]["amount"] == 3_000_000
    assert "不存在" in contact.text
    assert "物联网：要 6 个数" in contact.text
    assert found["云计算"]["trained"] is None  # the wrong cell is named, the right ones kept
    assert found["云计算"]["certified"] == 5


def test_ten_occupations_in_no_more_messages_than_cells_and_six(contact: Person, app: App) -> None:
    """Everything counts: opening, quarter, choosing, every cell, review and confirmation."""
    names = [o.name for o in CORPUS.form.occupations][:10]
    figures = {m.id: str(n) for m, n in zip(CORPUS.form.measures, (2, 1, 40, 30, 20, 20000), strict=True)}
    talk = ["填报", Q4, "、".join(names), *(f for _ in names for f in figures.values()), "提交", "提交"]
    for text in talk:
        assert "系统已收到" not in contact.text
        contact.says(text)
    assert "系统已收到" in contact.text
    assert len(talk) <= 60 + 6
    found = rows(app)
    assert sorted(found) == sorted(names)
    stored = {m: 2_000_000 if m == "amount" else int(f) for m, f in figures.items()}
    assert all(row == stored for row in found.values())


def test_ten_occupations_by_one_paste_in_four(contact: Person, app: App) -> None:
    names = [o.name for o in CORPUS.form.occupations][:10]
    contact.says("填报 2026Q4", "\n".join(f"{name} 2 1 40 30 20 20000" for name in names), "提交", "提交")
    assert "系统已收到" in contact.text
    assert {name: row["trained"] for name, row in rows(app).items()} == dict.fromkeys(names, 40)


def test_any_cell_is_changed_from_the_review(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据 3 2 120 80 60 90000")
    contact.presses("改数")
    contact.presses("大数据")
    contact.presses("已培训人数")
    contact.says("130")
    assert rows(app)["大数据"]["trained"] == 130
    assert "请核对" in contact.text
    contact.says("已培训人数 140")  # one row only: it need not be named
    assert rows(app)["大数据"]["trained"] == 140


def test_a_cell_button_works_after_other_things(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据 3 2 120 80 60 90000", "修改", "大数据")
    cell = contact.token("已培训人数")
    contact.says("菜单", "啥时候发的")
    contact.presses_token(cell)
    contact.says("99")
    assert rows(app)["大数据"]["trained"] == 99


def test_nothing_to_report_in_one_tap_and_confirmed(contact: Person, app: App) -> None:
    contact.says("填报", Q4)
    contact.presses("本季度无培训")
    assert "零报告" in contact.text
    contact.says("提交")
    assert "零报告" in contact.text
    contact.presses("确认提交")
    assert "系统已收到" in contact.text
    with transaction(app.engine, read_only=True) as connection:
        shown = reports.snapshot(connection, 1, Q4).shown
    assert shown is not None
    assert shown.nothing_to_report


def test_submitting_too_early_says_what_is_missing(contact: Person) -> None:
    contact.says("填报", Q4, "大数据", "3", "提交")
    assert "还有 5 格没填" in contact.text
    assert "纳入补贴班次" in contact.text


def test_a_correction_makes_a_new_revision(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据 3 2 120 80 60 90000", "提交", "提交")
    contact.says("填报", Q4)
    assert "2026Q4-0001-01" in contact.text
    contact.presses("更正")
    contact.says("人数报错", "大数据 已培训人数 140", "提交", "提交")
    assert "2026Q4-0001-02" in contact.text
    with transaction(app.engine, read_only=True) as connection:
        counting = reports.submitted_revisions(connection, aggregates.counting_ids(connection, Q4, False))
        first = reports.submitted_revision(connection, 1)
    assert [(c.revision.number, c.revision.reason, c.rows["大数据"]["trained"]) for c in counting] == [
        (2, "人数报错", 140)
    ]
    assert first is not None
    assert first.revision.state == "superseded"
    assert first.rows["大数据"]["trained"] == 120  # never overwritten


def test_two_contacts_share_a_draft_and_a_confirmation_speaks_of_what_was_seen(
    contact: Person, app: App, talk: Talk
) -> None:
    other = talk("zhao")
    other.says(f"绑定 {contact_code(app)}", "赵强", "跳过")
    contact.says("填报", Q4, "大数据 3 2 120 80 60 90000", "提交")
    old = contact.token("确认提交")
    other.says("填报", Q4)
    assert "120" in other.text
    other.says("大数据 已培训人数 150")
    contact.presses_token(old)  # the draft is no longer what was confirmed
    assert "系统已收到" not in contact.text
    assert "150" in contact.text
    contact.says("提交", "提交")
    assert "系统已收到" in contact.text


def test_restart_discards_the_draft_only(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据 3 2 120 80 60 90000", "提交", "提交")
    contact.says("填报", Q4, "更正", "人数报错", "大数据 已培训人数 1", "重新开始")
    contact.presses("确定")
    with transaction(app.engine, read_only=True) as connection:
        counting = reports.submitted_revisions(connection, aggregates.counting_ids(connection, Q4, False))
    assert [c.rows["大数据"]["trained"] for c in counting] == [120]


def test_cancel_leaves_the_draft(contact: Person, app: App) -> None:
    contact.says("填报", Q4, "大数据", "3", "取消", "今天天气怎么样", "填报")
    assert "纳入补贴班次" in contact.text
    assert rows(app)["大数据"]["classes"] == 3


def test_a_quarter_that_has_not_begun_is_refused(contact: Person) -> None:
    contact.says("填报", "2027Q1")
    assert "还没开始" in contact.text
    contact.says("2023Q3")
    assert "哪些职业" in contact.text


def test_late_is_said_and_not_locked(contact: Person) -> None:
    contact.says("填报", "2026Q3", "大数据 3 2 120 80 60 90000", "提交", "提交")
    assert "迟报" in contact.text


def test_without_a_code_nobody_reports(talk: Talk) -> None:
    li = talk()
    li.says("填报")
    assert "绑定" in li.text
    li.presses_token("cell:1:2026Q4:大数据/0")
    assert li.templates == ["office/messages.denied"]


def test_a_contact_of_one_cannot_touch_another(contact: Person, app: App, talk: Talk) -> None:
    other = talk("sun")
    other.says(f"绑定 {contact_code(app, '环翠职业学校')}", "跳过", "跳过")
    other.says("填报", Q4, "大数据 1 1 10 5 5 5000")
    contact.presses_token("row:2:2026Q4:大数据")
    assert "该按钮已失效" in contact.text


def test_the_telephone_is_stored_encrypted_and_printed(app: App, talk: Talk) -> None:
    wang = talk("wang")
    wang.says(f"绑定 {contact_code(app)}", "王芳", "0631-5550000")
    wang.says("填报", Q4, "大数据 3 2 120 80 60 90000", "提交", "提交")
    raw = app.engine.raw_connection().driver_connection
    assert isinstance(raw, sqlite3.Connection)
    dump = "\n".join(raw.iterdump())
    assert "5550000" not in dump
    content = app.files.content(wang.files[0])
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    printed = "\n".join(str(c.value) for row in sheet.iter_rows() for c in row if c.value is not None)
    assert "0631-5550000" in printed
    assert "王芳" in printed


def test_the_aggregated_form(contact: Person, app: App, talk: Talk) -> None:
    contact.says("填报", "2026Q3", "大数据 2 1 100 60 50 80000", "提交", "提交")
    contact.says("填报", Q4, "大数据 3 2 120 80 60 90000", "提交", "提交")
    other = talk("sun")
    other.says(f"绑定 {contact_code(app, '=SUM(1,1)/学校?*')}", "跳过", "跳过")
    other.says("填报", Q4, "大数据 1 1 10 5 5 5000.50\n物联网 1 0 20 10 0 0", "提交", "提交")
    assert "系统已收到" in other.text
    with transaction(app.engine, read_only=True) as connection:
        content = export.aggregate(connection, CORPUS.form, Q4, False, "quarter", app.keys)
        again = export.aggregate(connection, CORPUS.form, Q4, False, "quarter", app.keys)
        year = export.aggregate(connection, CORPUS.form, Q4, False, "year", app.keys)
    assert content == again  # byte for byte
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert len(book.sheetnames) == 7
    values = {row[0].value: [c.value for c in row[1:7]] for row in book["汇总"].iter_rows()}
    assert values["大数据"] == [4, 3, 130, 85, 65, 95000.5]
    assert values["物联网"] == [1, 0, 20, 10, 0, 0]
    assert values["合计"] == [5, 3, 150, 95, 65, 95000.5]
    assert values["名称"] == ["已培训班次（个）", None, "已培训人数（人）", None, None, None]
    origins = [[c.value for c in row] for row in book["合计来源"].iter_rows(min_row=2)]
    assert sum(row[10] for row in origins if row[3] == "大数据") == 130  # every total opens to what it adds
    of_year = {
        r[0].value: [c.value for c in r[1:7]]
        for r in openpyxl.load_workbook(io.BytesIO(year))["汇总"].iter_rows()
    }
    assert of_year["大数据"] == [6, 4, 230, 145, 115, 175000.5]
    names = [n for n in book.sheetnames if n.startswith("=")]
    assert all(c.data_type != "f" for n in names for row in book[n].iter_rows() for c in row)


def test_the_office_sees_who_reported_and_exports(contact: Person, officer: Person, app: App) -> None:
    contact_code(app, "环翠职业学校")
    contact.says("填报", Q4, "大数据 3 2 120 80 60 90000", "提交", "提交")
    officer.says("进度 2026Q4")
    assert "应报 2 家，已报 1 家" in officer.text
    assert "环翠职业学校" in officer.text
    officer.says("汇总 2026Q4")
    assert [f.kind for f in officer.files] == ["aggregate"]
    assert app.files.content(officer.files[0])[:2] == b"PK"


@pytest.mark.parametrize("quarter", ["26Q4", "2026年第4季度", "2027Q4", "2099Q4", "zzz"])
def test_a_button_made_up_opens_no_quarter_that_is_none(contact: Person, app: App, quarter: str) -> None:
    contact.presses_token(f"fill:1:{quarter}")
    contact.says("大数据 3 2 120 80 60 90000")
    with transaction(app.engine, read_only=True) as connection:
        kept = set(connection.execute(select(report.c.quarter)).scalars())
    assert kept <= {Q4}
