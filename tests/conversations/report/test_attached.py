"""Separate pages and the stamped scan: kept with the report, for the right people only."""

from __future__ import annotations

import asyncio
import io
import os
import re
import threading
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.app import App
from bot.core.messages import FileRef
from bot.documents import attachments as incoming_files
from bot.documents import media_type
from bot.documents import store as document_store
from bot.features.report import page_dialog
from bot.server import application
from storage.connections.database import transaction
from storage.reports import attachments
from storage.schema.contact import attachment, received_file
from storage.schema.core import account, membership, report, revision
from tests.conftest import contact_code, office_code
from tests.support.form_files import FIGURES, JPG, PDF, PNG, bound, reported, send, sheet, taken
from tests.support.talk import NOON, Person
from tests.support.web_visitor import Visitor, noon  # noqa: F401
from tests.support.web_visitor import reported as reported_on_the_web


def kept(app: App, kind: str = "") -> list[tuple[str, str, str]]:
    """(quarter, kind, name) of everything attached to a report."""
    query = (
        select(report.c.quarter, attachment.c.kind, attachment.c.name)
        .join(revision, revision.c.report_id == report.c.id)
        .join(attachment, attachment.c.revision_id == revision.c.id)
        .order_by(revision.c.id, attachment.c.at, attachment.c.name)
    )
    with transaction(app.engine, read_only=True) as connection:
        return [tuple(row) for row in connection.execute(query) if not kind or row.kind == kind]


def stored(app: App) -> list[bytes]:
    """The contents kept in the data folder."""
    folder = app.settings.data_dir / incoming_files.FOLDER
    return sorted(p.read_bytes() for p in folder.iterdir()) if folder.exists() else []


def stamped_in(app: App, quarter: str = "2026Q4") -> int:
    with transaction(app.engine, read_only=True) as connection:
        return len(attachments.stamped_in(connection, quarter))


# -- the stamped form


@pytest.mark.parametrize(("name", "content"), [("盖章.jpg", JPG), ("盖章.PNG", PNG), ("扫描.pdf", PDF)])
def test_a_scan_is_asked_about_and_kept_with_what_was_submitted(
    either_app: App, name: str, content: bytes
) -> None:
    wang = reported(either_app)
    assert stamped_in(either_app) == 0
    send(wang, either_app, name, content)
    assert wang.labels == ["盖章件（2026Q4）", "不用了"]
    wang.presses("盖章件")
    assert "已收" in wang.text
    assert kept(either_app) == [("2026Q4", "stamped", name)]
    assert stored(either_app) == [content]
    assert stamped_in(either_app) == 1
    wang.says("填报 2026Q4")
    assert "盖章件：已收" in wang.text


def test_the_caption_says_what_it_is(app: App) -> None:
    wang = reported(app)
    send(wang, app, "1.jpg", JPG, "这是盖章的表")
    assert kept(app, "stamped")


def test_the_stamp_may_come_weeks_later(app: App) -> None:
    wang = reported(app)
    wang.now += timedelta(days=40)  # by then another quarter is the one people report
    send(wang, app, "盖章.jpg", JPG)
    wang.presses("盖章件（2026Q4）")
    assert stamped_in(app) == 1
    send(wang, app, "又一张.jpg", PNG, "盖章件")
    assert wang.labels[0] != "盖章件（2026Q4）"  # it has one


def test_who_speaks_for_two_is_asked_whose_it_is(either_app: App) -> None:
    wang = reported(either_app)
    wang.says(f"绑定 {contact_code(either_app, '荣成职校')}", "填报 2026Q4")
    wang.presses("荣成职校")
    wang.says(FIGURES, "提交", "提交")
    assert "系统已收到：荣成职校" in wang.text
    wang.says("菜单")
    send(wang, either_app, "盖章.jpg", JPG, "盖章")
    assert [label.split()[0] for label in wang.labels[:2]] == ["盖章件（威海数字培训学校", "盖章件（荣成职校"]
    wang.presses("盖章件（荣成职校")
    with transaction(either_app.engine, read_only=True) as connection:
        assert len(attachments.stamped_in(connection, "2026Q4")) == 1


def test_a_wrong_scan_can_be_taken_off_until_it_was_accepted(app: App, officer: Person) -> None:
    wang = reported(app)
    send(wang, app, "自拍.jpg", JPG, "盖章件")
    wang.presses("看附件")
    wang.presses("去掉 1. 自拍.jpg")
    assert kept(app) == []
    assert "待补" in wang.text
    send(wang, app, "盖章.png", PNG, "盖章件")
    wang.presses("看附件")
    off = wang.token("去掉 1. 盖章.png")
    officer.says("待审")
    officer.presses("威海数字培训学校")
    officer.presses("审核通过")
    wang.presses_token(off)
    assert kept(app, "stamped")


