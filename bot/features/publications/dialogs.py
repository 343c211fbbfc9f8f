"""发布信息: the office publishes something, question by question, or the rows of a file at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.core.dialogs import option_matching
from bot.core.dialogs import vocabulary as said
from bot.core.dialogs.dialog import Choose, Dialog, Outcome, Problem, Question, Write
from bot.core.dialogs.prompts import AskDay, WriteLines
from bot.core.messages import Outgoing
from bot.core.permissions import refused
from bot.core.published import as_values
from bot.core.render import words
from bot.core.turn import Answers, Turn
from bot.features.publications import announcements
from policy.answers.publications import (
    ANY,
    KINDS,
    LEVELS,
    LONGEST,
    OPEN_CLASS,
    Publication,
    Wrong,
    read_kind,
    read_occupation,
    read_row,
)
from policy.calendar.quarters import local
from policy.form.form import Form
from storage.desk import publications

NONE = "none"  # any occupation, any level: "" would be no answer


@dataclass(frozen=True)
class Confirmed(Outcome):
    """To be published as they stand."""

    rows: tuple[Publication, ...]


@dataclass(frozen=True)
class AskKind(Choose):
    """What kind of information."""

    @classmethod
    def of(cls) -> AskKind:
        """All kinds there are."""
        return cls("kind", "publish/messages.kind", {"kinds": KINDS}, values=tuple(KINDS))

    def read(self, text: str) -> str:
        """A kind by its id or name."""
        ways = [(kind, (name,)) for kind, name in KINDS.items()]
        if kind := read_kind(text, part=True) or option_matching.pick(text, ways):
            return kind
        raise Problem("problem/messages.choose")


@dataclass(frozen=True, kw_only=True)
class AskOccupation(Choose):
    """One occupation of the form, or any."""

    form: Form

    @classmethod
    def of(cls, template: str, form: Form) -> AskOccupation:
        """With the form's occupations as buttons."""
        names = [o.name for o in form.occupations]
        return cls("occupation", template, {"occupations": names}, values=(*names, NONE), form=form)

    def read(self, text: str) -> str:
        """An occupation as the form knows it."""
        if text == NONE:
            return NONE
        found = read_occupation(text, self.form)
        if found is None:
            raise Problem("problem/messages.choose")
        return found or NONE


@dataclass(frozen=True)
class AskLevel(Choose):
    """初级, 中级, 高级 or any."""

    def read(self, text: str) -> str:
        """By its name."""
        if text in self.values:
            return text
        if said.tidy(text) in ANY:
            return NONE
        raise Problem("problem/messages.choose")


def _day(name: str, today: date, earliest: str = "", none: bool = False) -> AskDay:
    return AskDay(name, "publish/day.j2", {"name": name}, today=today, earliest=earliest, none=none)


@dataclass(frozen=True)
class OfficeContext:
    """Today, the form, and the rows of a file."""

    on: date
    form: Form
    rows: tuple[Publication, ...] = ()


class OfficeDialog(Dialog[OfficeContext, Confirmed]):
    """Base: what staff type is meant to be published, so numbers are not masked."""

    park = False
    at_desk = True
    private = True

    def load(self, turn: Turn, answers: Answers) -> tuple[OfficeContext, Answers]:
        """With the rows that were read when a file came."""
        rows = tuple(as_row(row) for row in answers.get("rows", ()))
        return OfficeContext(local(turn.now).date(), turn.corpus.form, rows), answers

    def finish(self, turn: Turn, context: OfficeContext, outcome: Confirmed) -> list[Outgoing]:
        """Publish, tell who asked to be told, say what was done."""
        if denied := refused(turn, self.name):
            return denied
        made = [
            number
            for row in outcome.rows
            if (number := publications.publish(turn.connection, as_values(row), turn.person_id, turn.now))
        ]
        told = announcements.announce(turn.connection, turn.now)
        data = {"made": made, "same": len(outcome.rows) - len(made), "told": told, "rows": outcome.rows}
        return [turn.say("publish/done.j2", on=context.on, **data)]


class PublishDialog(OfficeDialog):
    """One publication."""

    name = "publish"

    async def run(self, context: OfficeContext) -> Confirmed:
        """Kind, content, source, from, until; review and confirm."""
        today = context.on
        kind = await AskKind.of()
        row: dict[str, Any] = {"kind": kind}
        is_class = kind == OPEN_CLASS
        if is_class:
            row["occupation"] = await AskOccupation.of("publish/messages.occupation", context.form)
            levels = {"levels": LEVELS}
            row["level"] = await AskLevel("level", "publish/messages.level", levels, values=(*LEVELS, NONE))
            row["institution"] = await Write(
                "institution", "publish/messages.institution", longest=LONGEST["institution"], shortest=2
            )
            row["starts_on"] = await _day("starts_on", today, none=True)
            if row["starts_on"]:
                row["ends_on"] = await _day("ends_on", today, row["starts_on"], none=True)
        data = {"kind": kind, "name": KINDS[kind]}
        row["text"] = await WriteLines(
            "text", "publish/text.j2", data, longest=LONGEST["text"], skippable=is_class
        )
        row["source"] = await Write(
            "source", "publish/messages.source", longest=LONGEST["source"], shortest=2
        )
        row["valid_from"] = await _day("valid_from", today)
        latest = max(row["valid_from"], today.isoformat())
        row["valid_until"] = await _day("valid_until", today, latest, none=True)
        one = as_row(row)
        await Choose(
            "confirm",
            "publish/confirm.j2",
            {"one": one, "on": today},
            values=("publish",),
            typed={"发布": "publish", "确认": "publish", "确认发布": "publish"},
        )
        return Confirmed((one,))

    def label(self, question: Question[object], value: object) -> tuple[str, str]:
        """The column's name and what was said."""
        shown = words("publish/messages.shown", {"id": question.id, "value": value, "kinds": KINDS})
        return words("publish/messages.label", {"id": question.id}), shown


def as_row(row: dict[str, Any]) -> Publication:
    """A publication from answers or from stored JSON; none and "" are nothing."""

    def day(column: str) -> date | None:
        return date.fromisoformat(row[column]) if row.get(column) else None

    def plain(column: str) -> str:
        return "" if row.get(column) in (None, NONE) else str(row[column])

    return Publication(
        kind=row["kind"],
        text=plain("text"),
        source=row["source"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_until=day("valid_until"),
        occupation=plain("occupation"),
        level=plain("level"),
        institution=plain("institution"),
        starts_on=day("starts_on"),
        ends_on=day("ends_on"),
    )


def read_rows(rows: list[dict[str, Any]], today: date, form: Form) -> tuple[list[Publication], list[Wrong]]:
    """The right rows of a table, and what is wrong with the others. Row 2 is the first below the head."""
    right: list[Publication] = []
    wrong: list[Wrong] = []
    for number, raw in enumerate(rows, 2):
        found = read_row(raw, number, today, form)
        if isinstance(found, list):
            wrong += found
        else:
            right.append(found)
    return right, wrong


class PublishFileDialog(OfficeDialog):
    """The right rows of a file, seen and confirmed."""

    name = "publish-file"

    async def run(self, context: OfficeContext) -> Confirmed:
        """One question."""
        data = {"rows": context.rows, "on": context.on}
        await Choose(
            "confirm",
            "publish/file.j2",
            data,
            values=("publish",),
            typed={"发布": "publish", "确认": "publish", "确认发布": "publish"},
        )
        return Confirmed(context.rows)

    def restart(self, turn: Turn, context: OfficeContext) -> list[Outgoing]:
        """The rows stay: there is nothing else to begin with."""
        return []
