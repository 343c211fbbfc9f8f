"""Durable turns against the bare sqlite3 floor, alone and in a crowd, in one run.

Floor: the same rows by hand — dedupe row, conversation read and written, reply stored, one commit —
with the same pragmas and the same bytes. Run: `python -m tests.bench.turns`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from bot.app import App, open_app
from bot.assistant import Runner
from bot.core.messages import Incoming
from bot.features.reminders import send as reminders
from bot.server import SWITCH
from bot.settings import Settings
from policy.calendar.quarters import SHANGHAI
from policy.calendar.reminders import due_now
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import history
from storage.privacy import retention
from storage.schema.core import account, institution, membership, outbox, person
from storage.schema.core import turn as turn_table
from tests.conftest import contact_code
from tests.support.corpus import CORPUS
from tests.support.talk import NOON, Person

ROUNDS, TURNS = 5, 150
OLD_TURNS, INSTITUTIONS = 50_000, 2_000
LAST_DAY = datetime(2026, 12, 31, 10, 0, tzinfo=SHANGHAI)
SHM = "/dev/shm" if os.path.isdir("/dev/shm") else None
QUESTION = "退休了能报吗"
CHECK = ["没有退休", "上一步", "不确定", "上一步"]


def app_in(folder: Path) -> App:
    return open_app(
        Settings(
            database_url=f"sqlite:///{folder}/bot.sqlite3",
            data_dir=folder,
            secret_key="k" * 32,
            _env_file=None,
        )
    )


def floor_rows(app: App) -> list[tuple[str, str]]:
    """(state, reply) of real turns, so that the floor writes the same bytes."""
    raw = app.engine.raw_connection()
    rows = raw.cursor().execute("SELECT body FROM outbox ORDER BY id").fetchall()
    state = raw.cursor().execute("SELECT state FROM conversation").fetchone()[0]
    raw.close()
    return [(state, row[0]) for row in rows]


def bare(folder: Path, rows: list[tuple[str, str]]) -> Callable[[int], None]:
    """The same rows written by hand."""
    db = sqlite3.connect(folder / "floor.sqlite3", isolation_level=None)
    db.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE turn (id INTEGER PRIMARY KEY, channel, bot, sender, message_id, said, at, UNIQUE (channel, bot, sender, message_id));"
        "CREATE TABLE conversation (account_id INTEGER PRIMARY KEY, serial, state, updated_at);"
        "CREATE TABLE account (id INTEGER PRIMARY KEY, channel, bot, sender, person_id, UNIQUE (channel, bot, sender));"
        "CREATE TABLE outbox (id INTEGER PRIMARY KEY, turn_id, channel, bot, sender, body, created_at, sent_at);"
        "CREATE TABLE fact (person_id, about, fact, value, at, PRIMARY KEY (person_id, about, fact));"
        "CREATE INDEX i1 ON outbox (turn_id); CREATE INDEX i2 ON outbox (channel, bot, sender, id);"
        "INSERT INTO account VALUES (1, 'terminal', 'test', 'li', 1); INSERT INTO conversation VALUES (1, 0, '{}', 0);"
    )

    def turn(number: int) -> None:
        state, body = rows[number % len(rows)]
        db.execute("BEGIN IMMEDIATE")
        made = db.execute(
            "INSERT INTO turn (channel, bot, sender, message_id, said, at) VALUES ('terminal', 'test', 'li', ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
            (f"m{number}", CHECK[number % len(CHECK)], "2026-12-30 12:00:00"),
        ).fetchone()
        found = db.execute(
            "SELECT a.id, a.person_id, c.serial, c.state FROM account a JOIN conversation c ON c.account_id = a.id WHERE a.channel = 'terminal' AND a.bot = 'test' AND a.sender = 'li'"
        ).fetchone()
        json.loads(found[3])
        db.execute("SELECT fact, value FROM fact WHERE person_id = 1 AND about = 'self'").fetchall()
        if (
            number % 4 == 0 or number % 4 == 2
        ):  # as the conversation does: the answer differs every other time
            db.execute(
                "INSERT INTO fact VALUES (1, 'self', 'retired', ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at",
                ("no" if number % 4 else "unsure", "2026-12-30 12:00:00"),
            )
        db.execute(
            "UPDATE conversation SET serial = ?, state = ?, updated_at = ? WHERE account_id = 1",
            (number, state, "2026-12-30 12:00:00"),
        )
        db.execute(
            "INSERT INTO outbox (turn_id, channel, bot, sender, body, created_at, sent_at) VALUES (?, 'terminal', 'test', 'li', ?, ?, ?)",
            (made[0], body, "2026-12-30 12:00:00", "2026-12-30 12:00:00"),
        )
        db.execute("COMMIT")

    return turn


def median_ms(work: Callable[[int], None], start: int) -> float:
    times = []
    for number in range(start, start + TURNS):
        begun = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def cpu_ms(work: Callable[[int], None], start: int, turns: int) -> float:
    """CPU of this thread for one turn: on a memory disk, what is left is the work."""
    begun = time.thread_time()
    for number in range(start, start + turns):
        work(number)
    return (time.thread_time() - begun) / turns * 1000


def workloads(app: App, folder: Path) -> dict[str, Callable[[int], object]]:
    """By name what is measured; the floor first."""
    address, contact = Address("terminal", "test", "li"), Address("web", "test", "wang")
    asker, handle = Address("terminal", "test", "asker"), app.assistant.handle

    def durable(number: int) -> None:
        text = CHECK[number % len(CHECK)]
        handle(Incoming(address, f"m{number}", NOON + timedelta(seconds=number), text))

    handle(Incoming(address, "start", NOON, "我能不能参加培训"))
    for number in range(len(CHECK) * 4):
        durable(number)
    by_hand = bare(folder, floor_rows(app))
    wang = Person(app.assistant, "wang", "web")
    wang.says(f"绑定 {contact_code(app)}", "跳过", "跳过", "填报", "2026Q4", "全部")

    def poll(number: int) -> None:
        with transaction(app.engine, read_only=True) as connection:
            assert not history.has_newer(connection, address, 10**9)

    return {
        "bare sqlite3 floor": by_hand,
        "durable dialog turn": durable,
        "policy question": lambda n: handle(Incoming(asker, f"q{n}", NOON, "补贴多少钱")),
        "report cell (figures, audit, a draft of 60 cells)": lambda n: handle(
            Incoming(contact, f"c{n}", NOON, f"大数据 已培训人数 {n % 50 + 1}")
        ),
        "poll that finds nothing": poll,
    }


def compare(where: str | None, measured: Callable[[Callable[[int], None], int], float], what: str) -> None:
    """Every workload against the floor, in interleaved rounds."""
    with tempfile.TemporaryDirectory(dir=where) as name:
        work = workloads(app_in(Path(name)), Path(name))
        ratios: dict[str, list[float]] = {name: [] for name in work}
        floors = []
        for round_ in range(1, ROUNDS + 1):
            found = {name: measured(one, round_ * 10_000) for name, one in work.items()}  # type: ignore[arg-type]
            floor, *_ = found.values()
            floors.append(floor)
            for name, value in found.items():
                ratios[name].append(value / floor)
        print(f"{what}: bare sqlite3 floor {statistics.median(floors):.3f} ms a turn")
        for name, values in list(ratios.items())[1:]:
            middle = statistics.median(values)
            print(f"  {name}: {middle:.2f} × floor (rounds {min(values):.2f}–{max(values):.2f})")


async def crowd(runner: Runner, people: int, each: int) -> tuple[float, list[float]]:
    """So many people at once; milliseconds a turn, and every answer's own."""
    waited: list[float] = []

    async def person(number: int) -> None:
        address = Address("terminal", "test", f"{people}-{number}")
        for turn in range(each):
            begun = time.perf_counter()
            text = CHECK[turn % len(CHECK)] if turn else "我能不能参加培训"
            await runner.handle(Incoming(address, f"m{turn}", NOON + timedelta(seconds=turn), text))
            waited.append((time.perf_counter() - begun) * 1000)

    begun = time.perf_counter()
    await asyncio.gather(*(person(number) for number in range(people)))
    return (time.perf_counter() - begun) * 1000 / (people * each), sorted(waited)


