"""历次: the revisions of a report, each with what it changed in the one before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from policy.form.form import Cell, Form, Row
from storage.reports.reports import Rows
from storage.reports.revision_history import Past


@dataclass(frozen=True)
class Change:
    """One cell: `before` and `after` as people read them, "" where there was nothing."""

    occupation: str
    measure: str
    before: str
    after: str


@dataclass(frozen=True)
class Version:
    """One revision as it is told: who, when, why, what changed. `first` has nothing before it.

    `added` and `gone` are occupations with a row only in this one, or only in the one before.
    """

    past: Past
    changes: tuple[Change, ...]
    first: bool
    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def at(self) -> datetime | None:
        """When it was submitted."""
        return self.past.submitted_at


def versions(pasts: list[Past], form: Form) -> list[Version]:
    """Every submitted revision with its difference from the one before, oldest first."""
    told: list[Version] = []
    before: Rows | None = None
    for past in pasts:
        was = before or {}
        added = form.occupation_order(past.rows.keys() - was.keys())
        gone = form.occupation_order(was.keys() - past.rows.keys())
        found = tuple(changes(form, was, past.rows))
        told.append(Version(past, found, before is None, tuple(added), tuple(gone)))
        before = past.rows
    return told


def changes(form: Form, before: Rows, after: Rows) -> list[Change]:
    """The cells that differ, in the form's order."""
    found: list[Change] = []
    for occupation in form.occupation_order({*before, *after}):
        old: Row = before.get(occupation, {})
        new: Row = after.get(occupation, {})
        for measure in form.measures:
            was: Cell = old.get(measure.id)
            now: Cell = new.get(measure.id)
            if was != now:
                found.append(Change(occupation, measure.title, measure.show(was), measure.show(now)))
    return found
