"""The form as it is printed: a Word document in the annex's layout, for those whose report it is."""

from __future__ import annotations

import io
import re
import zipfile

import openpyxl
import pytest
from sqlalchemy import update

from bot.app import App
from bot.documents import docx
from storage.connections.database import transaction
from storage.institutions import institutions
from storage.schema.core import explanation, membership
from tests.support.corpus import CORPUS
from tests.support.form_files import FIGURES, JPG, PDF, Document, bound, reported, send, taken
from tests.support.talk import NOON, Person
from tests.support.web_visitor import Visitor, noon  # noqa: F401
from tests.support.web_visitor import reported as reported_on_the_web

NASTY = "<w:p>&\"']]>"


def printed(person: Person, app: App) -> Document:
    person.presses("打印盖章用表")
    return Document(taken(person, app, ".docx"))


def test_the_receipt_offers_a_form_to_stamp(either_app: App) -> None:
    wang = reported(either_app)
    assert "盖章扫描件：待补" in wang.text
    paper = printed(wang, either_app)
    assert CORPUS.form.title in paper.paragraphs
    assert any(p.startswith("填报单位（盖章）：威海数字培训学校") for p in paper.paragraphs)
    assert "填报时间：2026 年 12 月 30 日" in paper.paragraphs
    assert any(re.fullmatch(r"填表人：王芳\s+联系电话：_+", p) for p in paper.paragraphs)
    assert CORPUS.form.note in paper.paragraphs
    assert "元（通知表格未印单位）" in paper.text
    assert paper.sections == [(297, 210)]


def test_the_heads_are_merged_as_in_the_annex(app: App) -> None:
    table = printed(reported(app), app).table(1)
    assert table[0] == [
        ("名称", 1, "restart"),
        ("已培训班次（个）", 1, "restart"),
        ("", 1, ""),
        ("已培训人数（人）", 1, "restart"),
        ("", 3, ""),
    ]
    assert table[1] == [
        ("", 1, "continue"),
        ("", 1, "continue"),
        ("纳入职业培训补贴班次（个）", 1, ""),
        ("", 1, "continue"),
        ("取得证书人数（人）", 1, ""),
        ("领取培训补贴人数（人）", 1, ""),
        ("发放培训补贴金额", 1, ""),
    ]
    assert [[text for text, _, _ in row] for row in table[2:]] == [
        ["智能制造", *"——————"],  # the annex prints its row; nothing was reported for it
        ["大数据", "3", "2", "120", "80", "60", "90,000"],
        ["区块链", *"——————"],
    ]


def test_the_heads_come_again_on_a_second_sheet_and_no_row_is_cut(app: App) -> None:
    paper = printed(reported(app), app)
    xml = paper.parts["word/document.xml"].decode()
    assert xml.count("<w:tblHeader/>") == 2
    assert xml.count("<w:cantSplit/>") == 5