def together(slow: float = 0.0) -> None:
    """Many people at once against a single commit: by hand, of the same rows."""
    with tempfile.TemporaryDirectory(dir=SHM if slow else None) as name:
        app = app_in(Path(name))
        by_hand = workloads(app, Path(name))["bare sqlite3 floor"]
        if slow:
            commit = app.engine.dialect.do_commit
            app.engine.dialect.do_commit = lambda one: (time.sleep(slow), commit(one))  # type: ignore[method-assign,assignment,func-returns-value]
        runner = Runner(app.assistant)
        floor = slow * 1000 or median_ms(by_hand, 10**6)  # type: ignore[arg-type]
        print(f"people at once, a single commit {floor:.2f} ms:")
        for people, each in ((1, 8), (8, 8), (16, 8), (64, 8)):
            turn, waited = asyncio.run(crowd(runner, people, each))
            print(
                f"  {people}: {turn / floor:.2f} × a commit a turn; p50 {waited[len(waited) // 2]:.0f} ms,"
                f" p99 {waited[int(len(waited) * 0.99)]:.0f} ms"
            )
        runner.close()
        app.engine.dispose()


def background() -> None:
    """How much longer somebody waits while the server forgets, and while it reminds."""
    with tempfile.TemporaryDirectory(dir=SHM) as name:
        app = app_in(Path(name))
        old = NOON - timedelta(days=60)
        with transaction(app.engine) as connection:
            turns = [
                {"channel": "web", "bot": "web", "sender": f"s{n % 500}", "message_id": f"m{n}", "at": old}
                for n in range(OLD_TURNS)
            ]
            connection.execute(insert(turn_table), turns)
            replies = [
                {"turn_id": n + 1, "channel": "web", "bot": "web", "sender": f"s{n % 500}", "body": {"text": "一"},
                 "created_at": old, "sent_at": old}
                for n in range(OLD_TURNS)
            ]  # fmt: skip
            connection.execute(insert(outbox), replies)
        invited(app, INSTITUTIONS)
        sys.setswitchinterval(SWITCH)  # as the serving process does
        due_now(LAST_DAY, CORPUS.holidays)  # the calendar is read once
        runner = Runner(app.assistant)
        quiet = asyncio.run(bystander(runner, None, "a"))
        for what, work in (
            (f"forgetting {OLD_TURNS} turns", lambda: retention.forget_messages(app.engine, NOON)),
            (
                f"reminding {INSTITUTIONS} institutions",
                lambda: reminders.send(app.engine, CORPUS.holidays, LAST_DAY),
            ),
        ):
            begun = time.perf_counter()
            busy = asyncio.run(bystander(runner, work, what[0]))
            print(
                f"a bystander while {what} ({time.perf_counter() - begun:.1f} s): p50 {quiet[0]:.1f} → {busy[0]:.1f} ms,"
                f" p99 {quiet[1]:.1f} → {busy[1]:.1f} ms, longest {quiet[2]:.1f} → {busy[2]:.1f} ms"
            )
        runner.close()
        app.engine.dispose()


