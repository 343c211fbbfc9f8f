"""A durable dialog turn against the bare sqlite3 floor, in one run.

Floor: the same rows by hand — dedupe row, conversation read and written, reply stored, one commit —
with the same pragmas and the same bytes. Run: `python -m tests.bench.turns`.
"""

from __future__ import annotations

import json
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bot.app import App, open_app
from bot.core.messages import Incoming
from bot.settings import Settings
from storage.messages import Address
from tests.conftest import contact_code
from tests.support.talk import NOON, Person

ROUNDS, TURNS = 7, 300
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


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = app_in(folder)
        address = Address("terminal", "test", "li")

        def durable(number: int) -> None:
            text = CHECK[number % len(CHECK)]
            app.assistant.handle(Incoming(address, f"m{number}", NOON + timedelta(seconds=number), text))

        app.assistant.handle(Incoming(address, "start", NOON, "我能不能参加培训"))
        for number in range(len(CHECK) * 4):
            durable(number)
        by_hand = bare(folder, floor_rows(app))
        wang = Person(app.assistant, "wang")
        wang.says(f"绑定 {contact_code(app)}", "跳过", "跳过", "填报", "2026Q4", "全部")
        report_address = Address("terminal", "test", "wang")

        def cell(number: int) -> None:
            app.assistant.handle(
                Incoming(report_address, f"c{number}", NOON, f"大数据 已培训人数 {number % 50 + 1}")
            )

        ratios, cells, floors = [], [], []
        for round_ in range(1, ROUNDS + 1):
            base = round_ * 10_000
            floor = median_ms(by_hand, base)
            ratios.append(median_ms(durable, base) / floor)
            cells.append(median_ms(cell, base) / floor)
            floors.append(floor)
        print(f"machine: {platform.machine()}, {platform.system()}, Python {platform.python_version()}")
        print(f"bare sqlite3 floor: {statistics.median(floors):.3f} ms a turn (median of {ROUNDS} × {TURNS})")
        print(
            f"durable dialog turn: {statistics.median(ratios):.2f} × floor (rounds {min(ratios):.2f}–{max(ratios):.2f})"
        )
        print(
            f"durable report cell, with figures, audit and its draft of 60 cells: {statistics.median(cells):.2f} × floor"
        )
    cold()
    memory()


def cold() -> None:
    """The first answer of a fresh process."""
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "bot", "ask", "退休了能报吗"], check=True, capture_output=True)
        times.append(time.perf_counter() - begun)
    bare_start = []
    for _ in range(5):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare_start.append(time.perf_counter() - begun)
    print(
        f"cold `ask`: {statistics.median(times):.2f} s (a bare Python start: {statistics.median(bare_start):.2f} s)"
    )


def memory() -> None:
    """Memory of the serving process after some turns, from /proc."""
    with tempfile.TemporaryDirectory() as folder:
        import os
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


if __name__ == "__main__":
    main()