def test_zero_not_known_and_not_reported_are_told_apart(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", "大数据 3 2 120 80 不掌握 0", "学员自己领，校里不掌握", "提交", "提交")
    rows = printed(wang, app).table(1)
    assert [text for text, _, _ in rows[3]] == ["大数据", "3", "2", "120", "80", "不掌握", "0"]
    assert [text for text, _, _ in rows[4]][1] == "—"


def test_a_quarter_without_training_is_printed_as_zeros(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", "本季度无培训", "提交", "提交")
    paper = printed(wang, app)
    assert [text for text, _, _ in paper.table(1)[2]] == ["智能制造", *"000000"]
    assert any("零报告" in p for p in paper.paragraphs)


def test_explanations_and_separate_pages_follow_upright(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", "大数据 1 2 120 80 60 90000", "两个班是三季度开的")
    wang.presses("附页")
    wang.presses("写经验做法")
    wang.says("校企合办。\n送教上门。")
    send(wang, app, "减免办法.pdf", PDF, "配套措施")
    wang.says("填报", "提交", "提交")
    paper = printed(wang, app)
    assert paper.sections == [(297, 210), (210, 297)]
    for said in ("两个班是三季度开的", "纳入补贴班次 2 大于已培训班次 1", "减免办法.pdf"):
        assert said in paper.text
    assert paper.paragraphs.index("校企合办。") + 1 == paper.paragraphs.index("送教上门。")
    assert "请写一句说明" not in paper.text


def test_on_paper_an_explanation_is_a_fact_and_what_was_said_of_it(app: App, officer: Person) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", "智能制造 1 0 10 12 0 0", "往季学员补考")
    wang.says("大数据 3 2 120 80 不掌握 0", "学员自己领")
    wang.says("提交", "提交")
    workbook = openpyxl.load_workbook(io.BytesIO(taken(wang, app, ".xlsx"))).worksheets[0]
    sheet = [str(c.value) for row in workbook for c in row if c.value]
    paper = printed(wang, app).paragraphs
    officer.says("待审")
    officer.presses("威海数字培训学校")
    for lines in (sheet, paper, officer.text.splitlines()):
        told = [line for line in lines if "补考" in line or "自己领" in line]
        assert ["智能制造" in told[0], "大数据" in told[1], len(told)] == [True, True, 2]  # the form's order
        assert "取得证书 12 人大于已培训 10 人" in told[0] and "填了不掌握" in told[1]
        assert not any(prompt in "".join(lines) for prompt in ("请写一句", "请改数", "预计何时"))


def test_an_explanation_stored_with_its_prompt_is_printed_without(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", "大数据 1 2 120 80 60 90000", "两个班是三季度开的", "提交", "提交")
    old = "纳入补贴班次 2 大于已培训班次 1。如系往季班次本季纳入，请写一句说明；否则请改数。"
    with transaction(app.engine) as connection:
        connection.execute(update(explanation).values(text=old))
    paper = printed(wang, app).text
    assert "纳入补贴班次 2 大于已培训班次 1。说明：两个班是三季度开的" in paper
    assert "请改数" not in paper


def test_no_business_is_not_just_zeros_on_paper(app: App, officer: Person) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", "大数据 0 0 0 0 0 0", "物联网 无业务")
    wang.says("下载表格")
    draft = openpyxl.load_workbook(io.BytesIO(taken(wang, app, ".xlsx"))).worksheets[0]
    wang.says("填报", "提交", "提交")
    workbook = openpyxl.load_workbook(io.BytesIO(taken(wang, app, ".xlsx"))).worksheets[0]
    for sheet in (draft, workbook):
        (told,) = [str(row[0].value) for row in sheet if str(row[0].value).startswith("无业务：")]
        assert "物联网" in told and "大数据" not in told
    names = [row[0][0] for row in printed(wang, app).table(1)]
    assert "大数据" in names and "物联网（无业务）" in names
    officer.says("待审")
    officer.presses("威海数字培训学校")
    assert "物联网（无业务）" in officer.text and "大数据（无业务）" not in officer.text


def test_the_same_revision_gives_the_same_bytes(app: App) -> None:
    wang = reported(app)
    wang.presses("打印盖章用表")
    first = taken(wang, app, ".docx")
    assert first == taken(wang, app, ".docx")
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        assert {info.date_time for info in archive.infolist()} == {docx.FIXED}
        assert archive.namelist()[0] == "[Content_Types].xml"


def test_what_people_type_is_never_markup(app: App) -> None:
    wang = bound(app, school=f"学校{NASTY}")
    wang.says("填报 2026Q4", "大数据 1 2 120 80 60 90000", f"说明{NASTY}\x0b\x01")
    wang.presses("附页")
    wang.presses("写问题")
    wang.says(f"问题{NASTY}\x02")
    wang.says("填报", "提交", "提交")
    paper = printed(wang, app)
    for said in ("学校", "说明", "问题"):
        assert f"{said}{NASTY}" in paper.text


@pytest.mark.parametrize("typed", ["\x00", "\x0c", "\x1f", "\ud800", "\ufffe", "\uffff", "\ue000"])
def test_characters_that_xml_cannot_hold_are_left_out(typed: str) -> None:
    assert docx.legal(f"甲{typed}乙\t\n🎓") == "甲乙\t\n🎓"


def test_the_workbook_of_a_revision_tells_nothing_reported_from_zero(app: App) -> None:
    wang = reported(app)
    sheet = openpyxl.load_workbook(io.BytesIO(taken(wang, app, ".xlsx"))).worksheets[0]
    rows = {row[0].value: [cell.value for cell in row[1:]] for row in sheet}
    assert rows["大数据"][:3] == [3, 2, 120]
    assert not any(rows["智能制造"])


def test_history_offers_it_and_tells_of_the_stamp(either_app: App) -> None:
    wang = reported(either_app)
    wang.says("历史")
    assert "盖章件待补" in wang.text
    assert "大数据" in printed(wang, either_app).text
    send(wang, either_app, "盖章.jpg", JPG, "盖章件")
    wang.says("历史")
    assert "盖章件已收" in wang.text


def test_nothing_is_printed_before_it_was_submitted(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", FIGURES)
    with transaction(app.engine, read_only=True) as connection:
        school = institutions.find(connection, "威海数字培训学校")
    assert school
    wang.presses_token(f"prn:{school.id}:2026Q4")
    assert wang.files == []
    assert "回到填报" in wang.labels


def test_the_office_prints_what_it_opened_and_sees_the_stamp(app: App, officer: Person) -> None:
    wang = reported(app)
    officer.says("待审")
    officer.presses("威海数字培训学校")
    assert "盖章件：待补" in officer.text
    officer.presses("打印用")
    assert "120" in Document(taken(officer, app, ".docx")).text
    send(wang, app, "盖章.jpg", JPG, "盖章件")
    officer.says("待审")
    officer.presses("威海数字培训学校")
    assert "盖章件：已收" in officer.text
    officer.presses("看附页和附件")
    assert taken(officer, app, "盖章.jpg") == JPG


def test_buttons_of_the_office_are_the_offices_alone(app: App, officer: Person) -> None:
    wang = reported(app)
    officer.says("待审")
    officer.presses("威海数字培训学校")
    tokens = [officer.token("打印用")]
    other = bound(app, "zhao", "荣成职校")
    for person in (wang, other, Person(app.assistant, "li")):
        for token in [*tokens, tokens[0].replace("rv:p", "rv:f")]:
            person.presses_token(token)
            assert person.files == []


async def test_in_a_browser_and_not_by_an_old_link_of_somebody_who_left(app: App) -> None:
    wang = await reported_on_the_web(Visitor(app), app)
    await wang.presses("打印盖章用表")
    link = re.findall(r'href="(/file/\d+/0)"', wang.page)[-1]
    await wang.opens(link)
    assert wang.response.headers["content-type"] == docx.MEDIA_TYPE
    assert "120" in Document(wang.response.content).text
    revoke(app)
    await wang.opens(link)
    assert wang.status == 404


def revoke(app: App) -> None:
    with transaction(app.engine) as connection:
        connection.execute(update(membership).values(revoked_at=NOON))
