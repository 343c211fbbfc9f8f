"""A contact records a course through its life; the quarter's draft can then be filled from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from bot.core.dialogs.dialog import Choose, Dialog, Leave, Outcome, Question
from bot.core.messages import Outgoing
from bot.core.render import words
from bot.core.turn import Answers, Turn
from bot.features.courses.prompts import (
    NARROWED,
    NEW,
    AskCount,
    AskCourse,
    AskDay,
    AskName,
    AskOccupation,
    Narrow,
)
from bot.features.figures.acting_for import ask_institution, speaking_for
from policy.checks.standards import LEVELS
from policy.form.form import Form
from storage import courses
from storage.courses import Course
from storage.desk import filings
from storage.schema.courses import STAGES

FIX, WITHDRAW = "fix", "withdraw"
FILED_STAGES = ("filed", "approved")
# What each stage asks besides its day: (column, measure of the form that says how it is read).
FIGURES = {
    "ended": (("trained", "trained"),),
    "certified": (("certificates", "certified"),),
    "paid": (("subsidised", "subsidised"), ("amount", "amount")),
}


@dataclass(frozen=True)
class CourseContext:
    """The person's institutions, the courses of the chosen one, and which of them to offer."""

    now: datetime
    form: Form
    institutions: tuple[tuple[int, str], ...]
    institution_id: int | None
    courses: tuple[Course, ...]
    narrow: Narrow = field(default_factory=Narrow)
    filed_here: bool = False  # the office takes filings here: they make two of the stages
    filed: frozenset[int] = frozenset()  # courses that are filed and not returned


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


