"""A role that somebody has."""

from __future__ import annotations

from dataclasses import dataclass

OFFICE_ROLES = ("staff", "head")


@dataclass(frozen=True)
class Membership:
    """A role: in an institution (contact, lead), in the office (staff, head), or a district's reader."""

    id: int
    person_id: int
    role: str
    institution_id: int | None
    institution: str | None
    district: str | None = None

    @property
    def office(self) -> bool:
        """Whether it is a role of the office."""
        return self.role in OFFICE_ROLES