def test_a_correction_has_to_be_stamped_anew(app: App) -> None:
    wang = reported(app)
    send(wang, app, "盖章.jpg", JPG, "盖章件")
    wang.says("填报 2026Q4")
    wang.presses("更正")
    wang.says("数错了", "大数据 已培训人数 121", "提交", "提交")
    assert "盖章扫描件：待补" in wang.text
    assert stamped_in(app) == 0


def test_what_was_returned_is_not_stamped(app: App, officer: Person) -> None:
    wang = reported(app)
    officer.says("待审")
    officer.presses("威海数字培训学校")
    officer.presses("退回")
    officer.says("大数据", "已培训人数", "请核对", "退回")
    send(wang, app, "盖章.jpg", JPG)
    assert not any(label.startswith("盖章件") for label in wang.labels)


def test_the_same_file_twice_is_one(app: App) -> None:
    wang = reported(app)
    send(wang, app, "盖章.jpg", JPG, "盖章件")
    send(wang, app, "盖章.jpg", JPG, "盖章件")
    assert len(kept(app)) == 1


# -- the web chat


async def test_an_upload_in_a_browser_survives(app: App, tmp_path: Path) -> None:
    wang = await reported_on_the_web(Visitor(app), app)
    await wang.sends_file("盖章.jpg", JPG)
    await wang.presses("盖章件（2026Q4）")
    assert stored(app) == [JPG]
    assert list((tmp_path / "data" / "incoming").iterdir()) == []
    await wang.presses("看附件")
    await wang.opens(re.findall(r'href="(/file/\d+/\d+)"', wang.page)[-1])
    assert wang.response.content == JPG
    assert wang.response.headers["content-type"] == "image/jpeg"


