"""The institution somebody means by a name they typed: the one, one written alike, others that are near."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from policy.institutions.roster_file import LONGEST, SHORTEST, alike, near, tidy_name
from storage.institutions import institutions, roster
from storage.institutions.roster import Listed


@dataclass(frozen=True)
class Meant:
    """What a typed name comes to.

    `name` is it as it would be kept; `one` the institution of that name, or (`spelled`) the one whose
    name differs only in blanks, width and brackets; `near` names of open ones that look like it.
    """

    name: str
    one: Listed | None = None
    spelled: bool = False
    near: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the name is neither too short nor too long to be kept."""
        return SHORTEST <= len(self.name) <= LONGEST

    @property
    def closed(self) -> bool:
        """Whether it is one that was closed."""
        return self.one is not None and self.one.closed_at is not None


def meant(connection: Connection, typed: str, but: int | None = None) -> Meant:
    """Whom a typed name means; `but` is an institution to leave out of the search."""
    name = tidy_name(typed)
    exact = institutions.find(connection, name) or institutions.find(connection, " ".join(typed.split()))
    if exact is not None and exact.id != but:
        return Meant(name, roster.get(connection, exact.id))
    listed = [(one, other) for one, other in roster.names(connection) if one != but]
    twin = next((one for one, other in listed if alike(other) == alike(name)), None)
    if twin is not None:
        return Meant(name, roster.get(connection, twin), spelled=True)
    opened = roster.open_names(connection)
    return Meant(name, near=tuple(near(name, [other for one, other in listed if one in opened])))
