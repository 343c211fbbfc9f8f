"""A real browser on a phone's screen, and the served process it talks to."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.support.processes import ROOT, environment

PATIENCE = 60_000  # milliseconds that a busy machine may take to show something
expect.set_options(timeout=PATIENCE)
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 860}
SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Where the browser is, if there is one."""
    named = os.environ.get("CHROMIUM")
    found = (named, "/usr/bin/chromium", shutil.which("chromium-browser"), shutil.which("google-chrome"))
    return next((path for path in found if path and Path(path).exists()), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        missing = "no chromium: install it or set CHROMIUM to its path"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield launched
        launched.close()


@dataclass
class Server:
    """`python -m bot` as people run it, on a free port."""

    folder: Path
    port: int = 0

    def __enter__(self) -> Server:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=environment(self.folder, BOT_LISTEN=f"127.0.0.1:{self.port}"),
        )
        assert self.process.stdout
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        assert found
        self.url, self.port = found[0], int(found[1])
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running


@dataclass
class Visitor:
    """Somebody at a screen. Whatever goes wrong in the page is kept in `errors`."""

    page: Page
    errors: list[str]

    @property
    def newest(self) -> Any:
        """Our newest messages."""
        return self.page.locator(".newest")

    @property
    def last_said(self) -> Any:
        """What this person said last."""
        return self.page.locator(".said").last

    def settled(self) -> None:
        """Wait until the answer is there."""
        expect(self.page.locator("body.busy")).to_have_count(0)

    def says(self, *texts: str) -> None:
        """Type and send with the Enter key."""
        for text in texts:
            self.page.get_by_label("想问的话").fill(text)
            self.page.keyboard.press("Enter")
            self.settled()

    def presses(self, label: str) -> None:
        """Press a button of the newest messages."""
        self.newest.get_by_role("button", name=label).first.click()
        self.settled()

    def sees(self, *texts: str) -> None:
        """The newest messages hold these words."""
        for text in texts:
            expect(self.newest.filter(has_text=text).first).to_be_visible()

    def picture(self, name: str) -> None:
        """Save what is on the screen."""
        folder = Path(os.environ.get("SCREENSHOTS") or ROOT / "tests" / "screenshots")
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png")


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    contexts = []
    visitors = []

    def open_page(url: str = server.url, **options: Any) -> Visitor:
        phone = {"viewport": PHONE, "device_scale_factor": 1.3, "has_touch": True, "is_mobile": True}
        phone |= {"reduced_motion": "reduce", "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}
        context = browser.new_context(**{**phone, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        visitor = Visitor(page, [])
        page.on("pageerror", lambda error: visitor.errors.append(str(error)))
        page.on("console", lambda said: visitor.errors.extend([said.text] if said.type == "error" else []))
        page.goto(url)
        visitors.append(visitor)
        return visitor

    yield open_page
    for context in contexts:
        context.close()
    assert [v.errors for v in visitors if v.errors] == []


def fits(visitor: Visitor) -> bool:
    """Whether nothing sticks out sideways."""
    return bool(visitor.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
