"""The form sent back as a file: what is right goes into the draft, what is wrong is named by its cell."""

from __future__ import annotations

import contextlib
import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from sqlalchemy import select

from bot.app import App
from storage.connections.database import transaction
from storage.institutions import institutions
from storage.reports import reports
from storage.schema.core import report
from tests.support.form_files import FIGURES, Document, bound, edit, find, reported, send, sheet, taken
from tests.support.talk import Person

HEADS = ["名称", "已培训班次", "纳入补贴班次", "已培训人数", "取得证书人数", "领取补贴人数", "发放补贴金额"]
SCHOOL = "威海数字培训学校"


def rows(app: App, quarter: str = "2026Q4", school: str = SCHOOL) -> reports.Rows:
    with transaction(app.engine, read_only=True) as connection:
        found = institutions.find(connection, school)
        assert found
        return reports.snapshot(connection, found.id, quarter).rows


def filled(person: Person, app: App, **values: Any) -> bytes:
    """The form as the person takes it away, with cells of 大数据 (B … G) written into."""
    person.says("下载表格")
    form = taken(person, app, ".xlsx")
    number = find(form, "大数据")[1:]
    return edit(form, **{f"{column}{number}": value for column, value in values.items()})


WHOLE: dict[str, Any] = {"B": 3, "C": 2, "D": 120, "E": 80, "F": 60, "G": 90000.5}


def test_a_form_filled_in_and_sent_back_is_the_draft(either_app: App) -> None:
    wang = bound(either_app)
    send(wang, either_app, "情况表.xlsx", filled(wang, either_app, **WHOLE))
    assert (
        "表格已读入：\n大数据 班次 3，补贴班 2，人数 120，取证 80，领补 60，金额(元) 90,000.50" in wang.text
    )
    assert list(rows(either_app)["大数据"].values()) == [3, 2, 120, 80, 60, 9_000_050]
    assert list(rows(either_app)) == ["大数据"]  # rows left empty are not rows of zeros
    wang.says("提交", "提交")
    assert "系统已收到" in wang.text


def test_figures_are_read_as_they_are_in_the_dialog(app: App) -> None:
    wang = bound(app)
    typed = {"B": "3 个", "C": "２", "D": "一百二十", "E": "不掌握", "F": "60人", "G": "9万"}
    send(wang, app, "情况表.xlsx", filled(wang, app, **typed))
    assert list(rows(app)["大数据"].values()) == [3, 2, 120, "not_known", 60, 9_000_000]
    assert "请写一句" in wang.text or "说明" in wang.text  # 不掌握 asks for a note


@pytest.mark.parametrize(
    ("cell", "typed"),
    [
        ("B", "很多"),
        ("C", -1),
        ("D", 1.5),
        ("D", 100_001),
        ("E", "=1+1"),
        ("F", "3 4"),
        ("G", 0.001),
        ("B", True),
    ],
)
def test_a_wrong_cell_is_named_and_asked_for_the_others_kept(
    either_app: App, cell: str, typed: object
) -> None:
    wang = bound(either_app)
    form = filled(wang, either_app, **{**WHOLE, cell: typed})
    send(wang, either_app, "情况表.xlsx", form)
    assert f"· {cell}{find(form, '大数据')[1:]} 大数据：" in wang.text
    assert "提交" not in wang.labels
    kept = rows(either_app)["大数据"]
    assert sum(value is None for value in kept.values()) == 1
    wang.says("0")  # the question is for exactly that cell
    assert None not in rows(either_app)["大数据"].values()


def test_a_row_with_nothing_right_is_asked_for_and_not_forgotten(app: App) -> None:
    wang = bound(app)
    wang.says("下载表格")
    form = taken(wang, app, ".xlsx")
    first, second = find(form, "大数据")[1:], find(form, "物联网")[1:]
    cells = {f"{c}{first}": v for c, v in WHOLE.items()}
    send(wang, app, "情况表.xlsx", edit(form, **cells, **{f"B{second}": "几个"}))
    assert set(rows(app)) == {"大数据", "物联网"}
    assert "提交" not in wang.labels
    assert "物联网 1/6" in wang.text


def test_an_unknown_occupation_a_nameless_and_a_doubled_row_are_named(app: App) -> None:
    wang = bound(app)
    lines: list[list[Any]] = [
        ["填报单位：" + SCHOOL],
        ["2026Q4"],
        HEADS,
        ["大数据", 3, 2, 120, 80, 60, 90000],
        ["人工智能训练师", 1, 1, 1, 1, 1, 1],
        ["", 1, 1, 1, 1, 1, 1],
        ["大数据", 9, 9, 9, 9, 9, 9],
    ]
    send(wang, app, "自己的表.xlsx", sheet(*lines))
    for place in ("A5", "A6", "A7"):
        assert f"· {place}" in wang.text
    assert set(rows(app)["大数据"].values()) == {None}  # which of the two is meant is asked


