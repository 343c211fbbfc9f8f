"""Tables as institutions make them: what is not taken is named, and no quarter is filled by a guess."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from bot.app import App
from policy.calendar.quarters import SHANGHAI
from storage.connections.database import transaction
from storage.institutions import institutions
from storage.reports import reports
from tests.support.form_files import FIGURES, bound, edit, find, send, sheet, taken
from tests.support.talk import Person

SCHOOL = "威海数字培训学校"
HEADS = ["名称", "已培训班次", "纳入补贴班次", "已培训人数", "取得证书人数", "领取补贴人数", "发放补贴金额"]
BIG = ["大数据", 3, 2, 120, 80, 60, 90000]
CHAIN = ["区块链", 1, 1, 30, 25, 20, 30000]
THINGS = ["物联网", 2, 2, 86, 80, 80, 103200]
TOTAL = ["合计", 6, 5, 236, 185, 160, 223200]
READ = {
    "大数据": [3, 2, 120, 80, 60, 9_000_000],
    "区块链": [1, 1, 30, 25, 20, 3_000_000],
    "物联网": [2, 2, 86, 80, 80, 10_320_000],
}


def rows(app: App, quarter: str = "2026Q4") -> dict[str, list[Any]]:
    with transaction(app.engine, read_only=True) as connection:
        found = institutions.find(connection, SCHOOL)
        assert found
        return {o: list(r.values()) for o, r in reports.snapshot(connection, found.id, quarter).rows.items()}


def book(**sheets: Sequence[Sequence[object]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, lines in sheets.items():
        page = made.create_sheet(name)
        for line in lines:
            page.append(line)
    saved = io.BytesIO()
    made.save(saved)
    return saved.getvalue()


@pytest.fixture
def wang(app: App) -> Person:
    person = bound(app)
    person.says("填报 2026Q4")
    return person


@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_total_is_left_out_and_compared_wherever_it_stands(wang: Person, app: App, at: int) -> None:
    lines = [BIG, CHAIN, THINGS]
    lines.insert(at, TOTAL)
    send(wang, app, "表.xlsx", sheet(HEADS, *lines))
    assert rows(app) == READ
    assert "合计行不用报" in wang.text
    assert "！" not in wang.text


def test_a_total_that_does_not_add_up_is_told(wang: Person, app: App) -> None:
    send(wang, app, "表.xlsx", sheet(HEADS, ["合计", 6, 5, 246, 185, 160, 223200], BIG, CHAIN, THINGS))
    assert rows(app) == READ
    assert "“已培训人数”是 246，各行相加是 236" in wang.text


def test_rows_below_a_total_or_a_note_are_read(wang: Person, app: App) -> None:
    note = ["备注：本表按当季填写"]
    send(wang, app, "表.xlsx", sheet(HEADS, BIG, note, CHAIN, ["合计", 4, 3, 150, 105, 80, 120000], THINGS))
    assert rows(app) == READ


def test_a_name_merged_over_levels_takes_no_row(wang: Person, app: App) -> None:
    heads = ["名称", "等级", *HEADS[1:]]
    merged: list[list[Any]] = [
        ["大数据", "初级", 1, 1, 40, 30, 20, 30000],
        [None, "中级", 1, 1, 40, 30, 20, 30000],
        [None, "高级", 1, 0, 40, 20, 20, 30000],
    ]
    send(wang, app, "表.xlsx", sheet(heads, *merged, ["区块链", "", 1, 1, 30, 25, 20, 30000]))
    assert rows(app) == {"大数据": [None] * 6, "区块链": READ["区块链"]}
    assert wang.text.count("不分等级") == 1
    assert "· A2" in wang.text


def test_rows_without_a_name_below_one_take_none_of_it(wang: Person, app: App) -> None:
    send(wang, app, "表.xlsx", sheet(HEADS, BIG, [None, *CHAIN[1:]], THINGS))
    assert rows(app) == {"大数据": [None] * 6, "物联网": READ["物联网"]}
    assert "不知是不是“大数据”的" in wang.text


def test_dashes_are_not_filled_and_named(wang: Person, app: App) -> None:
    send(
        wang,
        app,
        "表.xlsx",
        sheet(HEADS, ["大数据", 3, 2, 120, "—", "－", "/"], ["区块链", *["—"] * 6], THINGS),
    )
    assert rows(app) == {
        "大数据": [3, 2, 120, None, None, None],
        "区块链": [None] * 6,
        "物联网": READ["物联网"],
    }
    for place in ("E2", "F2", "G2", "A3"):
        assert f"· {place}" in wang.text


def test_no_business_beside_figures_is_asked_about(wang: Person, app: App) -> None:
    send(wang, app, "表.xlsx", sheet(HEADS, ["大数据", "没开班", None, None, None, 20, 30000], THINGS))
    assert rows(app) == {"大数据": [None] * 6, "物联网": READ["物联网"]}
    assert "又有数字" in wang.text


def test_columns_and_tables_that_are_not_read_are_named(wang: Person, app: App) -> None:
    other = ["名称", "金额", "人数"]
    lines: list[list[Any]] = [
        ["序号", *HEADS, "联系人"],
        [1, *BIG, "王芳"],
        [None, *other],
        [None, "区块链", 5, 6],
    ]
    send(wang, app, "表.xlsx", sheet(*lines))
    assert rows(app) == {"大数据": READ["大数据"]}
    assert "没有读：联系人" in wang.text
    assert "另一张表" in wang.text


@pytest.mark.parametrize(
    "said",
    [
        "填报时间：2026年度第三季度",
        "2026年7月-2026年9月",
        "2026年第三季",
        "二〇二六年第三季度",
        "2026.Q3",
        "Q3",
        "三季度",
        "7-9月",
        "第五季度",
        "2026年上半年",
        "填报时间：2026年9月28日",
    ],
)
def test_another_quarter_is_asked_about_however_it_is_named(wang: Person, app: App, said: str) -> None:
    send(wang, app, "表.xlsx", sheet([said], HEADS, BIG))
    assert rows(app) == rows(app, "2026Q3") == {}
    assert said.removeprefix("填报时间：")[:3] in wang.text or "2026-09-28" in wang.text
    wang.presses("记到 2026Q4")
    assert rows(app) == {"大数据": READ["大数据"]}
    assert rows(app, "2026Q3") == {}


@pytest.mark.parametrize(
    "said", ["2026年第4季度", "四季度", "10-12月", "填报时间：2026年12月29日", "2026年10月1日至12月31日"]
)
def test_the_open_quarter_is_taken_however_it_is_named(wang: Person, app: App, said: str) -> None:
    send(wang, app, "表.xlsx", sheet([said], HEADS, BIG))
    assert rows(app) == {"大数据": READ["大数据"]}


def test_a_late_report_is_signed_after_its_quarter(app: App) -> None:
    wang = bound(app, now=datetime(2027, 1, 8, 9, tzinfo=SHANGHAI))
    wang.says("填报 2026Q4")
    send(wang, app, "表.xlsx", sheet(["填报时间：2027年1月8日"], HEADS, BIG))
    assert rows(app) == {"大数据": READ["大数据"]}


def test_the_quarter_that_is_chosen_is_the_one_that_is_filled(wang: Person, app: App) -> None:
    send(wang, app, "表.xlsx", sheet(["2026年度第三季度"], HEADS, BIG))
    wang.says("记到 2026Q3")  # typed as well as pressed
    assert rows(app, "2026Q3") == {"大数据": READ["大数据"]}
    assert rows(app) == {}


def test_none_of_them_leaves_everything_as_it_is(wang: Person, app: App) -> None:
    send(wang, app, "表.xlsx", sheet(["2026年度第三季度"], HEADS, BIG))
    token = wang.token("记到 2026Q3")
    wang.presses("都不记")
    wang.presses_token(token)
    assert "再发一次文件" in wang.text
    assert rows(app) == rows(app, "2026Q3") == {}


def test_last_quarters_form_with_a_new_title_is_asked_about(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q3", FIGURES, "下载表格")
    form = taken(wang, app, ".xlsx")
    number, place = find(form, "大数据")[1:], "A3"
    title = openpyxl.load_workbook(io.BytesIO(form)).worksheets[0][place].value
    assert "2026Q3" in title
    reused = edit(form, **{place: title.replace("2026Q3", "2026Q4"), f"D{number}": 150})
    wang.says("退出")
    send(wang, app, "情况表.xlsx", reused)
    assert "2026Q3" in wang.text and "2026Q4" in wang.text
    assert rows(app, "2026Q3")["大数据"] == READ["大数据"]
    wang.presses("记到 2026Q4")
    assert rows(app)["大数据"] == [3, 2, 150, 80, 60, 9_000_000]
    assert rows(app, "2026Q3")["大数据"] == READ["大数据"]


def test_of_several_sheets_the_open_quarters_is_read(wang: Person, app: App) -> None:
    send(wang, app, "表.xlsx", book(三季度=[HEADS, CHAIN], 四季度=[HEADS, BIG]))
    assert rows(app) == {"大数据": READ["大数据"]}


def test_sheets_that_do_not_say_their_quarter_are_asked_about(wang: Person, app: App) -> None:
    send(wang, app, "表.xlsx", book(甲班=[HEADS, CHAIN], 乙班=[HEADS, BIG]))
    assert rows(app) == {}
    wang.presses("“乙班”记到 2026Q4")
    assert rows(app) == {"大数据": READ["大数据"]}


def test_an_empty_sheet_beside_the_form_asks_nothing(wang: Person, app: App) -> None:
    send(wang, app, "表.xlsx", book(空表=[HEADS], 填好的=[HEADS, BIG]))
    assert rows(app) == {"大数据": READ["大数据"]}


def test_a_sheets_name_is_a_quarter_too(wang: Person, app: App) -> None:
    send(wang, app, "表.xlsx", book(**{"2026年第三季度": [list[object](HEADS), BIG]}))
    assert rows(app) == {}
    assert "记到 2026Q3" in wang.labels


def test_the_saved_copy_restores_what_was_discarded(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", f"{FIGURES}\n区块链 1 1 30 25 20 30000\n物联网 无业务", "下载表格")
    saved, before = taken(wang, app, ".xlsx"), rows(app)
    wang.says("填报", "重新开始")
    wang.presses("确定，重新开始")
    assert rows(app) == {}
    send(wang, app, "情况表.xlsx", saved)
    assert rows(app) == before
    with transaction(app.engine, read_only=True) as connection:
        assert reports.snapshot(connection, 1, "2026Q4").no_business == {"物联网"}
    send(wang, app, "情况表.xlsx", saved)
    assert "没有新的数字" in wang.text


def test_what_was_changed_since_is_kept_and_named(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", FIGURES, "下载表格")
    saved = taken(wang, app, ".xlsx")
    wang.says("填报", "大数据 已培训人数 130")
    send(wang, app, "情况表.xlsx", saved)
    assert rows(app)["大数据"] == [3, 2, 130, 80, 60, 9_000_000]
    assert "“已培训人数”表里还是 120" in wang.text


CSV = ["数字技术工程师培育项目开展情况表", ",".join(HEADS), "大数据,3,2,120,80,60,90000"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_text_is_read_whatever_parts_its_cells(wang: Person, app: App, separator: str, encoding: str) -> None:
    text = "\r\n".join(CSV).replace(",", separator)
    send(wang, app, "表.txt" if separator == "\t" else "表.csv", text.encode(encoding))
    assert rows(app) == {"大数据": READ["大数据"]}


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 504
REFUSED = {
    "密码": ("表.xlsx", OLE + "EncryptedPackage".encode("utf-16-le")),
    "旧格式": ("表.xls", OLE + "Workbook".encode("utf-16-le")),
    "网页": ("表.xlsx", "<html><table><tr><td>名称</td></tr></table></html>".encode()),
    "纯文本": ("表.xlsx", "\n".join(CSV).encode()),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_file_that_cannot_be_read_says_why(wang: Person, app: App, why: str) -> None:
    send(wang, app, *REFUSED[why])
    assert why in wang.text
    assert rows(app) == {}


def test_borders_drawn_far_below_are_no_rows(wang: Person, app: App) -> None:
    wang.says("下载表格")
    made = openpyxl.load_workbook(io.BytesIO(taken(wang, app, ".xlsx")))
    page = made.worksheets[0]
    line = openpyxl.styles.Side(style="thin")
    for row in page.iter_rows(min_row=40, max_row=4019, max_col=26):
        for cell in row:
            cell.border = openpyxl.styles.Border(left=line, bottom=line)
    number = next(c.row for c in page["A"] if c.value == "大数据")
    for column, value in zip("BCDEFG", BIG[1:], strict=True):
        page[f"{column}{number}"] = value
    saved = io.BytesIO()
    made.save(saved)
    send(wang, app, "情况表.xlsx", saved.getvalue())
    assert rows(app) == {"大数据": READ["大数据"]}