def invited(app: App, count: int) -> None:
    """So many institutions, each with somebody who can be written to."""
    with transaction(app.engine) as connection:
        many = range(1, count + 1)
        rows = [{"name": f"第{n}培训学校", "expected_from": "2026Q1", "created_at": NOON} for n in many]
        connection.execute(insert(institution), rows)
        first = connection.execute(select(func.min(institution.c.id))).scalar_one()
        connection.execute(insert(person), [{"id": 10**6 + n, "created_at": NOON} for n in many])
        mine = [
            {"person_id": 10**6 + n, "institution_id": first + n - 1, "role": "contact", "from_at": NOON}
            for n in many
        ]
        connection.execute(insert(membership), mine)
        theirs = [
            {"channel": "telegram", "bot": "b", "sender": str(n), "person_id": 10**6 + n, "created_at": NOON}
            for n in many
        ]
        connection.execute(insert(account), theirs)


async def bystander(
    runner: Runner, work: Callable[[], object] | None, who: str
) -> tuple[float, float, float]:
    """Somebody's turns one after another while the work goes on: median, p99, longest."""
    done = asyncio.ensure_future(runner.run(work)) if work else None
    waited: list[float] = []
    address = Address("terminal", "test", f"bystander-{who}")
    for number in range(100_000 if done else 300):
        if done is not None and done.done():
            break
        begun = time.perf_counter()
        text = CHECK[number % len(CHECK)] if number else "我能不能参加培训"
        await runner.handle(Incoming(address, f"m{number}", NOON + timedelta(seconds=number), text))
        waited.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(0.002)
    if done is not None:
        await done
    waited.sort()
    return waited[len(waited) // 2], waited[int(len(waited) * 0.99)], waited[-1]


def cpu() -> None:
    """What is done for a message, against what SQLite has to do anyway."""
    compare(SHM, lambda work, start: cpu_ms(work, start, TURNS // 3), "CPU on a memory disk")


def wall() -> None:
    """The same with a disk that syncs."""
    compare(None, median_ms, "wall time on disk")


ASK = [sys.executable, "-m", "bot", "ask", QUESTION]
# The same answer by the policy alone: no settings, no layer of the office, no channel, no database library.
BARE_ASK = [
    sys.executable,
    "-c",
    "from datetime import date; from policy.corpus import build_corpus; c = build_corpus();"
    f"e = c.answers.get(c.index.ask({QUESTION!r}).entries[0], date.today());"
    "print(e.answer, *(c.notices.clause(i).text for i in e.clauses), sep=chr(10))",
]


def cold() -> None:
    """The first answer of a fresh process, against the policy's own answer in one."""
    times: dict[str, list[tuple[float, float]]] = {"ask": [], "the policy alone": [], "bare Python": []}
    commands = (ASK, BARE_ASK, [sys.executable, "-c", "pass"])
    for _ in range(7):
        for name, command in zip(times, commands, strict=True):
            begun, before = time.perf_counter(), os.times()
            subprocess.run(command, check=True, capture_output=True)
            after = os.times()
            spent = after.children_user + after.children_system
            spent -= before.children_user + before.children_system
            times[name].append((time.perf_counter() - begun, spent))
    middle = {
        name: [statistics.median(column) for column in zip(*found, strict=True)]
        for name, found in times.items()
    }
    for name, (elapsed, spent) in middle.items():
        print(f"  {name}: {elapsed:.2f} s, CPU {spent:.2f} s")
    ratio = middle["ask"][1] / middle["the policy alone"][1]
    print(f"cold `ask`: CPU {ratio:.2f} × the same answer by the policy alone")


def memory() -> None:
    """Memory of the serving process after some turns, from /proc."""
    with tempfile.TemporaryDirectory() as folder:
        import re
        import urllib.request

        process = subprocess.Popen(
            [sys.executable, "-m", "bot"],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "BOT_LISTEN": "127.0.0.1:0", "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert process.stdout
        url = re.search(r"http://\S+", process.stdout.readline())
        assert url
        for _ in range(20):
            urllib.request.urlopen(url[0] + "/").read()
        status = Path(f"/proc/{process.pid}/status").read_text()
        process.kill()
        resident = re.search(r"VmRSS:\s+(\d+)", status)
        assert resident
        print(f"serving process: {int(resident[1]) / 1024:.0f} MB resident")


def main() -> None:
    """All of it; `python -m tests.bench` does the same and more, within a limit of time."""
    cpu()
    wall()
    together()
    together(slow=0.25)
    background()
    cold()
    memory()


if __name__ == "__main__":
    main()
