"""开班备案: a contact files a class of the registry, or a new one, and hands in what the office lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from bot.core.dialogs.dialog import Choose, Dialog, Leave, Outcome, Question, Write
from bot.core.dialogs.dialog_manager import Stage
from bot.core.dialogs.prompts import AskDay
from bot.core.messages import Outgoing, Replies
from bot.core.render import words
from bot.core.turn import Answers, Turn
from bot.features.courses.prompts import NARROWED, NEW, AskCourse, AskName, AskOccupation, Narrow
from bot.features.figures.acting_for import ask_institution, speaking_for
from policy.calendar.quarters import local
from policy.checks.standards import LEVELS
from policy.form.form import Form
from policy.reading.digits import whole_number
from storage import courses
from storage.courses import Course
from storage.desk import filings
from storage.desk.filings import AlreadyReceived, Details, Filing, Rules
from storage.reports import attachments
from storage.reports.reports import VersionConflict

LONGEST = {"place": 120, "assessor": 60}
MODES = {"offline": "线下", "online": "线上", "both": "线上和线下"}
OTHER = "other"  # a file that is none of the office's list


@dataclass(frozen=True)
class FilingContext:
    """The person's institutions, the courses of the chosen one, how each stands, what the office set."""

    now: datetime
    form: Form
    institutions: tuple[tuple[int, str], ...]
    institution_id: int | None
    courses: tuple[Course, ...]
    filed: dict[int, Filing]
    rules: Rules
    narrow: Narrow = field(default_factory=Narrow)

    @property
    def today(self) -> date:
        """The day it is in Weihai."""
        return local(self.now).date()


@dataclass(frozen=True)
class Filed(Outcome):
    """A class with what is filed of it."""

    course_id: str
    name: str
    occupation: str
    level: str
    details: Details


