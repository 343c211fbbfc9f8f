"""The log: what an operator has to know, nothing that somebody typed."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from bot import router
from bot.app import App
from bot.core import log
from bot.core.refusals import EVERY_SECONDS, Refusals
from bot.server import forget_old, remind
from storage.connections.database import StorageUnavailable
from tests.conftest import contact_code, office_code
from tests.support.office_browser import Browser
from tests.support.talk import NOON, Person

# Not where they are raised: a line of the code may be told, what somebody typed may not.
SECRET, TYPED = "秘密", "乱收费的老赵"


@pytest.fixture(params=["text", "json"])
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Everything that is logged, as the operator finds it."""
    stream = io.StringIO()
    root = logging.getLogger()
    kept, level = list(root.handlers), root.level
    quiet = {name: logging.getLogger(name).level for name in log.QUIET}
    log.set_up(f"{request.param} debug", stream)
    yield stream
    root.handlers[:] = kept
    root.setLevel(level)
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)


def test_nothing_typed_stands_in_it(app: App, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversation of every kind, a fault of ours among it whose words are those of the person."""
    wang, zhang = Person(app.assistant, "wang"), Person(app.assistant, "zhang")
    typed = [f"绑定 {contact_code(app, '威海数字培训学校')}", "王芳芳", "13806310009"]
    typed += ["填报 2026Q4", "大数据 3711 2711 120711 80711 60711 9000711", "说明是往季班次", "提交"]
    typed += ["我想投诉", "有人乱收费四千五百元", "身份证 370602199001011234", "我能不能参加培训", "没有退休"]
    wang.says(*typed)
    asked = [f"绑定 {office_code(app)}", "工作台", "进度 2026Q4", "汇总 2026Q4", "待审"]
    zhang.says(*asked)

    def fails(turn: object, *_: object) -> None:
        raise ValueError(TYPED)

    with monkeypatch.context() as patched:
        patched.setattr(router, "respond", fails)
        wang.says(TYPED)
        number = re.search(r"[0-9A-F]{8}", wang.text)
    forget_old(app, NOON)
    remind(app, NOON)
    written = lines.getvalue()
    assert number and number[0] in written
    assert "ValueError" in written
    assert "purge" in written
    words = [word for text in [*typed, *asked, TYPED] for word in text.split()]
    assert [word for word in words if len(word) > 3 and word in written] == []


def test_a_line_says_when_and_how_grave(lines: io.StringIO, request: pytest.FixtureRequest) -> None:
    before = datetime.now().astimezone()
    log.event("purge", turns=3, pushes=None, files=0)
    (line,) = lines.getvalue().splitlines()
    if line.startswith("{"):
        found = json.loads(line)
        assert (found["level"], found["event"], found["turns"], found["files"]) == ("info", "purge", 3, 0)
        assert "pushes" not in found
        at = found["time"]
    else:
        at, level, _, told = line.split(" ", 3)
        assert (level, told) == ("INFO", "purge turns=3 files=0")
    assert at.endswith("+08:00")
    assert abs(datetime.fromisoformat(at) - before) < timedelta(minutes=5)


def test_an_exception_of_a_library_is_told_without_its_words(lines: io.StringIO) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    assert "ValueError" in lines.getvalue()
    assert "test_log.py" in lines.getvalue()
    assert SECRET not in lines.getvalue()


async def test_a_task_that_failed_is_told_without_its_words(lines: io.StringIO) -> None:
    async def fails() -> None:
        raise ValueError(SECRET)

    task = asyncio.create_task(fails())
    await asyncio.wait([task])
    context = {"message": "Task exception was never retrieved", "exception": task.exception(), "future": task}
    asyncio.get_running_loop().default_exception_handler(context)
    assert "never retrieved" in lines.getvalue()
    assert SECRET not in lines.getvalue()


def test_a_fault_again_and_again_is_a_line_each(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who makes us fail a thousand times fills no disk, and every number that was shown is found."""
    monkeypatch.setattr(log, "_PLACES", {})
    for number in range(50):
        try:
            raise ValueError(SECRET)
        except ValueError as error:
            log.incident(f"N{number}", "web", error)
    written = lines.getvalue()
    assert all(f"N{number}" in written for number in range(50))
    assert written.count("test_log.py") == 1


class TestRefusals:
    """A line at once, then one a minute with how many."""

    @pytest.fixture
    def clock(self) -> list[float]:
        return [0.0]

    @pytest.fixture
    def refusals(self, clock: list[float]) -> Refusals:
        return Refusals(lambda: clock[0])

    def told(self, caplog: pytest.LogCaptureFixture) -> list[object]:
        return [(r.fields["reason"], r.fields["times"]) for r in caplog.records]  # type: ignore[attr-defined]

    def test_an_outage_is_a_line_a_minute(
        self, refusals: Refusals, clock: list[float], caplog: pytest.LogCaptureFixture
    ) -> None:
        for second in range(150):
            clock[0] = float(second)
            refusals.note("web", "disk full")
        assert self.told(caplog) == [("disk full", 1), ("disk full", 60), ("disk full", 60)]
        refusals.flush()  # too early
        assert len(caplog.records) == 3
        clock[0] += EVERY_SECONDS
        refusals.flush()
        refusals.flush()
        assert self.told(caplog)[3:] == [("disk full", 29)]
        assert refusals.total == {("web", "disk full"): 150}

    def test_another_reason_is_told_at_once(
        self, refusals: Refusals, caplog: pytest.LogCaptureFixture
    ) -> None:
        refusals.note("web", "disk full")
        refusals.note("web", "unreachable")
        refusals.note("office", "disk full")
        assert len(caplog.records) == 3


async def test_what_the_office_is_refused_leaves_a_line(
    app: App, officer: Person, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await Browser(app).enters(officer)

    def unavailable(*_: object, **__: object) -> None:
        raise StorageUnavailable("gone") from OSError(28, "No space left on device")

    monkeypatch.setattr("bot.office.gate.transaction", unavailable)
    await browser.opens("/office")
    assert browser.status == 503
    assert "refused where=office reason=disk full" in caplog.text
