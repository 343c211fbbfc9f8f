"""Messages that wait at the same time share a commit, and nothing else."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, insert, select

from bot import router
from bot.app import App
from bot.assistant import Runner
from bot.core.messages import Incoming, Outgoing
from bot.core.turn import Turn
from bot.registry import Registry
from storage.address import Address
from storage.connections.database import _WRITERS, StorageUnavailable, transaction
from storage.connections.group_commit import MOST, Tickets, Waited, driver
from storage.reports.reports import VersionConflict
from storage.schema.core import person, turn
from tests.conftest import make_app
from tests.support.processes import ROOT
from tests.support.talk import NOON


def message(sender: str, text: str = "菜单", id: str = "m1") -> Incoming:
    return Incoming(Address("terminal", "test", sender), id, NOON, text)


@pytest.fixture
def runner(app: App) -> Iterator[Runner]:
    made = Runner(app.assistant)
    yield made
    made.close()


@pytest.fixture
def commits(app: App) -> list[int]:
    """One entry a commit of the database."""
    found: list[int] = []
    event.listen(app.engine, "commit", lambda connection: found.append(1))
    return found


async def together(app: App, runner: Runner, sent: list[Incoming]) -> list[Any]:
    """Messages that all wait for the writer when it gets to them: what each was told, or its error."""
    with transaction(app.engine, alone=True):
        tasks = [asyncio.ensure_future(runner.handle(one)) for one in sent]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in tasks)
    return await asyncio.gather(*tasks, return_exceptions=True)


def turns(app: App) -> dict[str, str | None]:
    """Sender → incident of everybody's messages."""
    with transaction(app.engine, read_only=True) as connection:
        rows = connection.execute(select(turn.c.sender, turn.c.incident)).all()
    return {row.sender: row.incident for row in rows}


async def test_those_who_wait_share_one_commit(app: App, runner: Runner, commits: list[int]) -> None:
    said = await together(app, runner, [message(f"p{n}") for n in range(MOST)])
    assert len(commits) == 2  # the one that was waited for, and theirs
    assert all(isinstance(one, list) and one[0].choices for one in said)
    assert len(turns(app)) == MOST


async def test_more_than_one_commit_holds_take_two(app: App, runner: Runner, commits: list[int]) -> None:
    await together(app, runner, [message(f"p{n}") for n in range(MOST + 1)])
    assert len(commits) == 3
    assert len(turns(app)) == MOST + 1


async def test_one_alone_waits_for_nobody(app: App, runner: Runner, commits: list[int]) -> None:
    for n in range(3):
        assert await runner.handle(message("li", id=f"m{n}"))
    assert len(commits) == 3


async def test_messages_of_one_person_stay_in_order(app: App, runner: Runner) -> None:
    words = ["我能不能参加培训", "没有退休", "上一步", "不确定"]
    alone = [app.assistant.handle(message("alone", text, f"m{n}")) for n, text in enumerate(words)]
    sent = [message("li", text, f"m{n}") for n, text in enumerate(words)]
    said = await together(app, runner, sent)
    assert [[m.text for m in one] for one in said] == [[m.text for m in one] for one in alone]


def troubled(monkeypatch: pytest.MonkeyPatch, trouble: dict[str, list[BaseException]]) -> None:
    """Let the router write something and then fail for some senders, as often as is listed."""
    respond = router.respond

    def fails(turn: Turn, registry: Registry) -> list[Outgoing]:
        waiting = trouble.get(turn.incoming.address.sender)
        if waiting:
            turn.connection.execute(insert(person).values(name="half done", created_at=NOON))
            raise waiting.pop()
        return respond(turn, registry)

    monkeypatch.setattr(router, "respond", fails)


def half_done(app: App) -> int:
    with transaction(app.engine, read_only=True) as connection:
        query = select(func.count()).select_from(person).where(person.c.name == "half done")
        return int(connection.execute(query).scalar_one())


