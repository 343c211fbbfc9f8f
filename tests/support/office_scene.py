"""A quarter's end in tests: institutions of several districts, who reported what, the office decided."""

from __future__ import annotations

from bot.app import App
from storage.connections.database import transaction
from storage.institutions import institutions, roster
from storage.institutions.roster import Wanted
from storage.people import people
from storage.reports import decisions, reports
from tests.conftest import contact_code, office_code
from tests.support.talk import NOON, Person

OFFICER = 1  # whoever decides in storage; the first person there is


def head(app: App) -> Person:
    """The head of the office."""
    person = Person(app.assistant, "zhang")
    person.says(f"绑定 {office_code(app)}")
    return person


def school(
    app: App, name: str, district: str | None = None, telephone: str = "跳过", channel: str = "terminal"
) -> Person:
    """An institution's contact, named 王芳."""
    person = Person(app.assistant, f"of {name}", channel)
    person.says(f"绑定 {contact_code(app, name)}", "王芳", telephone)
    placed(app, name, district)
    return person


def placed(app: App, name: str, district: str | None) -> int:
    """Put an institution under a district; its id."""
    with transaction(app.engine) as connection:
        found = institutions.find(connection, name)
        assert found is not None
        roster.change(connection, found.id, Wanted(name, district, "2025Q1"), OFFICER, NOON)
        return found.id


def reports_(person: Person, quarter: str, lines: str) -> None:
    """Send the figures in; whatever is asked about them is explained."""
    person.says(f"填报 {quarter}", lines)
    for _ in range(10):
        person.says("提交")
        if any(label.startswith("确认提交") for label in person.labels):
            person.presses("确认提交")
            return
        person.says("往季班次本季统计，已核对名册")
    raise AssertionError(person.text)


def accepted(app: App, name: str, quarter: str) -> None:
    """The office accepts what the institution sent in."""
    with transaction(app.engine) as connection:
        found = institutions.find(connection, name)
        assert found is not None
        latest = reports.snapshot(connection, found.id, quarter).latest
        assert latest is not None
        decisions.accept(connection, latest.id, OFFICER, NOON)


def reader(app: App, district: str) -> Person:
    """Somebody who reads for a district."""
    with transaction(app.engine) as connection:
        code = people.create_invite(
            connection, app.keys.codes, NOON, "district", None, None, district=district
        )[0]
    person = Person(app.assistant, f"reader {district}")
    person.says(f"绑定 {code}")
    return person
