"""PDF: the same words as the DOCX, the same bytes twice, and a way out where none can be made."""

from __future__ import annotations

import io
import re

import pytest

from bot.app import App
from bot.documents import form_files, pdf
from storage.connections.database import transaction
from storage.reports import reports
from tests.support.corpus import CORPUS
from tests.support.form_files import Document, bound, taken
from tests.support.office_browser import Browser, at
from tests.support.office_scene import head
from tests.support.talk import NOON

pypdf = pytest.importorskip("pypdf")


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


def tight(text: str) -> str:
    return re.sub(r"[\s_]+", "", text)


def words_of(content: bytes) -> str:
    return tight("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages))


@pytest.mark.skipif(pdf.lacks() != "", reason="the extra `pdf` or a Chinese font is missing")
def test_it_says_what_the_docx_says_and_nothing_else(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", "大数据 1 2 120 80 60 90000.5", "两个班是三季度开的 <b>&")
    wang.presses("附页")
    wang.presses("写经验做法")
    wang.says("校企合办。\n送教上门。")
    wang.says("填报", "提交", "提交")
    wang.presses("打印盖章用表")
    paper = Document(taken(wang, app, ".docx"))
    with transaction(app.engine, read_only=True) as connection:
        latest = reports.snapshot(connection, 1, "2026Q4").latest
        assert latest is not None
        made, again = (form_files.as_pdf(connection, CORPUS, latest.id, app.keys) for _ in range(2))
    assert made == again
    left = words_of(made)
    cells = [text for row in paper.table(1) for text, _, _ in row]
    for said in sorted({*paper.paragraphs, *cells}, key=len, reverse=True):
        if tight(said) and len(tight(said)) > 1:
            assert tight(said) in left, said
            left = left.replace(tight(said), "")
    left = re.sub(r"2026Q4-0001-01第\d页，共\d页", "", left)
    assert not re.sub(r"[\d,.—附件]", "", left), left


async def test_where_none_can_be_made_the_page_says_why_and_offers_others(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer, wang = head(app), bound(app)
    wang.says("填报 2026Q4", "大数据 3 2 120 80 60 90000", "提交", "提交")
    browser = await Browser(app).enters(officer)
    for lacks, said in (("extra", "没有装 PDF 组件"), ("font", "没有中文字体")):
        monkeypatch.setattr(pdf, "lacks", lambda lacks=lacks: lacks)
        for path in ("/office/form/1/pdf", "/office/summary/pdf?quarter=2026Q4"):
            await browser.opens(path)
            assert browser.status == 409
            assert said in browser.text
        await browser.opens("/office/form/1/pdf")
        assert 'href="/office/form/1/docx"' in browser.page
        wang.says("打印")
        wang.presses("要 PDF")
        assert said in wang.text


@pytest.mark.skipif(pdf.lacks() != "", reason="the extra `pdf` or a Chinese font is missing")
async def test_the_summary_says_what_its_page_says(app: App) -> None:
    officer, wang = head(app), bound(app)
    wang.says("填报 2026Q4", "大数据 3 2 120 80 60 90000.5", "提交", "提交")
    browser = await Browser(app).enters(officer)
    await browser.opens("/office/summary?quarter=2026Q4")
    passage = re.sub("<[^>]+>", "", browser.page.split('id="words">')[1].split("</p>")[0])
    await browser.opens("/office/summary/pdf?quarter=2026Q4")
    assert browser.response.headers["content-type"] == "application/pdf"
    said = words_of(browser.response.content)
    assert tight(passage) in said
    assert "90,000.50" in said


@pytest.mark.skipif(pdf.lacks() != "", reason="the extra `pdf` or a Chinese font is missing")
def test_a_result_is_handed_over_as_pdf_too(app: App) -> None:
    wang = bound(app)
    wang.says("打印")
    li = bound(app, "li", "乙校")
    li.says("我能不能参加培训")
    for _ in range(12):
        if "结果卡" in li.labels:
            break
        li.presses(li.labels[0])
    li.presses("结果卡")
    page = taken(li, app, ".html").decode()
    li.presses("要 PDF")
    made = words_of(taken(li, app, ".pdf"))
    title = re.search(r"<h1>([^<]*)", page)
    assert title is not None
    assert tight(title[1]) in made
