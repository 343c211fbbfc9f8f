"""归档: a year's package is made, kept and compared; the year is closed, and may be destroyed by a list.

A package takes long to make, so it is made ahead of the transaction that notes it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.app import App
from bot.core.render import words
from bot.documents import archive as packages
from bot.documents.archive import Package
from bot.documents.store import safe_name
from bot.office.visit import Answer, Download, Goto, NotFound, Page, Visit
from policy.calendar.quarters import FIRST_YEAR, LAST_YEAR, local
from policy.reading.digits import whole_number
from storage import archive
from storage.archive import KEPT, Closed
from storage.connections.database import transaction
from storage.reports.decisions import BadReasons, OwnEntry
from storage.reports.reports import VersionConflict

PATH = "/office/archive"
FOLDER, PASSING = "archive", "downloads"  # in the data folder: packages that are kept, files under way
REASON = 500
_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Made:
    """A package that was just made, and where it lies."""

    package: Package
    until_audit: int
    at: datetime
    path: Path


@dataclass(frozen=True)
class Year:
    """A line of the page: how many reports came in, wait, or were returned; what is in the archive."""

    year: int
    reports: int
    waiting: int
    returned: int
    closed: Closed | None
    over: bool
    kept_here: bool
    due: bool


def show(visit: Visit) -> Answer:
    """Every year with reports, newest first."""
    return _page(visit)


def _page(visit: Visit, problem: str = "", status: int = 200, **more: Any) -> Page:
    closed, today = archive.closed_years(visit.connection), local(visit.now).date()
    counted = archive.years(visit.connection)
    folder = visit.app.settings.data_dir
    rows = []
    for year in sorted({*counted, *closed}, reverse=True):
        states, held = counted.get(year, {}), closed.get(year)
        rows.append(
            Year(
                year,
                sum(states.values()),
                states.get("submitted", 0),
                states.get("returned", 0),
                held,
                today.year > year,
                held is not None and kept_at(folder, held).is_file(),
                held is not None and archive.is_due(held, today),
            )
        )
    data: dict[str, Any] = {
        "years": rows,
        "destructions": archive.destructions(visit.connection),
        "problem": problem,
        "kept": KEPT,
        "compared": None,
        **more,
    }
    return Page("archive.html", data, status)


def kept_at(data_dir: Path, held: Closed) -> Path:
    """Where a closed year's package lies."""
    return data_dir / FOLDER / f"{held.year}-{held.sha256[:16]}.zip"


def _year(params: Mapping[str, str]) -> int:
    year = whole_number(params["year"], longest=4)
    if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
        raise NotFound
    return year


