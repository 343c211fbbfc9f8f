"""开班备案: a contact files a class, the office decides, and what was never filed is a doubt."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import select

from bot.app import App
from storage import courses
from storage.connections.database import transaction
from storage.desk import filings
from storage.schema.courses import class_filing
from tests.support.form_files import PNG, send
from tests.support.office_browser import Browser, at
from tests.support.office_scene import head, reports_, school
from tests.support.talk import NOON, Person

MATERIALS = "培训方案\n师资名单"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


async def opened(app: App, officer: Person) -> Browser:
    """The office takes filings here from this quarter on."""
    browser = await Browser(app).enters(officer)
    await browser.opens("/office/classes")
    await browser.submits(
        "/office/classes/rules", since="2026Q4", materials=MATERIALS, ahead="10", answer="5"
    )
    assert "已设定" in browser.text
    return browser


def files(contact: Person, name: str = "一期大数据") -> None:
    contact.says("开班备案")
    if "登记新班" in contact.labels:
        contact.presses("登记新班")
    contact.says(
        name, "大数据", "初级", "2027-01-10", "2027-03-01", "经区某路一号", "线上和线下", "某评价机构"
    )
    contact.presses("报送")


async def test_before_the_office_takes_filings_here_one_is_told_where_to_ask(app: App) -> None:
    contact = school(app, "甲校")
    contact.says("开班备案")
    assert "filing/messages.not_here" in contact.templates


async def test_a_class_is_filed_returned_filed_again_and_agreed(app: App) -> None:
    officer, contact = head(app), school(app, "甲校")
    browser = await opened(app, officer)
    files(contact)
    assert "培训方案" in contact.text
    contact.presses("交材料")
    send(contact, app, "方案.png", PNG)
    assert "师资名单" in contact.text
    contact.presses("先到这里")

    await browser.opens("/office/classes")
    path = re.findall(r'href="(/office/classes/\d+)"', browser.page)[0]
    await browser.opens(path)
    assert "还差：师资名单" in browser.text
    assert "管理科要求 10 天" not in browser.text  # eleven days ahead
    file = re.findall(r'href="(/office/classes/file/[^"]+)"', browser.page)[0]
    await browser.opens(file)
    assert browser.response.content == PNG
    await browser.opens(path)
    await browser.submits(path + "/receive")
    assert "已收件" in browser.text
    contact.says("开班备案", "一期大数据", "2027-01-11", "未定", "别处", "线下", "某评价机构")
    contact.presses("报送")
    assert "filing/messages.in_hand" in contact.templates
    await browser.submits(path + "/return", reason=" ")
    assert browser.status == 422
    await browser.submits(path + "/return", reason="地点写到门牌号")
    contact.says("备案情况")
    assert "地点写到门牌号" in contact.text
    contact.presses("改好再报")
    contact.presses("报送")
    await browser.opens(path)
    assert "方案.png" in browser.text  # what was handed in goes along
    for wrong in ({"number": " ", "on": "2026-12-30"}, {"number": "威开备1", "on": "2099-01-01"}):
        await browser.submits(path + "/agree", **wrong)
        assert browser.status == 422
    await browser.submits(path + "/agree", number="威开备〔2026〕1号", on="2026-12-30")
    assert "已同意" in browser.text
    contact.says("备案情况")
    assert "威开备〔2026〕1号" in contact.text
    with transaction(app.engine, read_only=True) as connection:
        (one,) = courses.of_institution(connection, 1)
        states = connection.execute(select(class_filing.c.state).order_by(class_filing.c.id))
        assert states.scalars().all() == ["returned", "agreed"]
    assert one.dates == {"filed": date(2026, 12, 30), "approved": date(2026, 12, 30)}
    contact.says("课程登记", "一期大数据")
    assert "删掉这个班" not in contact.labels  # one life: what is filed stays
    assert "报审" not in contact.labels


async def test_what_was_decided_meanwhile_is_not_decided_again(app: App) -> None:
    officer, contact = head(app), school(app, "甲校")
    browser = await opened(app, officer)
    files(contact)
    await browser.opens("/office/classes")
    path = re.findall(r'href="(/office/classes/\d+)"', browser.page)[0]
    await browser.opens(path)
    target, fields = browser.form(path + "/agree")
    contact.says("开班备案", "一期大数据", "2027-01-12", "未定", "别处", "线下", "某评价机构")
    contact.presses("报送")  # in place of the first, which nobody took in hand
    await browser.posts(target, **{**fields, "number": "1", "on": "2026-12-30"})
    assert browser.status == 409
    await browser.opens(path)
    await browser.submits(path + "/agree", number="1", on="2026-12-30")
    assert "2027年1月12日开班" in browser.text


async def test_reported_classes_that_were_never_filed_are_a_doubt(app: App) -> None:
    officer, contact = head(app), school(app, "甲校")
    other = school(app, "乙校")
    browser = await opened(app, officer)
    files(contact)
    contact.says("课程登记", "一期大数据", "结业", "2026-12-20", "40", "没有")
    reports_(contact, "2026Q4", "大数据 1 0 40 0 0 0")
    reports_(other, "2026Q4", "大数据 1 0 40 0 0 0")
    await browser.opens("/office?quarter=2026Q4&mark=unfiled")
    assert re.findall(r'<th scope="row"><a[^>]*>([^<]*)', browser.page) == ["乙校"]
    await browser.opens("/office/report/2/2026Q4")
    assert "报了 1 个班，本季结业而报过备案的有 0 个" in browser.text
    await browser.opens("/office/clean?quarter=2026Q4")
    assert "甲校" in browser.text
    assert "乙校" not in browser.text
    await browser.opens("/office?quarter=2026Q3&mark=unfiled")  # before filings were taken here
    assert "没有符合条件" in browser.text


async def test_the_roster_the_inspections_and_the_figures_stand_beside_the_class(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer, contact = head(app), school(app, "甲校")
    contact.says("课程登记", "一期大数据", "大数据", "初级", "结业", "2026-11-20", "40", "没有")
    reports_(contact, "2026Q4", "大数据 1 0 40 0 0 0")
    browser = await Browser(app).enters(officer)
    await browser.opens("/office/classes?state=overdue")
    path = re.findall(r'href="(/office/classes/\d+)"', browser.page)[0]
    await browser.opens(path)
    assert "名册逾期" in browser.text
    assert "已过 10 天" in browser.text
    assert "已培训人数 40" in browser.text
    await browser.submits(path + "/inspect", kind="visit", words="<b>到课 38 人</b>", day="2026-12-29")
    assert "&lt;b&gt;到课 38 人" in browser.page
    contact.says("课程登记", "一期大数据", "名册报省厅", "今天")
    await browser.opens("/office/classes?state=overdue")
    assert "没有这样的班" in browser.text


def test_the_settings_are_kept_as_they_were_set(app: App) -> None:
    with transaction(app.engine) as connection:
        assert filings.rules(connection) == filings.Rules()
