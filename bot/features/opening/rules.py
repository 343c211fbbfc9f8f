"""期初数: what may be entered as opening figures, by whichever way they come."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.dialogs import vocabulary as said
from bot.core.dialogs.dialog import Problem
from policy.calendar.quarters import FIRST_YEAR, Quarter
from policy.form.form import Doubt, Form, add_rows
from storage.reports import prior_figures
from storage.reports.reports import Rows

LONGEST_SOURCE, SHORTEST_SOURCE = 200, 2
_NO_SOURCE = frozenset("确认录入 确认提交 提交 同上 如上 跳过".split())
_YEAR = re.compile(r"^(20[0-9][0-9])年?(?:年?底|年?末|全年)?$")


@dataclass(frozen=True)
class Wrong:
    """What cannot be in an occupation's totals since the start.

    `until` is the last quarter reported here that was added; None for the opening figures alone.
    """

    occupation: str
    doubt: Doubt
    until: Quarter | None


def read_through(text: str, now: datetime) -> Quarter:
    """The last quarter that opening figures include, as typed; a year means its last one.

    Raises:
        Problem: no quarter, or one that has not ended.
    """
    plain = said.tidy(text)
    year = _YEAR.match(plain)
    try:
        quarter = Quarter(int(year[1]), 4) if year else Quarter.parse(plain, now)
    except ValueError:
        raise Problem("opening/problem.j2", kind="quarter", quarter=None, last=last_ended(now)) from None
    if quarter > last_ended(now):
        raise Problem("opening/problem.j2", kind="running", quarter=quarter, last=last_ended(now))
    return quarter


def names_source(text: str) -> bool:
    """Whether a text can be where figures come from: words, and not just a yes, a no or a number."""
    plain = said.tidy(text)
    letters = sum(c.isalpha() for c in plain)
    return letters >= SHORTEST_SOURCE and said.yes_no(plain) is None and plain not in _NO_SOURCE


def last_ended(now: datetime) -> Quarter:
    """The quarter before the present one."""
    current = Quarter.of(now)
    return current.previous() or current


def reported(connection: Connection, institution_id: int, through: Quarter) -> list[str]:
    """The quarters reported here that opening figures would include."""
    return sorted(prior_figures.rows_between(connection, institution_id, f"{FIRST_YEAR}Q1", str(through)))


def impossible(
    connection: Connection, chart: Form, institution_id: int, through: Quarter, rows: Rows
) -> list[Wrong]:
    """What the figures make impossible, alone or with the quarters reported here after them."""
    after = prior_figures.rows_between(connection, institution_id, str(through.next()), str(Quarter(2100, 4)))
    total, found = rows, _of(chart, rows, None)
    for quarter in sorted(after):
        total = add_rows([total, after[quarter]])
        known = {one.occupation for one in found}
        found += [one for one in _of(chart, total, Quarter.parse(quarter)) if one.occupation not in known]
    return found


def _of(chart: Form, totals: Rows, until: Quarter | None) -> list[Wrong]:
    return [
        Wrong(name, doubt, until)
        for name in chart.occupation_order(list(totals))
        for doubt in chart.impossible({m.id: totals[name].get(m.id) or 0 for m in chart.measures})
    ]
