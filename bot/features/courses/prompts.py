"""The questions of the course registry and how each reads what people type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.core import vocabulary
from bot.core.dialog import Choose, Problem, Question, Write
from bot.features.figures.cells import LONGEST_NAME, MISTYPED, read_cell
from policy.calendar.quarters import local
from policy.checks.standards import LEVELS
from policy.form.courses import out_of_order, too_many
from policy.reading.dates import NotADate, Period, read_date
from storage.courses import Course

NEW = "new"
SHOWN = 12  # courses offered at once
NARROWED = "narrowed"  # in the answers beside them: what the list of courses was narrowed to


@dataclass(frozen=True)
class Narrow:
    """No course yet: the list from `start` on, of those whose name holds `part`."""

    part: str = ""
    start: int = 0


def _plain(name: str) -> str:
    return "".join(vocabulary.tidy(name).split())


@dataclass(frozen=True)
class AskCourse(Question[Any]):
    """Which course: one of those listed, or any by its name or a part of it."""

    @classmethod
    def of(cls, courses: tuple[Course, ...], narrow: Narrow) -> AskCourse:
        """Offers some of them at a time, newest first."""
        found = [c for c in courses if _plain(narrow.part) in _plain(c.name)] or list(courses)
        shown = found[narrow.start : narrow.start + SHOWN] or found[:SHOWN]
        rest = max(0, len(found) - narrow.start - len(shown))
        data = {
            "courses": courses,
            "shown": shown,
            "rest": rest,
            "next": narrow.start + SHOWN,
            "part": narrow.part,
            "levels": LEVELS,
        }
        return cls("course", "course/which.j2", data)

    def accepts(self, value: Any) -> bool:
        """Whether it is a new one, or one that is still there."""
        return value == NEW or any(str(c.id) == value for c in self.data["courses"])

    def read(self, text: str) -> Any:
        """A course's id, NEW, or a `Narrow` when several may be meant."""
        plain = _plain(text)
        if plain in (NEW, "新班", "登记新班"):
            return NEW
        courses: tuple[Course, ...] = self.data["courses"]
        alike = [c for c in courses if plain and plain in _plain(c.name)]
        exact = [c for c in alike if _plain(c.name) == plain]
        if len(exact or alike) == 1:
            return str((exact or alike)[0].id)
        if alike:
            return Narrow(text.strip())
        raise Problem("course/unknown.j2", name=text.strip()[:30])

    def meant(self, text: str) -> bool:
        """Whether it is called as courses are."""
        return bool(re.fullmatch(r".{0,30}[班期]", text.strip()))

    def press(self, value: str) -> Any:
        """A course's id, NEW, or `next:<start>` for more of the list."""
        if value.startswith("next:"):
            start = value.removeprefix("next:")
            return Narrow(self.data["part"], int(start) if start.isascii() and start.isdigit() else 0)
        if not self.accepts(value):
            raise Problem("problem/choose.j2")
        return value


@dataclass(frozen=True)
class AskName(Write):
    """What a new course is called; one of a name there is already is that course."""

    longest: int = 60
    shortest: int = 2

    def read(self, text: str) -> Any:
        """The name, or the `Course` that has it."""
        name = super().read(text)
        known: tuple[Course, ...] = self.data["courses"]
        return next((c for c in known if _plain(c.name) == _plain(name)), name)


@dataclass(frozen=True)
class AskOccupation(Choose):
    """Which occupation, by any of its names. `data`: the `form`, and what its template shows."""

    def read(self, text: str) -> str:
        """The name that the form has."""
        found = self.data["form"].find_occupation(vocabulary.tidy(text))
        if found is None:
            near = {text.strip()[:20]: self.data["form"].near_occupations(vocabulary.tidy(text))}
            raise Problem("course/occupation_problem.j2", near=near, names=self.values)
        return str(found.name)

    def meant(self, text: str) -> bool:
        """Whether it is an occupation mistyped: 大数据是什么 is a question."""
        plain = vocabulary.tidy(text)
        told = any(name in plain for name in self.values)
        return (
            len(plain) <= LONGEST_NAME
            and not told
            and bool(self.data["form"].near_occupations(plain, MISTYPED))
        )


@dataclass(frozen=True)
class AskDay(Question[str]):
    """A day that is not in the future, as ISO 8601. `data`: `now`, `stage`, `dates` of other stages."""

    kind: str = "number"

    def accepts(self, value: Any) -> bool:
        """Whether it still fits the other days."""
        return isinstance(value, str) and self._against(date.fromisoformat(value)) is None

    def read(self, text: str) -> str:
        """The day a text names."""
        today = local(self.data["now"]).date()
        try:
            found: Period = read_date(text, today)
        except NotADate as error:
            likely = error.likely if error.likely and error.likely.first == error.likely.last else None
            raise Problem("problem/day.j2", reason=error.reason, likely=likely) from error
        if found.first != found.last:
            raise Problem("problem/day.j2", reason="whole")
        if wrong := self._against(found.first):
            raise Problem("course/day_problem.j2", **wrong)
        return found.first.isoformat()

    def _against(self, day: date) -> dict[str, Any] | None:
        dates: Mapping[str, date] = self.data["dates"]
        found = out_of_order(dates, self.data["stage"], day)
        return None if found is None else {"how": found[0], "other": found[1], "other_day": dates[found[1]]}


@dataclass(frozen=True)
class AskCount(Question[int]):
    """A figure of a stage, by the rules of the form's measure.

    `data`: the `form`, the `measure`, the course's `column`, and the `figures` of its other stages.
    """

    kind: str = "number"

    def accepts(self, value: Any) -> bool:
        """Whether it still fits the other figures."""
        return isinstance(value, int) and self._against(value) is None

    def read(self, text: str) -> int:
        """The figure in stored units."""
        cell = read_cell(self.data["form"], self.data["measure"], text)
        if not isinstance(cell, int):
            raise Problem("problem/figure.j2", reason="other", measure=self.data["measure"], typed=text[:20])
        if wrong := self._against(cell):
            raise Problem("course/count_problem.j2", value=cell, **wrong)
        return cell

    def _against(self, value: int) -> dict[str, Any] | None:
        figures: Mapping[str, int | None] = self.data["figures"]
        found = too_many(figures, self.data["column"], value)
        return None if found is None else {"how": found[0], "other": found[1], "stands": figures[found[1]]}
