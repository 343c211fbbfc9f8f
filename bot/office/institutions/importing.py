"""The list of institutions from a sheet: looked at first, entered only when somebody confirms what they saw.

Nothing is kept in between: the confirming form carries the rows itself, sealed.
"""

from __future__ import annotations

import io
import json
import zlib
from base64 import b85decode, b85encode
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import xlsxwriter

from bot.core.render import words
from bot.documents import sheet_reader
from bot.documents.media_type import BadFile, media_of
from bot.documents.sheet_reader import BadSheet, Grid
from bot.office.institutions import inviting
from bot.office.visit import Answer, Download, Goto, Page, Visit
from policy.calendar.quarters import reporting_quarter
from policy.institutions.districts import DISTRICTS
from policy.institutions.roster_file import COLUMNS, HEADS, MOST, RosterFile, Row, read_roster, same_as
from storage.institutions import roster
from storage.institutions.roster import NameTaken, Wanted

PATH = "/office/institutions/import"
SHOWN = 200  # rows of a kind that the preview shows
VALID = timedelta(hours=2)  # as long as a session without a press
_PURPOSE = "institutions"
_FIXED = datetime(2023, 5, 24)


def show(visit: Visit) -> Answer:
    """Asks for the file."""
    return _asking(visit)


def _asking(visit: Visit, problem: str = "", status: int = 200) -> Page:
    data = {"problem": problem, "most": MOST, "now_quarter": reporting_quarter(visit.now), "path": PATH}
    return Page("import.html", data, status)


def template(visit: Visit) -> Answer:
    """The empty list, to be filled in."""
    return Download(words("office/messages.roster_name"), _template())


def _template() -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": _FIXED})
    sheet = book.add_worksheet(HEADS["name"][0])
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#EAF1F5", "align": "center"})
    text = book.add_format({"num_format": "@"})  # a quarter is never taken for something else
    for column, (name, heads) in enumerate(HEADS.items()):
        sheet.set_column(column, column, 36 if name == "name" else 14, text)
        sheet.write_string(0, column, heads[0], head)
        sheet.write_comment(0, column, words("office/roster_head.j2", {"column": name}), {"x_scale": 2})
    known = {"validate": "list", "source": list(DISTRICTS), "error_type": "information"}
    sheet.data_validation(1, 1, MOST, 1, known)
    sheet.freeze_panes(1, 0)
    book.close()
    return buffer.getvalue()


def preview(visit: Visit) -> Answer:
    """What the file would add, what is there already, and what is wrong where. Only reads."""
    found = visit.found
    if isinstance(found, RosterFile):
        return _preview(visit, found)
    reason = found.reason if isinstance(found, BadFile | BadSheet) else "empty"
    return _asking(visit, reason, 422)


def read_list(name: str, content: bytes, now: datetime) -> RosterFile:
    """The list in the first sheet that has one.

    Raises:
        BadFile, BadSheet: as their reasons say; or heads (no head 机构名称), rows (too many).
    """
    if not content:
        raise BadFile("empty")
    if len(content) > sheet_reader.LONGEST:
        raise BadFile("large")
    kind = media_of(name, content)
    if kind == "xls":
        raise BadFile("old")
    if kind not in ("xlsx", "csv"):
        raise BadFile("kind")
    most = MOST + 20  # the heads may stand a little lower
    grids: list[Grid] = (
        sheet_reader.read_xlsx(content, most, COLUMNS)[0]
        if kind == "xlsx"
        else [sheet_reader.read_csv(content, most, COLUMNS)]
    )
    for grid in grids:
        found = read_roster(grid, reporting_quarter(now), now)
        if found is not None:
            if len(grid) > most:
                raise BadFile("rows")
            return found
    raise BadFile("heads")


def _preview(visit: Visit, found: RosterFile, problem: str = "", status: int = 200) -> Page:
    names = {name for _, name in roster.names(visit.connection)}
    there = [row for row in found.rows if row.name in names]
    like = same_as(found.rows, names)  # rows of the very name are not among them
    new = [row for row in found.rows if row.name not in names and row.row not in like]
    alike = [(row, like[row.row]) for row in found.rows if row.row in like]
    unknown = Counter(row.district for row in new if row.district and row.district not in DISTRICTS)
    data: dict[str, Any] = {
        "new": new,
        "there": there,
        "alike": alike,
        "wrong": found.wrong,
        "skipped": found.skipped,
        "wrong_rows": len({w.row for w in found.wrong} | like.keys()),
        "districts": Counter(row.district for row in new),
        "unknown": sorted(unknown.items()),
        "shown": SHOWN,
        "sealed": _seal(visit, new) if new else "",
        "problem": problem,
        "now_quarter": reporting_quarter(visit.now),
        "path": PATH,
    }
    return Page("import_preview.html", data, status)


def confirm(visit: Visit) -> Answer:
    """Enter what the preview showed: all of it, or nothing when the list is another one by now."""
    rows = _open(visit, visit.form.get("rows", ""))
    if rows is None:
        return _asking(visit, "confirm", 422)
    rows = [row for row in rows if f"leave:{row.row}" not in visit.form]
    if not rows:
        return _asking(visit, "none", 422)
    names = {name for _, name in roster.names(visit.connection)}
    if any(row.name in names for row in rows) or same_as(rows, names):
        return _preview(visit, RosterFile(tuple(rows), ()), "changed", 409)
    wanted = [Wanted(row.name, row.district, row.since, row.until) for row in rows]
    try:
        roster.create(visit.connection, wanted, visit.officer.person_id, visit.now)
    except NameTaken:  # by a colleague, this very moment
        return _preview(visit, RosterFile(tuple(rows), ()), "changed", 409)
    return Goto(f"{inviting.PATH}?count={len(wanted)}", "imported")


def _seal(visit: Visit, rows: list[Row]) -> str:
    """The rows for the confirming form: nobody can change them, nor confirm another's preview."""
    values = [[row.row, row.name, row.district, row.since, row.until] for row in rows]
    whole = {
        "for": _PURPOSE,
        "session": visit.officer.session_id,
        "at": visit.now.isoformat(),
        "rows": values,
    }
    packed = zlib.compress(json.dumps(whole, ensure_ascii=False).encode())
    return visit.app.keys.seal(b85encode(packed).decode())


def _open(visit: Visit, sealed: str) -> list[Row] | None:
    """What `_seal` sealed in this session, not too long ago; None for anything else."""
    opened = visit.app.keys.open(sealed)
    if not opened:
        return None
    try:
        whole = json.loads(zlib.decompress(b85decode(opened)))
    except (ValueError, zlib.error):
        return None  # sealed for something else
    if not isinstance(whole, dict) or whole.get("for") != _PURPOSE:
        return None
    fresh = visit.now - datetime.fromisoformat(whole["at"]) <= VALID
    if whole["session"] != visit.officer.session_id or not fresh:
        return None
    return [Row(*values) for values in whole["rows"]]