class FilingDialog(Dialog[FilingContext, Filed]):
    """Which class, when, where, how, who assesses; seen once more, then filed."""

    name = "class-filing"

    async def run(self, context: FilingContext) -> Filed | Leave:
        """Eleven questions for a new class, six for one that is registered."""
        if len(context.institutions) > 1:
            await ask_institution(context.institutions)
        known = {str(c.id): c for c in context.courses}
        chosen = str(await AskCourse.of(context.courses, context.narrow)) if known else NEW
        course = known.get(chosen)
        name, occupation, level = (course.name, course.occupation, course.level) if course else ("", "", "")
        if course is None:
            name = str(await AskName("name", "course/messages.name", courses=context.courses))
            names = tuple(o.name for o in context.form.occupations)
            occupation = await AskOccupation(
                "occupation",
                "course/messages.occupation",
                {"name": name, "names": names},
                values=names,
                form=context.form,
            )
            level = await Choose(
                "level",
                "course/messages.level",
                {"name": name, "levels": LEVELS},
                values=tuple(LEVELS),
                typed={v: k for k, v in LEVELS.items()},
            )
        told = {"name": name, "ahead": context.rules.ahead}
        starts = await AskDay("starts_on", "filing/messages.starts_on", told, today=context.today)
        ends = await AskDay(
            "ends_on",
            "filing/messages.ends_on",
            {"name": name},
            today=context.today,
            earliest=starts,
            none=True,
        )
        place = await Write(
            "place", "filing/messages.place", {"name": name}, longest=LONGEST["place"], shortest=2
        )
        mode = await Choose(
            "mode",
            "filing/messages.mode",
            {"name": name, "modes": MODES},
            values=tuple(MODES),
            typed={**{v: k for k, v in MODES.items()}, "线上线下": "both", "线上+线下": "both"},
        )
        assessor = await Write(
            "assessor", "filing/messages.assessor", {"name": name}, longest=LONGEST["assessor"], shortest=2
        )
        details = Details(
            date.fromisoformat(starts), date.fromisoformat(ends) if ends else None, place, mode, assessor
        )
        shown = {"name": name, "occupation": occupation, "level": LEVELS[level], "details": details}
        before = context.filed.get(course.id) if course else None
        sure = await Choose(
            "confirm",
            "filing/confirm.j2",
            {**shown, "modes": MODES, "before": before},
            values=("file", "no"),
            typed={"报送": "file", "提交": "file", "确认": "file", "不报了": "no"},
        )
        return Filed(chosen, name, occupation, level, details) if sure == "file" else Leave()

    def load(self, turn: Turn, answers: Answers) -> tuple[FilingContext, Answers]:
        """The institution's courses and filings, read once a turn."""
        mine, chosen = speaking_for(turn, answers)
        found: list[Course] = []
        filed: dict[int, Filing] = {}
        if chosen is not None:
            found = turn.once(f"courses {chosen}", lambda: courses.of_institution(turn.connection, chosen))
            filed = turn.once(f"filings {chosen}", lambda: newest(turn, found))
        narrow = Narrow(*answers.get(NARROWED, ()))
        rules = turn.once("filing rules", lambda: filings.rules(turn.connection))
        return (
            FilingContext(turn.now, turn.corpus.form, mine, chosen, tuple(found), filed, rules, narrow),
            answers,
        )

    def store(
        self, turn: Turn, context: FilingContext, question: Question[object], value: object
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
        data = {"value": value, "modes": MODES, "levels": LEVELS}
        return words("filing/messages.label", {"id": question.id}), words("filing/messages.shown", data)

    def finish(self, turn: Turn, context: FilingContext, outcome: Filed) -> list[Outgoing]:
        """File it, and say what the office wants with it."""
        if context.institution_id is None:
            return [turn.say("report/messages.no_institution")]
        me, now = turn.person_id, turn.now
        course_id: int | None = None if outcome.course_id == NEW else int(outcome.course_id)
        if course_id is None:
            course_id = courses.create(
                turn.connection,
                context.institution_id,
                outcome.name,
                outcome.occupation,
                outcome.level,
                me,
                now,
            )
            if course_id is None:
                return [turn.say("course/messages.taken", name=outcome.name)]
        elif all(c.id != course_id for c in context.courses):
            return [turn.say("course/messages.gone")]
        try:
            made = filings.file(turn.connection, course_id, outcome.details, me, now, context.today)
        except AlreadyReceived:
            return [turn.say("filing/messages.in_hand", name=outcome.name)]
        filing = filings.get(turn.connection, made)
        if filing is None:
            raise LookupError("the filing is gone")
        missing = filing.missing(context.rules.materials)
        return [
            turn.say(
                "filing/filed.j2", name=outcome.name, filing=filing, missing=missing, rules=context.rules
            )
        ]


def newest(turn: Turn, found: list[Course]) -> dict[int, Filing]:
    """By course, its newest filing."""
    every = filings.of_courses(turn.connection, [c.id for c in found])
    return {course_id: those[0] for course_id, those in every.items()}


def begin(turn: Turn) -> list[Outgoing] | None:
    """Return words where the office does not take filings here; None where it does."""
    if not turn.institutions:
        return [turn.say("report/messages.no_institution")]
    if filings.rules(turn.connection).since is None:
        return [turn.say("filing/messages.not_here")]
    return None


def standing(turn: Turn) -> list[Outgoing]:
    """备案情况: how the institution's filings stand."""
    if words_ := begin(turn):
        return words_
    rows: list[tuple[str, Course, Filing]] = []
    for m in turn.institutions:
        if m.institution_id is None:
            continue
        found = courses.of_institution(turn.connection, m.institution_id)
        filed = newest(turn, found)
        rows += [(m.institution or "", c, filed[c.id]) for c in found if c.id in filed]
    several = len(turn.institutions) > 1
    shown = rows[:12]
    materials = filings.rules(turn.connection).materials
    return [
        turn.say(
            "filing/list.j2", rows=shown, more=len(rows) - len(shown), several=several, materials=materials
        )
    ]


@dataclass(frozen=True)
class MaterialContext:
    """The filing that files are handed in for (None: not theirs, or decided), and what is asked for."""

    filing: Filing | None
    name: str
    wanted: str
    missing: tuple[str, ...]


class MaterialDialog(Dialog[MaterialContext, Leave]):
    """Files for a filing, one after the other, until somebody says that it is all."""

    name = "class-material"
    park = False

    def load(self, turn: Turn, answers: Answers) -> tuple[MaterialContext, Answers]:
        """What the office lists and has not got; `wanted` is what is sent next."""
        filing = filings.get(turn.connection, int(answers.get("filing", 0)))
        course = theirs(turn, filing.course_id) if filing else None
        if filing is None or course is None or filing.state not in filings.OPEN:
            return MaterialContext(None, "", "", ()), answers
        missing = tuple(filing.missing(filings.rules(turn.connection).materials))
        asked = answers.get("wanted", "")
        wanted = asked if asked in missing else (missing[0] if missing else OTHER)
        return MaterialContext(filing, course.name, wanted, missing), answers

    async def run(self, context: MaterialContext) -> Leave:
        """One prompt after each file: this one, another, or that it is all."""
        if context.filing is None:
            return Leave()
        others = tuple(f"to:{i}" for i, one in enumerate(context.missing) if one != context.wanted)
        data = {
            "name": context.name,
            "wanted": "" if context.wanted == OTHER else context.wanted,
            "others": [(token, context.missing[int(token[3:])]) for token in others],
            "there": len(context.filing.files),
        }
        await Choose(
            f"sent:{len(context.filing.files)}:{context.wanted}",
            "filing/messages.material",
            data,
            values=("done", *others),
            typed={"发完了": "done", "没有了": "done", "好了": "done", "先到这里": "done"},
        )
        return Leave()

    def store(
        self, turn: Turn, context: MaterialContext, question: Question[object], value: object
    ) -> list[Outgoing]:
        """Another material is asked for; or it is all."""
        told = str(value)
        if told.startswith("to:"):
            at = whole_number(told[3:])
            if at is not None and at < len(context.missing):
                turn.state.answers["wanted"] = context.missing[at]
            return []
        super().store(turn, context, question, value)
        if context.filing is None:
            return []
        return [turn.say("filing/messages.all_sent", name=context.name, missing=context.missing)]


def theirs(turn: Turn, course_id: int) -> Course | None:
    """A course of an institution that the person speaks for."""
    mine = {m.institution_id for m in turn.institutions}
    found: list[Course] = []
    for institution_id in mine:
        if institution_id is not None:
            found += courses.of_institution(turn.connection, institution_id)
    return next((c for c in found if c.id == course_id), None)


def take_file(turn: Turn, stage: Stage | None) -> Replies:
    """Keep a file with the filing whose files are being handed in; None when none is."""
    from bot.core.dialogs import dialog_manager

    arrived = turn.arrived
    if arrived is None or stage is None or not isinstance(stage.context, MaterialContext):
        return None
    context = stage.context
    if context.filing is None:
        return [turn.say("filing/messages.decided")]
    if arrived.refused:
        refused = turn.say("report/file_refused.j2", reason=arrived.refused, name=arrived.name[:60])
        return [refused, *dialog_manager.show(turn)]
    got = attachments.receive(
        turn.connection, turn.person_id, arrived.name, arrived.hash, arrived.media, arrived.size, turn.now
    )
    material = words("filing/messages.other", {}) if context.wanted == OTHER else context.wanted
    try:
        fresh = filings.attach(turn.connection, context.filing.id, material, got, turn.person_id, turn.now)
    except attachments.TooMany:
        return [turn.say("report/messages.file_many", most=filings.MOST)]
    except VersionConflict:
        return [turn.say("filing/messages.decided")]
    turn.state.answers.pop("wanted", None)
    turn.step()
    said = turn.say("filing/messages.kept", name=got.name, material=material, fresh=fresh)
    return [said, *dialog_manager.show(turn)]


def refile(filing: Filing, course: Course) -> dict[str, Any]:
    """The answers of an earlier filing, to be corrected in a new one."""
    details = filing.details
    return {
        "institution": str(course.institution_id),
        "course": str(course.id),
        "starts_on": details.starts_on.isoformat(),
        "ends_on": details.ends_on.isoformat() if details.ends_on else "",
        "place": details.place,
        "mode": details.mode,
        "assessor": details.assessor,
    }