def _write(app: App, year: int, kept: str, until: int | None, at: datetime, folder: Path) -> Made:
    """Make a package of a year, with the trail up to a row (None: the newest), in a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, suffix=".zip")
    try:
        with os.fdopen(handle, "w+b") as file, transaction(app.engine, read_only=True) as connection:
            last = archive.last_audit(connection) if until is None else until
            corpus = app.assistant.knowledge.corpus
            keys, data_dir = app.keys, app.settings.data_dir
            made = packages.write(connection, corpus, keys, data_dir, year, kept, last, at, file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Made(made, last, at, Path(name))


def make(app: App, params: Mapping[str, str], now: datetime) -> Made | None:
    """Make the package of the year in the address before it is closed; None when that cannot be yet."""
    year, kept = _year(params), params["kept"]
    with transaction(app.engine, read_only=True) as connection:
        waiting = archive.years(connection).get(year, {}).get("submitted", 0)
        there = year in archive.closed_years(connection)
    if kept not in KEPT or waiting or there or local(now).year <= year:
        return None
    return _write(app, year, kept, None, now, app.settings.data_dir / FOLDER)


def close(visit: Visit) -> Answer:
    """Close the year as its package was made; that package is kept."""
    made, year = visit.found, _year(visit.params)
    if not isinstance(made, Made):
        return _page(visit, "not_yet", 409)
    package = made.package
    try:
        archive.close(
            visit.connection,
            year,
            visit.params["kept"],
            made.until_audit,
            package.sha256,
            package.size,
            package.entries,
            visit.officer.person_id,
            made.at,
        )
    except VersionConflict:
        made.path.unlink(missing_ok=True)
        return _page(visit, "changed", 409)
    made.path.replace(made.path.with_name(f"{year}-{package.sha256[:16]}.zip"))
    return Goto(PATH, "year_closed")


def fetch_ahead(app: App, params: Mapping[str, str], now: datetime) -> Path | None:
    """Return a copy of the kept package, or one made now; None for a year without reports."""
    year = _year(params)
    with transaction(app.engine, read_only=True) as connection:
        held = archive.closed_years(connection).get(year)
        known = held is not None or year in archive.years(connection)
    if not known:
        return None
    folder = app.settings.data_dir / PASSING
    folder.mkdir(parents=True, exist_ok=True)
    if held is not None and (source := kept_at(app.settings.data_dir, held)).is_file():
        handle, name = tempfile.mkstemp(dir=folder, suffix=".zip")
        with os.fdopen(handle, "wb") as copy, source.open("rb") as file:
            shutil.copyfileobj(file, copy, _PIECE)
        return Path(name)
    if held is not None:
        return _write(app, year, held.kept, held.until_audit, held.at, folder).path
    return _write(app, year, "", None, now, folder).path


def fetch(visit: Visit) -> Answer:
    """The package of a year; of one that is not closed as it would be now."""
    if not isinstance(visit.found, Path):
        raise NotFound
    name = words("archive/messages.file_name", {"year": _year(visit.params)})
    return Download(safe_name(f"{name}.zip"), visit.found)


@dataclass(frozen=True)
class Compared:
    """A closed year's package made again, and the kept one: whether each is what was noted."""

    year: int
    again: bool
    kept: bool | None  # None: it is not in the data folder


def again(app: App, params: Mapping[str, str], now: datetime) -> Compared | None:
    """Make a closed year's package again and compare both with what was noted."""
    year = _year(params)
    with transaction(app.engine, read_only=True) as connection:
        held = archive.closed_years(connection).get(year)
    if held is None:
        return None
    made = _write(app, year, held.kept, held.until_audit, held.at, app.settings.data_dir / PASSING)
    made.path.unlink(missing_ok=True)
    path = kept_at(app.settings.data_dir, held)
    kept = _sha256(path) == held.sha256 if path.is_file() else None
    return Compared(year, made.package.sha256 == held.sha256, kept)


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def compare(visit: Visit) -> Answer:
    """Say whether the package made again is the one that was noted."""
    if not isinstance(visit.found, Compared):
        raise NotFound
    return _page(visit, compared=visit.found)


def reopen(visit: Visit) -> Answer:
    """Take the year out of the archive again, with a reason."""
    reason = visit.form.get("reason", "")[:REASON]
    try:
        archive.reopen(visit.connection, _year(visit.params), reason, visit.officer.person_id, visit.now)
    except BadReasons:
        return _page(visit, "reason", 422)
    except VersionConflict:
        return _page(visit, "changed", 409)
    return Goto(PATH, "year_reopened")


def propose(visit: Visit) -> Answer:
    """Propose a list of what may be destroyed: a year whose time is over."""
    reason = visit.form.get("reason", "")[:REASON]
    try:
        archive.propose(visit.connection, _year(visit.params), reason, visit.officer.person_id, visit.now)
    except BadReasons:
        return _page(visit, "reason", 422)
    except VersionConflict:
        return _page(visit, "changed", 409)
    return Goto(PATH, "destruction_proposed")


def _settle(visit: Visit, confirmed: bool, done: str) -> Answer:
    number = visit.number("number")
    try:
        archive.settle(visit.connection, number, confirmed, visit.officer.person_id, visit.now)
    except OwnEntry:
        return _page(visit, "own", 409)
    except VersionConflict:
        return _page(visit, "changed", 409)
    return Goto(PATH, done)


def confirm(visit: Visit) -> Answer:
    """Confirm a list that a colleague proposed."""
    return _settle(visit, True, "destruction_confirmed")


def withdraw(visit: Visit) -> Answer:
    """Withdraw a list."""
    return _settle(visit, False, "destruction_withdrawn")
