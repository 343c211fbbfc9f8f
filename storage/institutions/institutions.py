"""The institutions that report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, insert, or_, select, true

from storage import audit
from storage.schema.core import institution
from storage.schema.office import absence


@dataclass(frozen=True)
class Institution:
    """An institution; expected to report from one quarter on (`2026Q4`), perhaps until another."""

    id: int
    name: str
    district: str | None
    expected_from: str
    expected_until: str | None


_COLUMNS = (
    institution.c.id,
    institution.c.name,
    institution.c.district,
    institution.c.expected_from,
    institution.c.expected_until,
)


def find(connection: Connection, name: str) -> Institution | None:
    """The institution with that name, closed ones included."""
    row = connection.execute(select(*_COLUMNS).where(institution.c.name == name)).first()
    return Institution(*row) if row else None


def get(connection: Connection, institution_id: int) -> Institution:
    """The institution with that id."""
    return Institution(*connection.execute(select(*_COLUMNS).where(institution.c.id == institution_id)).one())


def create(connection: Connection, name: str, quarter: str, now: datetime, by: int | None) -> Institution:
    """A new institution, expected to report from `quarter` on. The name must be free."""
    new_id = connection.execute(
        insert(institution)
        .values(name=name, expected_from=quarter, created_at=now)
        .returning(institution.c.id)
    ).scalar_one()
    audit.record(connection, now, by, "institution.create", f"institution:{new_id}", name=name)
    return get(connection, int(new_id))


def expected_in(quarter: str | ColumnElement[str]) -> ColumnElement[bool]:
    """Who is expected to report for the quarter; a closed one for those up to its last.

    One that was opened again is not expected in the quarters between.
    """
    away = (
        exists()
        .where(
            absence.c.institution_id == institution.c.id,
            absence.c.after < quarter,
            absence.c.again > quarter,
        )
        .correlate(institution)
    )
    return and_(
        ~away,
        institution.c.expected_from <= quarter,
        or_(
            institution.c.expected_until >= quarter,
            and_(institution.c.expected_until.is_(None), institution.c.closed_at.is_(None)),
        ),
    )


def is_expected(connection: Connection, institution_id: int, quarter: str) -> bool:
    """Whether one institution is expected to report for the quarter."""
    found = select(institution.c.id).where(institution.c.id == institution_id, expected_in(quarter))
    return connection.execute(found).first() is not None


def there(district: str | None) -> ColumnElement[bool]:
    """Who is in a district; "" those without one, None everybody."""
    if district is None:
        return true()
    return institution.c.district == district if district else institution.c.district.is_(None)


def expected(connection: Connection, quarter: str) -> list[Institution]:
    """Who is expected to report for the quarter, by name."""
    rows = connection.execute(select(*_COLUMNS).where(expected_in(quarter)).order_by(institution.c.name))
    return [Institution(*row) for row in rows]


def everything(connection: Connection) -> list[Institution]:
    """All institutions that are not closed, by name."""
    rows = connection.execute(
        select(*_COLUMNS).where(institution.c.closed_at.is_(None)).order_by(institution.c.name)
    )
    return [Institution(*row) for row in rows]