async def test_a_fault_undoes_its_own_message_only(
    app: App, runner: Runner, commits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    troubled(monkeypatch, {"p1": [ValueError()]})
    said = await together(app, runner, [message(f"p{n}") for n in range(4)])
    assert len(commits) == 2  # the incident stands in the same transaction
    found = turns(app)
    assert {sender for sender, incident in found.items() if incident} == {"p1"}
    assert found["p1"] in said[1][0].text
    assert len(found) == 4
    assert half_done(app) == 0
    assert app.assistant.handle(message("p1")) == said[1]  # it blocks nobody: the same again, the same answer


async def test_a_conflict_is_tried_again_within_the_same_commit(
    app: App, runner: Runner, commits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    troubled(monkeypatch, {"p1": [VersionConflict()]})
    said = await together(app, runner, [message(f"p{n}") for n in range(3)])
    assert said[0] == said[1] == said[2]
    assert len(commits) == 2
    assert half_done(app) == 0


@contextmanager
def failing(app: App, monkeypatch: pytest.MonkeyPatch, what: str) -> Iterator[None]:
    """BEGIN or COMMIT fails, as on a full disk."""

    def fails(connection: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(app.engine.dialect, what, fails)
        yield


@pytest.mark.parametrize("what", ["do_begin", "do_commit"])
async def test_a_failed_transaction_acknowledges_nobody(
    app: App, runner: Runner, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    sent = [message(f"p{n}") for n in range(5)]
    with failing(app, monkeypatch, what):
        told = await asyncio.gather(*(runner.handle(one) for one in sent), return_exceptions=True)
    assert all(isinstance(one, StorageUnavailable) for one in told)
    assert turns(app) == {}
    said = await together(app, runner, sent)  # the platform asks again
    assert all(isinstance(one, list) for one in said)
    assert len(turns(app)) == 5


async def test_a_transaction_that_is_lost_in_the_middle_acknowledges_nobody(
    app: App, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    respond = router.respond

    def loses(turn: Turn, registry: Registry) -> list[Outgoing]:
        if turn.incoming.address.sender == "p2":
            driver(turn.connection).execute("ROLLBACK")  # SQLite does so itself when the disk fails
            raise ValueError
        return respond(turn, registry)

    monkeypatch.setattr(router, "respond", loses)
    told = await together(app, runner, [message(f"p{n}") for n in range(4)])
    lost, after = told[:3], told[3]
    assert all(isinstance(one, StorageUnavailable) for one in lost)
    assert isinstance(after, (list, StorageUnavailable))  # applied in the next transaction, or asked again
    assert set(turns(app)) <= {"p3"}
    assert ("p3" in turns(app)) == isinstance(after, list)


async def test_a_reply_leaves_after_its_commit(
    app: App, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks: list[asyncio.Future[Any]] = []
    before: list[bool] = []
    commit = app.engine.dialect.do_commit

    def watched(connection: Any) -> None:
        before.extend(task.done() for task in tasks)
        commit(connection)

    monkeypatch.setattr(app.engine.dialect, "do_commit", watched)
    tasks += [asyncio.ensure_future(runner.handle(message(f"p{n}"))) for n in range(5)]
    await asyncio.gather(*tasks)
    assert before
    assert not before[0]
    assert all(task.done() for task in tasks)


async def test_what_was_queued_is_done_before_it_closes(app: App) -> None:
    runner = Runner(app.assistant)
    tasks = [asyncio.ensure_future(runner.handle(message(f"p{n}"))) for n in range(20)]
    await asyncio.sleep(0)
    await asyncio.to_thread(runner.close)
    assert all(await asyncio.gather(*tasks))
    with pytest.raises(RuntimeError):
        await runner.handle(message("late"))


async def test_other_work_shares_the_commit_and_fails_alone(
    app: App, runner: Runner, commits: list[int]
) -> None:
    def add(connection: Connection) -> str:
        connection.execute(insert(person).values(name="written", created_at=NOON))
        return "written"

    def breaks(connection: Connection) -> str:
        connection.execute(insert(person).values(name="half done", created_at=NOON))
        raise LookupError

    with transaction(app.engine, alone=True):
        work = [runner.write(add), runner.write(breaks), runner.handle(message("li"))]
        tasks = [asyncio.ensure_future(one) for one in work]
        await asyncio.sleep(0.05)
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert done[0] == "written"
    assert isinstance(done[1], LookupError)
    assert isinstance(done[2], list)
    assert len(commits) == 2
    assert half_done(app) == 0


def test_transactions_of_several_threads_share_a_commit(app: App, commits: list[int]) -> None:
    inside = threading.Barrier(9)

    def work(n: int) -> None:
        inside.wait(10)
        with transaction(app.engine) as connection:
            connection.execute(insert(person).values(name="half done", created_at=NOON))
            if n == 3:
                raise LookupError

    with ThreadPoolExecutor(8) as pool:
        with transaction(app.engine, alone=True):
            futures = [pool.submit(work, n) for n in range(8)]
            inside.wait(10)
            while len(_WRITERS[app.engine]._tickets._waiting) < 8:
                threading.Event().wait(0.005)
        errors = [future.exception(30) for future in futures]
    assert [type(error) for error in errors if error] == [LookupError]
    assert len(commits) == 2
    assert half_done(app) == 7


def test_a_transaction_inside_another_is_refused(app: App) -> None:
    with transaction(app.engine), pytest.raises(RuntimeError), transaction(app.engine):
        pass
    with transaction(app.engine):  # nothing stays locked
        pass


def test_who_waits_too_long_is_told_and_leaves_no_gap() -> None:
    tickets = Tickets()
    tickets.acquire()
    with ThreadPoolExecutor(1) as pool, pytest.raises(Waited):
        pool.submit(tickets.acquire, 0.01).result()
    tickets.release()
    tickets.acquire()
    tickets.release()


CROWD = """
import asyncio, sys
from pathlib import Path
from bot.assistant import Runner
from bot.core.messages import Incoming
from storage.conversations.messages import Address
from tests.conftest import make_app
from tests.support.talk import NOON

app = make_app(sys.argv[1], Path(sys.argv[2]))
runner = Runner(app.assistant)

async def person(name):
    for number in range(100_000):
        await runner.handle(Incoming(Address("terminal", "test", name), f"m{number}", NOON, "补贴多少钱"))
        sys.stdout.write(f"{name} m{number}\\n")
        sys.stdout.flush()

async def main():
    await asyncio.gather(*(person(f"p{n}") for n in range(16)))

asyncio.run(main())
"""


def test_a_kill_among_a_crowd_loses_no_answer(sqlite_url: str, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CROWD, sqlite_url, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().split() for _ in range(60)]
    process.kill()
    acknowledged += [line.split() for line in process.stdout.read().splitlines(keepends=True) if "\n" in line]
    process.wait()
    app = make_app(sqlite_url, tmp_path)
    with transaction(app.engine, read_only=True) as connection:
        stored = {tuple(row) for row in connection.execute(select(turn.c.sender, turn.c.message_id))}
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    assert len(acknowledged) >= 60
    assert {tuple(one) for one in acknowledged} <= stored
    app.engine.dispose()
