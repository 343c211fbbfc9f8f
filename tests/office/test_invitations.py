"""Codes that are handed over: a picture, a link and a sheet of paper, on the page and by command."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bot.app import App
from bot.cli import main
from bot.documents import qr
from storage.connections.database import transaction
from storage.institutions import roster
from tests.support.office_browser import Browser, at
from tests.support.office_scene import OFFICER, head
from tests.support.talk import NOON, Person

HOME = "https://bot.example.cn"
CODE = re.compile(r"[A-HJ-NP-Z2-9]{5}-[A-HJ-NP-Z2-9]{5}")


def test_the_web_address_comes_first_and_keeps_the_code_from_servers() -> None:
    assert qr.invite_link(HOME, "weihai_bot", "ABCDE-FGHJK") == f"{HOME}/#bind=ABCDE-FGHJK"
    assert qr.invite_link(None, "weihai_bot", "ABCDE-FGHJK") == "https://t.me/weihai_bot?start=ABCDE-FGHJK"
    assert qr.invite_link(None, None, "ABCDE-FGHJK") is None


def test_the_picture_needs_nothing_that_the_page_forbids() -> None:
    drawn = qr.svg(f"{HOME}/#bind=ABCDE-FGHJK")
    assert drawn.startswith("<svg ")
    assert not re.search(r"style=|<script|href", drawn)
    assert qr.svg(f"{HOME}/#bind=ABCDE-FGHJL") != drawn
    assert qr.png("x").startswith(b"\x89PNG")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_DATABASE_URL", f"sqlite:///{tmp_path}/bot.sqlite3")
    monkeypatch.setenv("BOT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("BOT_SECRET_KEY", "k" * 32)
    monkeypatch.setenv("BOT_PUBLIC_URL", HOME)
    return tmp_path


def test_a_sheet_and_pictures_are_written(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = ["invite", "--institution", "威海数字培训学校", "--letter", "a.html", "--qr", "a.png"]
    assert main(order) == 0
    (code,) = set(CODE.findall(capsys.readouterr().out))
    letter = (desk / "a.html").read_text("utf-8")
    assert qr.svg(f"{HOME}/#bind={code}") in letter
    assert code in letter
    assert HOME in letter
    assert (desk / "a.png").read_bytes() == qr.png(f"{HOME}/#bind={code}")
    assert main(order) == 1  # nothing is written over, and no code is lost by it
    assert not CODE.search(capsys.readouterr().out)


def test_without_an_address_there_is_a_sheet_and_no_picture(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BOT_PUBLIC_URL")
    assert main(["invite", "--office", "--qr", "a.svg"]) == 1
    assert "BOT_PUBLIC_URL" in capsys.readouterr().err
    assert main(["invite", "--office", "--letter", "a.html"]) == 0
    letter = (desk / "a.html").read_text("utf-8")
    assert "<svg" not in letter
    assert CODE.search(letter)


@pytest.mark.parametrize("home", [HOME, None])
async def test_the_page_shows_the_picture_and_prints_the_sheet(
    app: App, officer: Person, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    at(monkeypatch, NOON)
    browser = Browser(replace(app, settings=app.settings.model_copy(update={"public_url": home})))
    browser.client.base_url = httpx.URL("https://bot.test")  # its cookie goes out by https alone
    await browser.enters(officer)
    await browser.opens("/office/institutions")
    await browser.submits("/office/institutions", name="荣成海洋职校", district="", since="2026Q4", until="")
    assert browser.status == 200
    (code,) = set(CODE.findall(browser.page))
    drawn = qr.svg(f"{HOME}/#bind={code}")
    assert browser.page.count(drawn) == (2 if home else 0)  # on the screen, and on the sheet
    sheet = browser.page.partition('<section class="letter"')[2].partition("</section>")[0]
    assert code in sheet
    assert (HOME in sheet) is bool(home)
    await browser.opens("/office/institutions")
    assert "letter" not in browser.page


async def test_letters_for_all_come_in_one_file(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)
    officer = head(app)
    for name in ("甲校", "<b>乙校"):
        with transaction(app.engine) as connection:
            roster.create(connection, [roster.Wanted(name, None, "2026Q1")], OFFICER, NOON)
    browser = await Browser(app).enters(officer)
    await browser.opens("/office/institutions/codes")
    csrf = browser.form("/office/leave")[1]["csrf"]
    await browser.posts("/office/institutions/codes", csrf=csrf, scope="fresh", **{"as": "letters"})
    assert "attachment" in browser.response.headers["content-disposition"]
    assert browser.page.count('class="letter"') == 2
    assert "&lt;b&gt;乙校" in browser.page
    codes = re.findall(r"一次性邀请码：<b>([^<]+)</b>", browser.page)
    assert len(set(codes)) == 2
    li = Person(app.assistant, "li")
    li.says(f"绑定 {codes[0]}")
    assert "甲校" in li.text or "乙校" in li.text
