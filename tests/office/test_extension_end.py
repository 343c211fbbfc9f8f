"""Until when exactly: the last instant of an extension is in time, the next one is not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from bot.app import App
from policy.calendar.quarters import SHANGHAI
from storage.connections.database import transaction
from storage.reports import board, decisions, lateness, reports, returned_cells
from storage.schema.core import report
from tests.support.office_scene import OFFICER, head, placed, school
from tests.support.talk import NOON, Person

QUARTER = "2026Q4"
DUE = datetime(2027, 1, 1, tzinfo=SHANGHAI)  # the first moment that is late
UNTIL = datetime(2027, 1, 6, tzinfo=SHANGHAI)  # the same for who was given until 5 January
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def place(either_app: App) -> tuple[App, int]:
    """An institution that was given longer, in a quarter that is closed for all others."""
    head(either_app)
    school(either_app, "某校")
    number = placed(either_app, "某校", "荣成市")
    with transaction(either_app.engine) as connection:
        decisions.close_quarter(connection, QUARTER, DUE, OFFICER, NOON)
        decisions.extend(connection, number, QUARTER, UNTIL, "住院", OFFICER, NOON, DUE)
    return either_app, number


@pytest.mark.parametrize(
    ("moment", "closed"),
    [(DUE - INSTANT, False), (DUE, False), (UNTIL - INSTANT, False), (UNTIL, True), (UNTIL + INSTANT, True)],
)
def test_figures_are_taken_until_its_last_instant(
    place: tuple[App, int], moment: datetime, closed: bool
) -> None:
    app, number = place
    with transaction(app.engine, read_only=True) as connection:
        found = returned_cells.closed_since(connection, number, QUARTER, moment, None, None)
    assert found == (DUE if closed else None)


@pytest.mark.parametrize(
    ("until", "moment", "late"),
    [
        (None, DUE - INSTANT, False),
        (None, DUE, True),
        (UNTIL, UNTIL - INSTANT, False),
        (UNTIL, UNTIL, True),
        (UNTIL, UNTIL + INSTANT, True),
    ],
)
def test_a_report_is_in_time_until_its_last_instant(
    place: tuple[App, int], until: datetime | None, moment: datetime, late: bool
) -> None:
    app, number = place
    contact = Person(app.assistant, "of 某校")
    contact.says(f"填报 {QUARTER}", "大数据 3 2 120 80 60 90000", "提交", "提交")
    with transaction(app.engine) as connection:
        assert reports.snapshot(connection, number, QUARTER).latest is not None
        connection.execute(update(report).values(first_submitted_at=moment))
        if until is None:
            assert decisions.withdraw_extension(connection, number, QUARTER, OFFICER, NOON)
        stands = lateness.of(connection, number, QUARTER, DUE)
        assert (stands.late, stands.due, stands.extended) == (late, until or DUE, until is not None)
        assert lateness.late_ones(connection, QUARTER, DUE) == ({number} if late else set())
        (line,) = board.lines(connection, QUARTER, DUE)
        assert line.late is late


@pytest.mark.parametrize(
    ("moment", "taken"), [(UNTIL - timedelta(seconds=1), True), (UNTIL, False)], ids=["last second", "after"]
)
def test_who_sends_it_in_that_very_second(place: tuple[App, int], moment: datetime, taken: bool) -> None:
    app, number = place
    contact = Person(app.assistant, "of 某校")
    contact.says(f"填报 {QUARTER}", "大数据 3 2 120 80 60 90000")
    contact.now = moment - timedelta(seconds=2)  # a second a message
    contact.says("提交", "提交")
    with transaction(app.engine, read_only=True) as connection:
        assert (reports.snapshot(connection, number, QUARTER).latest is not None) is taken


@pytest.mark.parametrize(
    ("until", "now", "given"),
    [
        (DUE + INSTANT, NOON, True),
        (DUE, NOON, False),  # no longer than there is anyway
        (UNTIL, UNTIL - INSTANT, True),
        (UNTIL, UNTIL, False),  # over already
    ],
)
def test_an_extension_gives_time_or_is_none(
    either_app: App, until: datetime, now: datetime, given: bool
) -> None:
    head(either_app)
    school(either_app, "某校")
    number = placed(either_app, "某校", None)
    with transaction(either_app.engine) as connection:
        try:
            decisions.extend(connection, number, QUARTER, until, "住院", OFFICER, now, DUE)
        except decisions.BadReasons:
            assert not given
        extended = returned_cells.extended_until(connection, number, QUARTER)
        assert extended == (until if given else None)