async def test_the_kept_copy_stands_before_the_message_is_applied(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang = await reported_on_the_web(Visitor(app), app)
    seen: list[list[bytes]] = []
    begin = attachments.receive

    def looking(*arguments: object, **kw: object) -> object:
        seen.append(stored(app))
        return begin(*arguments, **kw)  # type: ignore[arg-type]

    monkeypatch.setattr(attachments, "receive", looking)
    await wang.sends_file("盖章.jpg", JPG)
    assert seen == [[JPG]]


async def test_an_old_link_serves_only_those_whose_file_it_is(app: App) -> None:
    wang = await reported_on_the_web(Visitor(app), app)
    await wang.sends_file("盖章.jpg", JPG)
    await wang.presses("盖章件（2026Q4）")
    await wang.presses("看附件")
    link = re.findall(r'href="(/file/\d+/\d+)"', wang.page)[-1]
    other = await Visitor(app).opens()
    await other.says("退休了能报吗")
    await other.opens(link)
    assert other.status == 404
    with transaction(app.engine) as connection:
        connection.execute(update(membership).values(revoked_at=NOON))
    await wang.opens(link)
    assert wang.status == 404
    assert "没有找到这个文件" in wang.notice


async def test_a_kept_file_that_is_gone_is_said_kindly(app: App) -> None:
    wang = await reported_on_the_web(Visitor(app), app)
    await wang.sends_file("盖章.jpg", JPG)
    await wang.presses("盖章件（2026Q4）")
    await wang.presses("看附件")
    link = re.findall(r'href="(/file/\d+/\d+)"', wang.page)[-1]
    for path in (app.settings.data_dir / incoming_files.FOLDER).iterdir():
        path.unlink()
    await wang.opens(link)
    assert wang.status == 404


def test_who_may_have_what(either_app: App) -> None:
    app = either_app
    wang, zhao = reported(app), reported(app, "zhao", "荣成职校")
    zhang, li = Person(app.assistant, "zhang"), Person(app.assistant, "li")
    zhang.says(f"绑定 {office_code(app, 'staff')}")
    li.says("你好")
    send(wang, app, "盖章.jpg", JPG, "盖章件")
    wang.presses("看附件")
    refs = [wang.files[0]]
    wang.presses("打印盖章用表")
    refs += wang.files
    wang.says("历史", "下载表格")
    drafts = [f for f in wang.files if f.kind == "form-draft"]
    refs.append(FileRef("form", "a.xlsx", refs[1].args))
    totals = FileRef("aggregate", "b.xlsx", {"quarter": "2026Q4", "accepted_only": False})

    def may(person: Person) -> list[bool]:
        with transaction(app.engine, read_only=True) as connection:
            me = connection.execute(
                select(account.c.person_id).where(account.c.sender == person.name)
            ).scalar_one()
        return [app.files.may_have(me, ref) for ref in [*refs, *drafts, totals]]

    assert [ref.kind for ref in refs] == ["attachment", "form-docx", "form"]
    assert may(wang) == [True, True, True, True, False]
    assert may(zhao) == may(li) == [False] * 5
    assert may(zhang) == [True, True, True, False, True]


# -- separate pages


def test_pages_as_text_and_files_go_with_the_draft_and_are_reviewed(either_app: App) -> None:
    wang = bound(either_app)
    wang.says("填报 2026Q4", FIGURES)
    wang.presses("附页")
    wang.presses("写配套措施")
    wang.says("市里印发了若干措施。\n我校减免学费。")
    assert "已记下" in wang.text
    send(wang, either_app, "措施.docx", word("若干措施"))
    wang.presses("配套措施（2026Q4）")
    send(wang, either_app, "做法.xlsx", sheet(["做法", "效果"], ["校企合办", "好"]), "经验做法")
    wang.says("填报")
    assert "措施.docx" in wang.text
    wang.says("附页")
    assert "我校减免学费。" in wang.text
    assert [f.name for f in wang.files] == ["1-措施.docx", "2-做法.xlsx"]
    assert kept(either_app) == [("2026Q4", "measures", "措施.docx"), ("2026Q4", "practice", "做法.xlsx")]
    wang.presses("去掉 1.")
    assert len(kept(either_app)) == 1
    wang.says("填报", "提交", "提交")
    assert "系统已收到" in wang.text
    wang.says("填报 2026Q4")
    wang.presses("更正")
    wang.says("数错了")  # the next revision begins with them
    assert len(kept(either_app)) == 2


def test_a_page_can_be_written_before_any_figure_and_taken_out_again(app: App) -> None:
    wang = bound(app)
    wang.says("附页")
    wang.presses("写问题")
    wang.says("脱产难")
    wang.says("附页")
    assert "脱产难" in wang.text
    wang.presses("改问题")
    wang.presses("清空")
    wang.says("附页")
    assert "脱产难" not in wang.text


def test_a_page_that_is_too_long_says_so_and_waits(app: App) -> None:
    wang = bound(app)
    wang.says("附页")
    wang.presses("写问题")
    wang.says("长" * (page_dialog.LONGEST + 1))
    assert str(page_dialog.LONGEST) in wang.text
    wang.says("脱产难")
    assert "已记下" in wang.text


def test_no_more_files_than_may_be(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MOST", 2)
    wang = bound(app)
    for number in range(3):
        send(wang, app, f"{number}.jpg", JPG + bytes([number]), "经验")
    assert "最多 2 个" in wang.text
    assert len(kept(app)) == 2


def test_however_many_pages_there_are_the_stamped_form_finds_its_place(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MOST", 2)
    wang = bound(app)
    for number in range(2):
        send(wang, app, f"{number}.jpg", JPG + bytes([number]), "经验")
    wang.says("填报 2026Q4", FIGURES, "提交", "提交")
    send(wang, app, "盖章.jpg", JPG, "盖章件")
    assert stamped_in(app) == 1


def test_after_submitting_a_page_goes_with_a_correction(app: App) -> None:
    wang = bound(app)
    send(wang, app, "做法.pdf", PDF)
    late = wang.token("经验做法")
    wang.says("填报 2026Q4", FIGURES, "提交", "提交")
    wang.presses_token(late)
    assert "更正" in wang.text
    assert kept(app) == []


# -- what is not taken


def word(text: str, **parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f"<w:document><w:t>{text}</w:t></w:document>")
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def encrypted() -> bytes:
    content = bytearray(word("密"))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (start := content.find(mark, start)) >= 0:
            content[start + at] |= 1
            start += 4
    return bytes(content)


REFUSED = [
    ("程序.exe", b"MZ\x90\x00", "kind"),
    ("网页.pdf", b"<html>", "kind"),
    ("图.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "kind"),
    ("压缩.zip", b"PK\x03\x04 no zip", "broken"),
    ("随便.txt", "随便写的".encode(), "kind"),
    ("空.pdf", b"", "empty"),
    ("大.pdf", b"%PDF-" + b"0" * media_type.LONGEST, "large"),
    ("炸弹.docx", word("弹", **{"word/big.xml": b"0" * 13 * 1024 * 1024}), "large"),
    ("实体.docx", word("体", **{"word/e.xml": b'<!DOCTYPE a [<!ENTITY b "c">]>'}), "broken"),
    ("宏.docx", word("宏", **{"word/vbaProject.bin": b"x"}), "macro"),
    ("很多.docx", word("多", **{f"word/{i}.xml": b"x" for i in range(400)}), "large"),
    ("密码.docx", encrypted(), "broken"),
    ("名册.xlsx", sheet(["姓名", "身份证号"], ["甲", "x"]), "roster"),
    ("名册.docx", word("371002199001011234 371002199001011235 371002199001011236"), "roster"),
    ("名册.csv", ("姓名,电话\n" + "\n".join(f"甲,1380000000{i}" for i in range(6))).encode(), "roster"),
]
SAID = {
    "kind": "不是能收的类型",
    "broken": "打不开",
    "empty": "没有收到内容",
    "large": "太大",
    "macro": "带有宏",
    "roster": "名册请直接报省厅",
}


@pytest.mark.parametrize(("name", "content", "reason"), REFUSED, ids=[name for name, _, _ in REFUSED])
def test_what_is_not_taken_gets_a_sentence_and_leaves_nothing(
    app: App, name: str, content: bytes, reason: str
) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", FIGURES)
    send(wang, app, name, content)
    assert SAID[reason] in wang.text
    assert "提交" in wang.labels  # the question that was open stands there again
    assert stored(app) == []
    assert kept(app) == []


def test_a_file_of_somebody_who_reports_nothing_is_not_kept(app: App) -> None:
    li = Person(app.assistant, "li")
    send(li, app, "照片.jpg", JPG, "退休了能报吗")
    assert "没有保存" in li.text
    assert "（三）" in li.text  # what was written beside it is answered
    assert stored(app) == []


def test_a_name_is_kept_safe_and_ends_as_what_the_file_is(app: App) -> None:
    wang = reported(app)
    send(wang, app, "../../盖章\n件.exe", PDF, "盖章")
    assert kept(app) == [("2026Q4", "stamped", "盖章_件.pdf")]


# -- keeping and sweeping


def aged(app: App, days: float) -> None:
    """Everything in the data folder came that long before NOON."""
    at = (NOON - timedelta(days=days)).timestamp()
    for path in app.settings.data_dir.rglob("*"):
        if path.is_file() and path.name != "secret.key":
            os.utime(path, (at, at))


def test_what_nobody_wants_is_swept_and_what_is_attached_stays(either_app: App) -> None:
    app = either_app
    wang = reported(app)
    send(wang, app, "盖章.jpg", JPG, "盖章件")
    send(wang, app, "没说是什么.pdf", PDF)
    meant = wang.token("盖章件（2026Q4）")
    aged(app, 0)
    assert incoming_files.sweep(app.engine, app.settings.data_dir, NOON - timedelta(days=1)) == 0
    aged(app, 40)
    assert incoming_files.sweep(app.engine, app.settings.data_dir, NOON + timedelta(days=1)) == 1
    assert stored(app) == [JPG]
    wang.presses_token(meant)  # says so, instead of attaching a file without content
    assert "该按钮已失效" in wang.text
    assert len(kept(app)) == 1


def test_a_file_that_comes_again_while_it_is_swept_stays(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    wang = reported(app)
    send(wang, app, "盖章.jpg", JPG)
    aged(app, 40)
    wanted = attachments.wanted

    def and_then_it_comes(*arguments: object) -> set[str]:
        found = wanted(*arguments)  # type: ignore[arg-type]
        send(wang, app, "盖章.jpg", JPG, "盖章件")
        return found

    monkeypatch.setattr(attachments, "wanted", and_then_it_comes)
    assert incoming_files.sweep(app.engine, app.settings.data_dir, NOON - timedelta(days=30)) == 0
    assert stored(app) == [JPG]
    assert kept(app, "stamped")


def test_a_crash_while_sweeping_loses_nothing(app: App) -> None:
    wang = reported(app)
    send(wang, app, "盖章.jpg", JPG, "盖章件")
    folder = app.settings.data_dir / incoming_files.FOLDER
    (path,) = folder.iterdir()
    path.rename(path.with_name(path.name + ".going"))
    aged(app, 40)
    incoming_files.sweep(app.engine, app.settings.data_dir, NOON - timedelta(days=30))
    assert list(folder.iterdir()) == [path]


def test_many_at_once_keep_one_file(tmp_path: Path) -> None:
    digest = "d" * 64
    threads = [threading.Thread(target=incoming_files.keep, args=(JPG, digest, tmp_path)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [p.read_bytes() for p in (tmp_path / incoming_files.FOLDER).iterdir()] == [JPG]


def test_files_under_way_that_a_crash_left_are_removed(app: App) -> None:
    data = app.settings.data_dir
    document_store.store_incoming("a.pdf", PDF, data)
    app.files.write(FileRef("route", "a.html", {"on": "2026-12-30", "about": "self", "facts": {}}))
    aged(app, 1)
    assert document_store.sweep_passing(data, NOON - timedelta(days=2)) == 0
    assert document_store.sweep_passing(data, NOON) == 2


async def test_serving_sweeps_once_a_day(app: App) -> None:
    wang = bound(app)
    send(wang, app, "没说是什么.pdf", PDF)
    aged(app, 40)
    with transaction(app.engine) as connection:
        connection.execute(update(received_file).values(at=NOON - timedelta(days=40)))
    asgi = application(app)
    async with asgi.router.lifespan_context(asgi):
        async with asyncio.timeout(60):
            while stored(app):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert stored(app) == []


def test_files_of_one_name_do_not_replace_each_other_on_disk(app: App) -> None:
    wang, zhao = reported(app), reported(app, "zhao", "荣成职校")
    paths = []
    for person, content in ((wang, JPG), (zhao, PNG)):
        send(person, app, "盖章.jpg", content, "盖章件")
        person.presses("看附件")
        paths.append(app.files.write(person.files[0]))
    assert [p.read_bytes() for p in paths] == [JPG, PNG]
    assert paths[0].name == "1-盖章.jpg"


def test_the_document_that_was_sent_can_be_had_again(app: App) -> None:
    wang = bound(app)
    wang.says("附页")
    content = word("做法")
    send(wang, app, "做法.docx", content, "经验")
    wang.presses("看附件")
    assert taken(wang, app) == content


# -- what contacts met


def test_a_stamped_photo_before_submitting_waits_for_the_receipt(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", FIGURES)
    send(wang, app, "盖章.jpg", JPG)
    wang.presses("是盖章件")
    assert "先提交" in wang.text
    wang.says("填报", "提交", "提交")
    wang.presses("“盖章.jpg”是盖章件")
    assert kept(app) == [("2026Q4", "stamped", "盖章.jpg")]


def test_its_caption_says_so_too(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", FIGURES)
    send(wang, app, "盖章.jpg", JPG, "盖章件")
    assert "先提交" in wang.text
    assert "提交" in wang.labels  # what was asked is asked again
    send(wang, app, "做法.jpg", PNG, "经验做法")
    wang.says("填报", "提交", "提交")
    assert [label for label in wang.labels if "是盖章件" in label] == ["“盖章.jpg”是盖章件"]


@pytest.mark.parametrize(
    ("typed", "kind"),
    [("经验做法", "practice"), ("配套措施", "measures"), ("问题", "problems"), ("经验", "practice")],
)
def test_what_a_file_is_may_be_typed_without_the_quarter(app: App, typed: str, kind: str) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", FIGURES)
    send(wang, app, "文件.pdf", PDF)
    wang.says(typed)
    assert kept(app) == [("2026Q4", kind, "文件.pdf")]


@pytest.mark.parametrize("typed", ["没有", "无", "暂无。", "没有问题"])
def test_a_page_that_says_there_is_nothing_is_no_page(app: App, typed: str) -> None:
    wang = bound(app)
    wang.says("附页")
    wang.presses("写问题")
    wang.says(typed)
    assert "没有文字" in wang.text
    wang.says("附页")
    wang.presses("写问题")
    wang.says("脱产难")
    wang.says("附页")
    assert "改问题" in wang.labels and "写经验做法" in wang.labels


OLE = bytes.fromhex("d0cf11e0a1b11ae1")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("总结.doc", OLE + "WordDocument".encode("utf-16-le") + b"\0" * 600),
        ("情况表.xls", OLE + "Workbook".encode("utf-16-le") + b"\0" * 600),
        ("总结.wps", OLE + b"\0" * 600),
        ("情况表.et", b"something else"),
    ],
)
def test_old_formats_are_to_be_saved_anew(app: App, name: str, content: bytes) -> None:
    wang = bound(app)
    send(wang, app, name, content)
    assert ".xlsx" in wang.text and "另存" in wang.text
    assert stored(app) == []


def test_a_form_of_somebody_not_bound_yet(app: App) -> None:
    li = Person(app.assistant, "li")
    send(li, app, "数字技术工程师培育项目开展情况表.xlsx", sheet(["名称"]))
    assert "绑定" in li.text
    send(li, app, "照片.jpg", JPG)
    assert "现在不需要文件" in li.text
