"""The questions of the course registry and how each reads what people type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.dialogs import vocabulary
from bot.core.dialogs.dialog import Choose, FreeText, Problem, Question
from bot.features.figures.cells import LONGEST_NAME, MISTYPED, read_cell
from policy.calendar.quarters import local
from policy.checks.standards import LEVELS
from policy.form.courses import out_of_order, too_many
from policy.form.form import Form, Measure
from policy.reading.dates import NotADate, Period, read_date
from policy.reading.digits import whole_number
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


@dataclass(frozen=True, kw_only=True)
class AskCourse(Question[str | Narrow]):
    """Which course: one of those listed, or any by its name or a part of it."""

    courses: tuple[Course, ...]
    part: str

    @classmethod
    def of(cls, courses: tuple[Course, ...], narrow: Narrow) -> AskCourse:
        """Offers some of them at a time, newest first."""
        found = [c for c in courses if _plain(narrow.part) in _plain(c.name)] or list(courses)
        shown = found[narrow.start : narrow.start + SHOWN] or found[:SHOWN]
        rest = max(0, len(found) - narrow.start - len(shown))
        data = {"shown": shown, "rest": rest, "next": narrow.start + SHOWN, "levels": LEVELS}
        return cls("course", "course/which.j2", data, courses=courses, part=narrow.part)

    def accepts(self, value: object) -> bool:
        """Whether it is a new one, or one that is still there."""
        return value == NEW or any(str(c.id) == value for c in self.courses)

    def read(self, text: str) -> str | Narrow:
        """A course's id, NEW, or a `Narrow` when several may be meant."""
        plain = _plain(text)
        if plain in (NEW, "新班", "登记新班"):
            return NEW
        alike = [c for c in self.courses if plain and plain in _plain(c.name)]
        exact = [c for c in alike if _plain(c.name) == plain]
        if len(exact or alike) == 1:
            return str((exact or alike)[0].id)
        if alike:
            return Narrow(text.strip())
        raise Problem("course/messages.unknown", name=text.strip()[:30])

    def meant(self, text: str) -> bool:
        """Whether it is called as courses are."""
        return bool(re.fullmatch(r".{0,30}[班期]", text.strip()))

    def press(self, value: str) -> str | Narrow:
        """A course's id, NEW, or `next:<start>` for more of the list."""
        if value.startswith("next:"):
            start = value.removeprefix("next:")
            return Narrow(self.part, whole_number(start) or 0)
        if not self.accepts(value):
            raise Problem("problem/messages.choose")
        return value


@dataclass(frozen=True, kw_only=True)
class AskName(FreeText[str | Course]):
    """What a new course is called; one of a name there is already is that course."""

    longest: int = 60
    shortest: int = 2
    courses: tuple[Course, ...]

    def read(self, text: str) -> str | Course:
        """The name, or the `Course` that has it."""
        name = self.plain(text)
        return next((c for c in self.courses if _plain(c.name) == _plain(name)), name)


@dataclass(frozen=True, kw_only=True)
class AskOccupation(Choose):
    """Which occupation, by any of its names."""

    form: Form

    def read(self, text: str) -> str:
        """The name that the form has."""
        found = self.form.find_occupation(vocabulary.tidy(text))
        if found is None:
            near = {text.strip()[:20]: self.form.near_occupations(vocabulary.tidy(text))}
            raise Problem("course/messages.occupation_problem", near=near)
        return found.name

    def meant(self, text: str) -> bool:
        """Whether it is an occupation mistyped: 大数据是什么 is a question."""
        plain = vocabulary.tidy(text)
        told = any(name in plain for name in self.values)
        return len(plain) <= LONGEST_NAME and not told and bool(self.form.near_occupations(plain, MISTYPED))


@dataclass(frozen=True, kw_only=True)
class AskDay(Question[str]):
    """A day that is not in the future, as ISO 8601; `dates` are those of the course's other stages."""

    kind: str = "number"
    now: datetime
    stage: str
    dates: Mapping[str, date]

    def accepts(self, value: object) -> bool:
        """Whether it still fits the other days."""
        return isinstance(value, str) and self._against(date.fromisoformat(value)) is None

    def read(self, text: str) -> str:
        """The day a text names."""
        today = local(self.now).date()
        try:
            found: Period = read_date(text, today)
        except NotADate as error:
            likely = error.likely if error.likely and error.likely.first == error.likely.last else None
            raise Problem("problem/day.j2", reason=error.reason, likely=likely) from error
        if found.first != found.last:
            raise Problem("problem/day.j2", reason="whole")
        if wrong := self._against(found.first):
            raise Problem("course/messages.day_problem", **wrong)
        return found.first.isoformat()

    def _against(self, day: date) -> dict[str, object] | None:
        found = out_of_order(self.dates, self.stage, day)
        if found is None:
            return None
        return {"how": found[0], "other": found[1], "other_day": self.dates[found[1]]}


@dataclass(frozen=True, kw_only=True)
class AskCount(Question[int]):
    """A figure of a stage, by the rules of the form's measure.

    `column` is the course's; `figures` are those of its other stages.
    """

    kind: str = "number"
    form: Form
    measure: Measure
    column: str
    figures: Mapping[str, int | None]

    def accepts(self, value: object) -> bool:
        """Whether it still fits the other figures."""
        return isinstance(value, int) and self._against(value) is None

    def read(self, text: str) -> int:
        """The figure in stored units."""
        cell = read_cell(self.form, self.measure, text)
        if not isinstance(cell, int):
            raise Problem("problem/figure.j2", reason="other", measure=self.measure, typed=text[:20])
        if wrong := self._against(cell):
            raise Problem("course/messages.count_problem", value=cell, **wrong)
        return cell

    def _against(self, value: int) -> dict[str, object] | None:
        found = too_many(self.figures, self.column, value)
        if found is None:
            return None
        return {"how": found[0], "other": found[1], "stands": self.figures[found[1]]}
