"""The office's pictures in the README, taken of a made-up city: `python -m tests.support.pictures FOLDER`.

Those of the chat are what the browser tests see:
`SCREENSHOTS=FOLDER python -m pytest tests/channels/test_browser.py`.
"""

from __future__ import annotations

import re
import sys
import tempfile
import threading
import time
from pathlib import Path

import uvicorn
from playwright.sync_api import sync_playwright

from bot import server
from bot.app import App
from storage.connections.database import transaction
from storage.institutions import institutions
from storage.reports import decisions, reports
from tests.conftest import make_app
from tests.support.office_scene import OFFICER, accepted, head, reports_, school
from tests.support.real_browser import DESK, SWITCHES, chromium
from tests.support.talk import NOON

Q3, Q4 = "2026Q3", "2026Q4"
CITY = {
    "海岸技师学院": ("环翠区", "大数据 3 2 120 80 60 90000\n智能制造 2 1 64 40 22 33000"),
    "浪花数据培训学校": ("经区", "大数据 2 2 80 60 45 67500\n区块链 1 1 30 28 28 42000"),
    "天鹅湖职业学校": ("荣成市", "物联网 1 0 36 20 0 0"),
    "昆仑技师学院": ("文登区", "智能制造 4 3 150 110 90 135000"),
    "临港智造培训中心": ("临港区", "人工智能 1 0 40 0 0 0"),
    "云帆培训学校": ("经区", ""),
    "银滩职业学校": ("乳山市", ""),
}


def city(app: App) -> None:
    """Two quarters: accepted, waiting, returned, a draft, and one that is missing."""
    for name, (district, figures) in CITY.items():
        contact = school(app, name, district, channel="web")
        if figures:
            reports_(contact, Q3, figures.replace("120", "110").replace("36", "30").replace("150", "160"))
            accepted(app, name, Q3)
            reports_(contact, Q4, figures)
        elif name == "云帆培训学校":
            contact.says(f"填报 {Q4}", "大数据", "3")
    for name in ("海岸技师学院", "浪花数据培训学校", "昆仑技师学院"):
        accepted(app, name, Q4)
    with transaction(app.engine) as connection:
        found = institutions.find(connection, "天鹅湖职业学校")
        assert found
        latest = reports.snapshot(connection, found.id, Q4).latest
        assert latest
        place = ("物联网", "trained", "和报省厅的名册差 4 人")
        decisions.return_(connection, latest.id, [place], OFFICER, NOON)


def take(app: App, port: int, folder: Path) -> None:
    """Enter by the link from the chat, and take the pages' pictures."""
    officer = head(app)
    city(app)
    officer.says("工作台")
    link = re.search(r"/office/enter/[\w-]+", officer.text)
    assert link
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=SWITCHES)
        page = browser.new_context(viewport=DESK, locale="zh-CN").new_page()
        page.goto(f"http://127.0.0.1:{port}{link[0]}")
        page.get_by_role("button", name="进入工作台").click()
        page.wait_for_load_state()
        page.screenshot(path=folder / "board.png")
        page.goto(f"http://127.0.0.1:{port}/office/summary?quarter={Q4}")
        page.screenshot(path=folder / "summary.png")
        browser.close()


def main() -> None:
    """Serve on a free port with the clock at the end of a quarter."""
    server.now = lambda: NOON
    with tempfile.TemporaryDirectory() as name:
        app = make_app(f"sqlite:///{name}/bot.sqlite3", Path(name))
        web_server = uvicorn.Server(uvicorn.Config(server.application(app), port=0, log_level="warning"))
        thread = threading.Thread(target=web_server.run)
        thread.start()
        while not web_server.started:
            time.sleep(0.05)
        port = web_server.servers[0].sockets[0].getsockname()[1]
        app.assistant.url = f"http://127.0.0.1:{port}"
        try:
            take(app, port, Path(sys.argv[1]))
        finally:
            web_server.should_exit = True
            thread.join()


if __name__ == "__main__":
    main()