def test_no_business_and_a_row_of_dots(app: App) -> None:
    wang = bound(app)
    lines: list[list[Any]] = [
        ["填报单位：" + SCHOOL],
        ["2026Q4"],
        HEADS,
        ["区块链", "无业务"],
        ["....", 1],
        ["合计", 9, 9],
    ]
    send(wang, app, "表.xlsx", sheet(*lines))
    assert set(rows(app)["区块链"].values()) == {0}
    assert list(rows(app)) == ["区块链"]


def test_an_emptied_cell_changes_nothing_and_says_so(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", FIGURES)
    form = filled(wang, app, B=None, D=130)
    send(wang, app, "情况表.xlsx", form)
    assert f"· B{find(form, '大数据')[1:]} 大数据" in wang.text
    assert rows(app)["大数据"]["classes"] == 3
    assert rows(app)["大数据"]["trained"] == 130


def test_only_cells_changed_in_the_file_are_taken(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", FIGURES)
    form = filled(wang, app, D=130)
    wang.says("填报", "大数据 已培训班次 4")  # changed here meanwhile
    send(wang, app, "情况表.xlsx", form)
    assert rows(app)["大数据"]["classes"] == 4
    assert rows(app)["大数据"]["trained"] == 130


def test_a_formula_counts_with_the_value_saved_beside_it(app: App) -> None:
    wang = bound(app)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    page = book.add_worksheet()
    page.write_row(0, 0, [f"填报单位：{SCHOOL}　　填报时间：2026年第四季度"])
    page.write_row(1, 0, HEADS)
    page.write_row(2, 0, ["大数据", 3, 2, 120, 80, 60])
    page.write_formula(2, 6, "=F3*1500", value=90000)
    book.close()
    send(wang, app, "带公式.xlsx", buffer.getvalue())
    assert rows(app)["大数据"]["amount"] == 9_000_000


def test_a_sheet_of_ones_own_may_have_the_columns_in_another_order(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4")
    send(wang, app, "表.xlsx", sheet(["职业", "金额", "人数", "班次"], ["大数据", 90000, 120, 3]))
    found = rows(app)["大数据"]
    assert (found["amount"], found["trained"], found["classes"]) == (9_000_000, 120, 3)
    assert "取得证书人数（人）" in wang.text  # a column that is not there is named


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_as_spreadsheets_save_it(either_app: App, encoding: str) -> None:
    wang = bound(either_app)
    lines = [
        f"填报单位：{SCHOOL}",
        "2026Q4",
        ",".join(HEADS),
        "区块链,1,1,30,28,28,42000",
        "云计算,1,1,3x,1,1,1",
    ]
    send(wang, either_app, "表.csv", "\r\n".join(lines).encode(encoding))
    assert rows(either_app)["区块链"]["amount"] == 4_200_000
    assert "· D5 云计算" in wang.text


def test_another_institutions_form_is_not_taken(either_app: App) -> None:
    zhao = bound(either_app, "zhao", "荣成职校")
    wang = bound(either_app)
    theirs = filled(zhao, either_app, **WHOLE)
    send(wang, either_app, "情况表.xlsx", theirs)
    assert "荣成职校" in wang.text
    renamed = edit(theirs, A2=f"填报单位（盖章）：{SCHOOL}")  # even with the head changed
    send(wang, either_app, "情况表.xlsx", renamed)
    assert count(either_app) == 0


def test_another_quarters_form_is_offered_its_own_report(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q3", "下载表格")
    form = taken(wang, app, ".xlsx")
    number = find(form, "大数据")[1:]
    form = edit(form, **{f"{c}{number}": v for c, v in WHOLE.items()})
    wang.says("填报 2026Q4")
    send(wang, app, "情况表.xlsx", form)
    assert count(app) == 0
    wang.presses("记到 2026Q3")  # the file waited: it need not be sent again
    assert "大数据" in rows(app, "2026Q3")
    assert rows(app) == {}


def test_a_quarter_that_is_not_there_yet(app: App) -> None:
    wang = bound(app)
    send(
        wang,
        app,
        "表.xlsx",
        sheet(["填报单位：" + SCHOOL], ["2027Q3"], HEADS, ["大数据", 1, 1, 1, 1, 1, 1]),
    )
    assert "2027Q3" in wang.text
    assert "记到 2027Q3" not in wang.labels
    assert "记到 2026Q4" in wang.labels
    assert count(app) == 0


def test_changed_heads_are_named_and_the_file_is_no_attachment(app: App) -> None:
    wang = bound(app)
    form = filled(wang, app, **WHOLE)
    heads = dict.fromkeys(("A4", "B4", "D4", "C5", "E5", "F5", "G5"), "别的")
    for sent in (
        edit(form, **heads),
        edit(form, A4="单位", A1="数字技术工程师培育项目开展情况表（改）"),
    ):
        send(wang, app, "情况表.xlsx", sent)
        assert "表头" in wang.text
        assert not any(label.startswith("经验做法") for label in wang.labels)
    assert rows(app) == {}


def test_one_changed_head_is_named_and_the_other_columns_are_read(app: App) -> None:
    wang = bound(app)
    send(wang, app, "情况表.xlsx", edit(filled(wang, app, **WHOLE), G5="补多少"))
    assert "发放培训补贴金额" in wang.text
    assert rows(app)["大数据"]["amount"] is None
    assert rows(app)["大数据"]["trained"] == 120


def test_after_submitting_a_correction_is_begun_first(app: App) -> None:
    wang = reported(app)
    form = filled(wang, app, D=130)
    send(wang, app, "情况表.xlsx", form)
    assert "更正" in wang.text
    assert rows(app)["大数据"]["trained"] == 120
    wang.presses("更正")
    wang.says("数错了")
    send(wang, app, "情况表.xlsx", form)
    assert rows(app)["大数据"]["trained"] == 130


def test_what_a_colleague_changed_meanwhile_is_asked_about(either_app: App) -> None:
    wang, li = bound(either_app), bound(either_app, "li")
    wang.says("填报 2026Q4", FIGURES)
    form = filled(wang, either_app, D=130)
    li.says("填报 2026Q4", "大数据 已培训人数 140")
    send(wang, either_app, "情况表.xlsx", form)
    assert rows(either_app)["大数据"]["trained"] == 140
    assert "140" in wang.text
    assert "130" in wang.text


def test_doubts_are_asked_about_as_everywhere(app: App) -> None:
    wang = bound(app)
    send(wang, app, "情况表.xlsx", filled(wang, app, **{**WHOLE, "B": 1}))
    assert "大于已培训班次 1" in wang.text
    assert "提交" not in wang.labels


def test_the_printed_form_is_no_form_to_read(app: App) -> None:
    wang = reported(app)
    wang.presses("打印盖章用表")
    paper = taken(wang, app, ".docx")
    assert Document(paper).paragraphs
    send(wang, app, "情况表.docx", paper)
    assert "盖章件（2026Q4）" in wang.labels


def count(app: App) -> int:
    with transaction(app.engine, read_only=True) as connection:
        return len(connection.execute(select(report.c.id)).all())


@pytest.mark.parametrize("name", ["表.xlsx", "../../表.xlsx", "表\n.xlsx"])
def test_nothing_of_a_form_stays_in_the_data_folder(app: App, name: str, tmp_path: Path) -> None:
    wang = bound(app)
    send(wang, app, name, filled(wang, app, **WHOLE))
    assert not (tmp_path / "data" / "attachments").exists()


def packed(**parts: bytes) -> bytes:
    """An XLSX whose first sheet, or another part, is what is given."""
    book = sheet(["名称"])
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml" and "sheet" in parts:
                content = parts["sheet"]
            if name == "[Content_Types].xml" and "strings" in parts:
                override = b'<Override PartName="/xl/s.dat" ContentType="application/vnd.openxmlformats-'
                override += b'officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
                content = content.replace(b"</Types>", override)
            new.writestr(name, content)
        if "strings" in parts:
            new.writestr("xl/s.dat", parts["strings"])
    return made.getvalue()


MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
HEAVY = {
    "cells": packed(
        sheet=b"<worksheet "
        + MAIN
        + b"><sheetData><row>"
        + b"<c/>" * 1_000_000
        + b"</row></sheetData></worksheet>"
    ),
    "strings": packed(strings=b"<sst " + MAIN + b">" + b"<si/>" * 2_600_000 + b"</sst>"),
    "declared": packed(strings=b"<!DOCTYPE a [<!ENTITY b 'c'>]><sst/>"),
}


@pytest.mark.parametrize("kind", HEAVY)
def test_what_would_take_a_reader_long_is_not_read(app: App, kind: str) -> None:
    wang = bound(app)
    tracemalloc.start()
    send(wang, app, "表.xlsx", HEAVY[kind])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000
    assert rows(app) == {}


@pytest.mark.parametrize("base", ['{"quarter": "zzz"}', "{}", "[", '{"rows": {"大数据": {"trained": "x"}}}'])
def test_a_hidden_sheet_that_was_tampered_with_is_no_fault_of_ours(app: App, base: str) -> None:
    wang = bound(app)
    form = filled(wang, app, **WHOLE)
    book = openpyxl.load_workbook(io.BytesIO(form))
    hidden = book["_"]
    told = json.loads(hidden["A1"].value)
    with contextlib.suppress(ValueError):
        told.update(json.loads(base))
    hidden["A1"] = json.dumps(told) if base != "[" else base
    saved = io.BytesIO()
    book.save(saved)
    send(wang, app, "情况表.xlsx", saved.getvalue())
    assert "系统出错" not in wang.text
