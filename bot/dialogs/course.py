"""A contact records a course through its life; the quarter's draft can then be filled from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bot.dialogs.base import Dialog, Leave
from bot.dialogs.report_questions import read_cell
from bot.dialogs.speaking_for import ask_institution, speaking_for
from bot.engine import Choose, Outcome, Problem, Question, Write
from bot.messages import Outgoing
from bot.turn import Turn
from policy.form import form
from policy.periods import NotADate, Period, read_date
from policy.quarters import local
from policy.standards import LEVELS
from storage import courses
from storage.courses import Course
from storage.schema_courses import STAGES

NEW, FIX, WITHDRAW = "new", "fix", "withdraw"
# What each stage asks besides its day: (column, measure of the form that says how it is read).
FIGURES = {
    "ended": (("trained", "trained"),),
    "certified": (("certificates", "certified"),),
    "paid": (("subsidised", "subsidised"), ("amount", "amount")),
}


@dataclass(frozen=True)
class CourseContext:
    """The person's institutions and the courses of the chosen one."""

    now: datetime
    institutions: tuple[tuple[int, str], ...]
    institution_id: int | None
    courses: tuple[Course, ...]


@dataclass(frozen=True)
class AskDay(Question[str]):
    """A day that is not in the future, as ISO 8601."""

    kind: str = "number"

    def read(self, text: str) -> str:
        """The day a text names."""
        today = local(self.data["now"]).date()
        try:
            found: Period = read_date(text, today)
        except NotADate as error:
            raise Problem("problem/day.j2", reason=error.reason) from error
        if found.first != found.last:
            raise Problem("problem/day.j2", reason="whole")
        return found.first.isoformat()


@dataclass(frozen=True)
class AskCount(Question[int]):
    """A figure of a stage, by the rules of the form's measure."""

    kind: str = "number"

    def read(self, text: str) -> int:
        """The figure in stored units."""
        cell = read_cell(form(), self.data["measure"], text)
        if not isinstance(cell, int):
            raise Problem("problem/figure.j2", reason="other", measure=self.data["measure"], typed=text[:20])
        return cell


@dataclass(frozen=True)
class Withdrawn(Outcome):
    """A course that is not to be in the registry."""

    course_id: str


@dataclass(frozen=True)
class Recorded(Outcome):
    """One stage of one course, with what it brings."""

    course_id: str
    name: str
    occupation: str
    level: str
    stage: str
    day: str
    figures: tuple[tuple[str, int], ...]
    catalogued: str


class CourseDialog(Dialog):
    """Which course, which stage, when, and the figures that stage brings."""

    name = "course"

    async def run(self, context: CourseContext) -> Outcome:
        """Which one, what of it, and its figures: six questions at most for a stage."""
        if len(context.institutions) > 1:
            await ask_institution(context.institutions)
        known = {str(c.id): c for c in context.courses}
        chosen = NEW
        if known:
            chosen = await Choose(
                "course",
                "course/which.j2",
                {"courses": context.courses, "levels": LEVELS},
                values=(*known, NEW),
                typed={c.name: key for key, c in known.items()},
            )
        name = occupation = level = ""
        reached: tuple[str, ...] = ()
        if chosen == NEW:
            name = await Write("name", "course/name.j2", longest=60, shortest=2)
            names = tuple(o.name for o in form().occupations)
            occupation = await Choose("occupation", "course/occupation.j2", {"names": names}, values=names)
            level = await Choose(
                "level",
                "course/level.j2",
                {"levels": LEVELS},
                values=tuple(LEVELS),
                typed={v: k for k, v in LEVELS.items()},
            )
        else:
            reached = tuple(known[chosen].dates)
        left = tuple(s for s in STAGES if s not in reached)
        more = ((FIX,) if reached else ()) + ((WITHDRAW,) if chosen != NEW else ())
        stage = await Choose(
            "stage", "course/stage.j2", {"stages": left, "more": more}, values=(*left, *more)
        )
        if stage == WITHDRAW:
            one = known[chosen]
            sure = await Choose("sure", "course/sure.j2", {"name": one.name}, values=("yes", "no"))
            return Withdrawn(chosen) if sure == "yes" else Leave()
        if stage == FIX:
            stage = await Choose("again", "course/again.j2", {"stages": reached}, values=reached)
        day = await AskDay("day", "course/day.j2", {"stage": stage, "now": context.now})
        figures = []
        for column, measure in FIGURES.get(stage, ()):
            data = {"measure": form().measure(measure), "stage": stage}
            figures.append((column, await AskCount(column, "course/count.j2", data)))
        catalogued = ""
        if stage == "ended":
            catalogued = await Choose("catalogued", "course/catalogued.j2", values=("yes", "no", "unsure"))
        return Recorded(chosen, name, occupation, level, stage, day, tuple(figures), catalogued)

    def load(self, turn: Turn, answers: dict[str, Any]) -> tuple[CourseContext, dict[str, Any]]:
        """The institution's courses, read once a turn."""
        mine, chosen = speaking_for(turn, answers)
        found: list[Course] = []
        if chosen is not None:
            found = turn.once(f"courses {chosen}", lambda: courses.of_institution(turn.connection, chosen))
        return CourseContext(turn.now, mine, chosen, tuple(found)), answers

    def finish(self, turn: Turn, context: Any, outcome: Outcome) -> list[Outgoing]:
        """Write the stage down and show where the course stands."""
        assert isinstance(context, CourseContext)
        if context.institution_id is None:
            return [turn.say("report/none.j2")]
        if isinstance(outcome, Withdrawn):
            return self._withdraw(turn, context, int(outcome.course_id))
        assert isinstance(outcome, Recorded)
        course_id: int | None = None if outcome.course_id == NEW else int(outcome.course_id)
        if course_id is None:
            course_id = courses.create(
                turn.connection,
                context.institution_id,
                outcome.name,
                outcome.occupation,
                outcome.level,
                turn.person_id,
                turn.now,
            )
            if course_id is None:
                return [turn.say("course/twice.j2", name=outcome.name)]
        elif all(c.id != course_id for c in context.courses):
            return [turn.say("course/gone.j2")]
        figures: dict[str, Any] = dict(outcome.figures)
        if outcome.catalogued in ("yes", "no"):
            figures["catalogued"] = outcome.catalogued == "yes"
        day = date.fromisoformat(outcome.day)
        courses.record(turn.connection, course_id, outcome.stage, day, figures, turn.person_id, turn.now)
        found = courses.of_institution(turn.connection, context.institution_id)
        course = next(c for c in found if c.id == course_id)
        return [turn.say("course/recorded.j2", course=course, stages=STAGES, levels=LEVELS, form=form())]

    @staticmethod
    def _withdraw(turn: Turn, context: CourseContext, course_id: int) -> list[Outgoing]:
        found = next((c for c in context.courses if c.id == course_id), None)
        if found is None:
            return [turn.say("course/gone.j2")]
        courses.withdraw(turn.connection, course_id, turn.person_id, turn.now)
        return [turn.say("course/withdrawn.j2", name=found.name)]
