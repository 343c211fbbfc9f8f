"""Who answers for people's data, as the operator says; until all of it is said, this is a trial."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Responsible:
    """The body that decides, how to reach it, how long signatures are kept (years), who processes for it.

    `processors`: other bodies that process the data on its behalf, or 无.
    """

    body: str = ""
    contact: str = ""
    years: int | None = None
    processors: str = ""

    @property
    def missing(self) -> list[str]:
        """What was not said yet: body, contact, years, processors."""
        said = {
            "body": self.body,
            "contact": self.contact,
            "years": self.years,
            "processors": self.processors,
        }
        return [name for name, value in said.items() if not value]
