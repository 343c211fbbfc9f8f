"""The last day of a quarter: thirty contacts report at once, through two processes' worth of threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bot.assistant import Runner
from bot.core.messages import Incoming, Outgoing
from storage.connections.database import transaction
from storage.reports import board
from storage.totals import aggregates
from tests.conftest import contact_code, make_app
from tests.support.talk import NOON, Person

Q4 = "2026Q4"
THIRTY = range(1, 31)


class Desk:
    """Takes messages as a server does: from a loop, on the storage's threads."""

    def __init__(self, runner: Runner, loop: asyncio.AbstractEventLoop) -> None:
        self.runner, self.loop = runner, loop

    def handle(self, incoming: Incoming) -> list[Outgoing]:
        return asyncio.run_coroutine_threadsafe(self.runner.handle(incoming), self.loop).result(60)


@contextmanager
def loop_running() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_thirty_contacts_report_at_once(database_url: str, tmp_path: Path) -> None:
    houses = [make_app(database_url, tmp_path) for _ in range(2)]  # two servers on one database
    runners = [Runner(app.assistant) for app in houses]
    with loop_running() as loop:
        people = {
            n: Person(Desk(runners[n % 2], loop), f"contact{n}")  # type: ignore[arg-type]
            for n in THIRTY
        }
        for n, person in people.items():
            person.says(f"绑定 {contact_code(houses[0], f'第{n}培训学校')}", "王芳", "跳过")
        gate = threading.Barrier(len(people))

        def report(n: int) -> str:
            person = people[n]
            gate.wait(60)
            person.says("填报", Q4, f"大数据 3 2 {100 + n} 80 60 90000")
            person.says(f"区块链 1 1 {n} 0 0 0")
            person.says("提交", "提交")
            return person.text

        with ThreadPoolExecutor(len(people)) as pool:
            told = list(pool.map(report, THIRTY))
    assert [text for text in told if f"{Q4}-" not in text or "暂时无法保存" in text] == []
    with transaction(houses[0].engine, read_only=True) as connection:
        sums = {t.occupation: t.sums for t in aggregates.totals(connection, Q4, Q4, False)}
        lines = board.lines(connection, Q4, NOON)
    assert sums["大数据"]["trained"] == 3000 + sum(THIRTY)
    assert sums["区块链"]["trained"] == sum(THIRTY)
    assert {(line.state, line.number) for line in lines} == {("submitted", 1)}
    assert len(lines) == 30
    for runner, app in zip(runners, houses, strict=True):
        runner.close()
        app.engine.dispose()
