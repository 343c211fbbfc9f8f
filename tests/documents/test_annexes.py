"""All separate pages of a quarter: one document for the office, or a zip with every file."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import pytest

from bot.app import App
from bot.documents import annexes, docx
from bot.documents import attachments as incoming_files
from storage.connections.database import transaction
from storage.reports.attachments import Annexed, Attached, Pages
from tests.conftest import office_code
from tests.support.corpus import CORPUS
from tests.support.form_files import FIGURES, JPG, PDF, PNG, Document, bound, reported, send
from tests.support.office_browser import Browser, at
from tests.support.office_scene import head
from tests.support.talk import NOON, Person


@pytest.fixture
def quarter(either_app: App) -> App:
    """荣成职校 with pages and files, 文登技校 with one file, 威海数字培训学校 with figures only."""
    zhao = bound(either_app, "zhao", "荣成职校")
    zhao.says("填报 2026Q4", FIGURES)
    zhao.presses("附页")
    zhao.presses("写问题")
    zhao.says("脱产难。\n<b>经费</b>不足。")
    send(zhao, either_app, "做法.pdf", PDF, "经验")
    send(zhao, either_app, "做法.pdf", PDF + b"2", "经验")
    zhao.says("填报", "提交", "提交")
    send(zhao, either_app, "盖章.jpg", JPG, "盖章件")
    sun = bound(either_app, "sun", "文登技校")
    send(sun, either_app, "措施.png", PNG, "措施")
    sun.says("填报 2026Q4", FIGURES, "提交", "提交")
    reported(either_app)
    return either_app


def merged(app: App, accepted_only: bool = False) -> Document:
    with transaction(app.engine, read_only=True) as connection:
        content = annexes.merged_pages(connection, CORPUS.form, "2026Q4", accepted_only)
        assert content == annexes.merged_pages(connection, CORPUS.form, "2026Q4", accepted_only)
    return Document(content)


def zipped(app: App) -> tuple[dict[str, bytes], list[str]]:
    with transaction(app.engine, read_only=True) as connection:
        written = []
        for _ in range(2):
            target = io.BytesIO()
            missing = annexes.annex_zip(connection, CORPUS.form, "2026Q4", app.settings.data_dir, target)
            written.append(target.getvalue())
    assert written[0] == written[1]
    with zipfile.ZipFile(io.BytesIO(written[0])) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}, missing


def test_one_document_for_the_quarter_says_whose_and_how_many(quarter: App) -> None:
    paper = merged(quarter)
    said = paper.paragraphs
    assert said[0] == "2026年第4季度情况表附页汇编"
    assert "计入 3/3 家" in said[1]
    assert "其中 2 家有附页" in said[1]
    assert "含未审" in said[1]
    schools = [p for p in said if "．" in p]
    assert [name[2:6] for name in schools] == ["文登技校", "荣成职校"]
    assert said.index("<b>经费</b>不足。") == said.index("脱产难。") + 1
    assert said[-1] == "威海数字培训学校"
    assert said.count("附件 1：做法.pdf") == said.count("附件 2：做法.pdf") == 1
    assert "盖章.jpg" not in paper.text  # the stamped form is no separate page


def test_only_what_was_accepted(quarter: App) -> None:
    officer = Person(quarter.assistant, "zhang")
    officer.says(f"绑定 {office_code(quarter)}", "待审")
    officer.presses("荣成职校")
    officer.presses("审核通过")
    paper = merged(quarter, accepted_only=True)
    assert "计入 1/3 家" in paper.text
    assert "脱产难。" in paper.paragraphs
    assert "文登技校" not in paper.text


def test_a_quarter_without_any(app: App) -> None:
    paper = merged(app)
    assert "计入 0/0 家" in paper.text
    files, missing = zipped(app)
    assert list(files) == ["2026年第4季度情况表附页汇编.docx"]
    assert missing == []


def test_the_zip_holds_the_document_and_every_file_by_institution(quarter: App) -> None:
    files, missing = zipped(quarter)
    assert missing == []
    assert files.pop("2026年第4季度情况表附页汇编.docx")[:2] == b"PK"
    assert files == {
        "荣成职校/经验做法-做法.pdf": PDF,
        "荣成职校/经验做法-做法(2).pdf": PDF + b"2",
        "荣成职校/盖章件-盖章.jpg": JPG,
        "文登技校/配套措施-措施.png": PNG,
    }


def test_a_file_that_is_gone_is_named_and_hinders_nothing(quarter: App) -> None:
    folder = quarter.settings.data_dir / incoming_files.FOLDER
    next(p for p in folder.iterdir() if p.read_bytes() == PNG).unlink()
    files, missing = zipped(quarter)
    assert missing == ["文登技校/配套措施-措施.png"]
    assert "文登技校/配套措施-措施.png" in files["没有找到的文件.txt"].decode("utf-8-sig")
    assert len(files) == 5


def of(institution: str, *names: str) -> Annexed:
    listed = tuple(Attached("practice", name, f"{i}" * 64, "pdf", 1) for i, name in enumerate(names))
    return Annexed(1, institution, None, 1, 1, "submitted", Pages({}, listed))


@pytest.mark.parametrize(
    ("institution", "name"),
    [
        ("../../etc", "../../passwd.pdf"),
        ("C:\\学校", "a\\b.pdf"),
        ("学校/分校", "一/二.pdf"),
        ("学\x00校\n", "甲\x1f\n.pdf"),
        ("...", "...pdf"),
        ("学" * 300, "名" * 300 + ".pdf"),
        ('<>:"|?*', '<>:"|?*.pdf'),
    ],
)
def test_paths_in_the_zip_are_safe(institution: str, name: str) -> None:
    ((path, _),) = annexes.paths([of(institution, name)])
    folder, _, file = path.partition("/")
    assert folder.strip(". ")
    assert file.endswith(".pdf")
    assert len(path) <= 140
    assert not set('\\:*?"<>|\x00\x1f\n') & set(path)
    assert path.count("/") == 1
    assert ".." not in (folder, file)


def test_paths_in_the_zip_never_meet() -> None:
    found = [of("学校A", "a.pdf", "A.PDF", "a.pdf"), of("学校a", "a.pdf"), of("学校a:", "a.pdf"), of("空")]
    listed = [path for path, _ in annexes.paths(found)]
    assert len({path.casefold() for path in listed}) == len(listed) == 5
    assert listed == [path for path, _ in annexes.paths(found)]
    assert len({path.partition("/")[0] for path in listed}) == 3


def test_large_files_are_copied_piece_by_piece(app: App) -> None:
    for number in range(6):
        zhao = bound(app, f"p{number}", f"学校{number}")
        send(zhao, app, "做法.pdf", PDF + bytes([number]) * 8_000_000, "经验")
        zhao.says("填报 2026Q4", FIGURES, "提交", "提交")
    with transaction(app.engine, read_only=True) as connection, open("all.zip", "wb") as target:
        annexes.merged_pages(connection, CORPUS.form, "2026Q4", False)
        tracemalloc.start()
        annexes.annex_zip(connection, CORPUS.form, "2026Q4", app.settings.data_dir, target)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 16_000_000


def test_entries_are_dated_alike() -> None:
    assert docx.entry("a").date_time == docx.entry("b", stored=True).date_time == docx.FIXED


async def test_the_office_takes_them_away_in_the_browser(
    quarter: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOON)
    browser = await Browser(quarter).enters(head(quarter))
    await browser.opens("/office/summary?quarter=2026Q4")
    assert "2 家有附页" in browser.text
    await browser.submits("/office/summary/download", kind="pages")
    assert "脱产难。" in Document(browser.response.content).paragraphs
    await browser.opens("/office/summary?quarter=2026Q4")
    await browser.submits("/office/summary/download", kind="annexes")
    with zipfile.ZipFile(io.BytesIO(browser.response.content)) as archive:
        assert "荣成职校/盖章件-盖章.jpg" in archive.namelist()
    await browser.opens("/office/summary?quarter=2026Q4&accepted=1")
    assert "已审的报表里还没有附页" in browser.text


async def test_a_stamped_scan_alone_is_no_separate_page(
    either_app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOON)
    zhao = bound(either_app, "zhao", "荣成职校")
    zhao.says("填报 2026Q4", FIGURES, "提交", "提交")
    send(zhao, either_app, "盖章.jpg", JPG, "盖章件")
    assert "其中 0 家有附页" in merged(either_app).text
    browser = await Browser(either_app).enters(head(either_app))
    await browser.opens("/office/summary?quarter=2026Q4")
    assert "0 家有附页" in browser.text
    assert "1 家交了盖章件" in browser.text
    assert 'value="pages"' not in browser.page
    await browser.submits("/office/summary/download", kind="annexes")
    with zipfile.ZipFile(io.BytesIO(browser.response.content)) as archive:
        assert "荣成职校/盖章件-盖章.jpg" in archive.namelist()