class CourseDialog(Dialog[CourseContext, Recorded | Withdrawn]):
    """Which course, which stage, when, and the figures that stage brings."""

    name = "course"

    async def run(self, context: CourseContext) -> Recorded | Withdrawn | Leave:
        """Which one, what of it, and its figures: six questions at most for a stage."""
        if len(context.institutions) > 1:
            await ask_institution(context.institutions)
        known = {str(c.id): c for c in context.courses}
        chosen = str(await AskCourse.of(context.courses, context.narrow)) if known else NEW
        course = known.get(chosen)
        name, occupation, level = (course.name, course.occupation, course.level) if course else ("", "", "")
        if course is None:
            name = str(await AskName("name", "course/messages.name", courses=context.courses))
            names = tuple(o.name for o in context.form.occupations)
            data: dict[str, object] = {"name": name, "names": names}
            occupation = await AskOccupation(
                "occupation", "course/messages.occupation", data, values=names, form=context.form
            )
            level = await Choose(
                "level",
                "course/messages.level",
                {"name": name, "levels": LEVELS},
                values=tuple(LEVELS),
                typed={v: k for k, v in LEVELS.items()},
            )
        dates = course.dates if course else {}
        by_hand = tuple(s for s in STAGES if not context.filed_here or s not in FILED_STAGES)
        left = tuple(s for s in by_hand if s not in dates)
        gone = course is not None and course.id not in context.filed
        more = ((FIX,) if any(s in by_hand for s in dates) else ()) + ((WITHDRAW,) if gone else ())
        shown = {"name": name, "course": course, "all_stages": STAGES, "levels": LEVELS, "form": context.form}
        stage = await Choose(
            "stage", "course/stage.j2", {**shown, "stages": left, "more": more}, values=(*left, *more)
        )
        if stage == WITHDRAW:
            sure = await Choose("sure", "course/messages.sure", {"name": name}, values=("yes", "no"))
            return Withdrawn(chosen) if sure == "yes" else Leave()
        if stage == FIX:
            again = tuple(s for s in dates if s in by_hand)
            stage = await Choose(
                "again", "course/messages.again", {"name": name, "stages": again}, values=again
            )
        # What is filed here may be filed late: its days say nothing about the others.
        others = {s: day for s, day in dates.items() if s != stage and s in by_hand}
        day = await AskDay(
            "day", "course/messages.day", {"name": name}, stage=stage, dates=others, now=context.now
        )
        figures = []
        counted = dict(course.figures) if course else {}
        for column, measure in FIGURES.get(stage, ()):
            asked = context.form.measure(measure)
            count = AskCount(
                column,
                "course/messages.count",
                {"name": name},
                form=context.form,
                measure=asked,
                column=column,
                figures=counted,
            )
            figures.append((column, await count))
        catalogued = ""
        if stage == "ended":
            catalogued = await Choose(
                "catalogued", "course/catalogued.j2", {"name": name}, values=("yes", "no", "unsure")
            )
        return Recorded(chosen, name, occupation, level, stage, day, tuple(figures), catalogued)

    def load(self, turn: Turn, answers: Answers) -> tuple[CourseContext, Answers]:
        """The institution's courses, read once a turn."""
        mine, chosen = speaking_for(turn, answers)
        found: list[Course] = []
        if chosen is not None:
            found = turn.once(f"courses {chosen}", lambda: courses.of_institution(turn.connection, chosen))
        narrow = Narrow(*answers.get(NARROWED, ()))
        here = turn.once("filing rules", lambda: filings.rules(turn.connection)).since is not None
        every = turn.once(
            f"filed {chosen}", lambda: filings.of_courses(turn.connection, [c.id for c in found])
        )
        filed = frozenset(one for one, those in every.items() if those[0].state != "returned")
        return CourseContext(
            turn.now, turn.corpus.form, mine, chosen, tuple(found), narrow, here, filed
        ), answers

    def store(
        self, turn: Turn, context: CourseContext, question: Question[object], value: object
    ) -> list[Outgoing]:
        """More of the list is no answer yet; a name there is already leads to its course."""
        answers = turn.state.answers
        answers.pop(NARROWED, None)
        if isinstance(value, Narrow):
            answers[NARROWED] = [value.part, value.start]
            return []
        if isinstance(value, Course):
            answers["course"] = str(value.id)
            return [turn.say("course/messages.twice", name=value.name)]
        return super().store(turn, context, question, value)

    def label(self, question: Question[object], value: object) -> tuple[str, str]:
        """What was asked, and what was said."""
        asked = question.measure.title if isinstance(question, AskCount) else ""
        told = words("course/messages.label", {"id": question.id, "asked": asked})
        return told, words("course/messages.shown", {"value": value, "levels": LEVELS, "stages": STAGES})

    def finish(self, turn: Turn, context: CourseContext, outcome: Recorded | Withdrawn) -> list[Outgoing]:
        """Write the stage down and show where the course stands."""
        if context.institution_id is None:
            return [turn.say("report/messages.no_institution")]
        if isinstance(outcome, Withdrawn):
            return self._withdraw(turn, context, int(outcome.course_id))
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
                return [turn.say("course/messages.taken", name=outcome.name)]
        elif all(c.id != course_id for c in context.courses):
            return [turn.say("course/messages.gone")]
        figures: dict[str, int | bool] = dict(outcome.figures)
        if outcome.catalogued in ("yes", "no"):
            figures["catalogued"] = outcome.catalogued == "yes"
        day = date.fromisoformat(outcome.day)
        courses.record(turn.connection, course_id, outcome.stage, day, figures, turn.person_id, turn.now)
        found = courses.of_institution(turn.connection, context.institution_id)
        course = next(c for c in found if c.id == course_id)
        return [
            turn.say("course/recorded.j2", course=course, stages=STAGES, levels=LEVELS, form=context.form)
        ]

    @staticmethod
    def _withdraw(turn: Turn, context: CourseContext, course_id: int) -> list[Outgoing]:
        found = next((c for c in context.courses if c.id == course_id), None)
        if found is None:
            return [turn.say("course/messages.gone")]
        courses.withdraw(turn.connection, course_id, turn.person_id, turn.now)
        return [turn.say("course/messages.withdrawn", name=found.name)]
