"""The questions of the quarterly report and how each reads what people type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.dialogs import vocabulary
from bot.core.dialogs.dialog import FreeText, Problem, Question, Write
from bot.features.figures.cells import (
    LONGEST_NAME,
    MISTYPED,
    MOST_NAMES,
    NO_BUSINESS,
    TypedCell,
    listed,
    occupations_in,
    read_cell,
)
from bot.features.report.context import CellHint as Line
from bot.features.report.context import Remark as Note
from policy.calendar.quarters import Quarter
from policy.form.changes import read_correction
from policy.form.form import Cell, Doubt, Form, Measure, Occupation, Row
from policy.form.quarter_words import only_quarter
from policy.reading.numbers import is_none, is_number

NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class AskQuarter(Question[str]):
    """Which quarter; by button or typed."""

    now: datetime

    @classmethod
    def of(cls, now: datetime, offered: list[Quarter]) -> AskQuarter:
        """Offers the given quarters, most likely first."""
        return cls("quarter", "report/messages.quarter", {"quarters": offered}, now=now)

    def accepts(self, value: object) -> bool:
        """Whether it names a quarter."""
        try:
            return isinstance(value, str) and bool(Quarter.parse(value))
        except ValueError:
            return False

    def read(self, text: str) -> str:
        """A quarter that has begun."""
        now = self.now
        named = only_quarter(text)
        try:
            quarter = (named and named.quarter(Quarter.of(now))) or Quarter.parse(vocabulary.tidy(text), now)
        except ValueError:
            raise Problem("problem/messages.quarter", current=Quarter.of(now)) from None
        if quarter > Quarter.of(now):
            raise Problem("problem/messages.quarter_future", quarter=quarter, current=Quarter.of(now))
        return str(quarter)


@dataclass(frozen=True, kw_only=True)
class AskOccupations(Question[list[str]]):
    """Which occupations had something; several at once by typing, or nothing at all."""

    kind: str = "list"
    form: Form
    rest: Sequence[Occupation]

    @classmethod
    def of(
        cls, question_id: str, form: Form, chosen: list[str], adding: bool, place: str = ""
    ) -> AskOccupations:
        """Offers the occupations not chosen yet; with `place`, also to fill from the course registry."""
        rest = [o for o in form.occupations if o.name not in chosen]
        data = {"adding": adding, "place": place}
        return cls(question_id, "report/occupations.j2", data, form=form, rest=rest)

    def meant(self, text: str) -> bool:
        """Whether names are meant, some mistyped, and not a policy question."""
        form = self.form
        parts = listed(text)
        if not parts or any(len(part) > LONGEST_NAME for part in parts):
            return False
        if len(parts) > MOST_NAMES:
            return False
        if len(parts) > 1:
            return any(form.find_occupation(part) for part in parts)
        told = any(o.name in parts[0] for o in form.occupations)  # 大数据是什么 is a question
        return not told and bool(form.near_occupations(parts[0], MISTYPED))

    def read(self, text: str) -> list[str]:
        """Occupation names; [] for 本季度无培训."""
        form = self.form
        plain = vocabulary.tidy(text)
        if plain == NOTHING or vocabulary.says_nothing(text):
            return []
        if plain in ("全部", "所有", "全部职业", "都有"):
            return [o.name for o in self.rest]
        names = occupations_in(form, plain)
        if not names:
            parts = listed(plain)[:MOST_NAMES]
            unknown = [part for part in parts if form.find_occupation(part) is None]
            near = {part[:20]: form.near_occupations(part) for part in unknown[:3]}
            known = [o.name for o in form.occupations]
            raise Problem("problem/messages.occupations", occupations=known, near=near)
        return names


@dataclass(frozen=True, kw_only=True)
class AskCell(Question[TypedCell]):
    """One measure of one occupation. Digits are always the value."""

    kind: str = "number"
    form: Form
    occupation: str
    measure: Measure

    @classmethod
    def of(
        cls,
        form: Form,
        occupation: str,
        measure: Measure,
        now_is: Cell,
        last: Row | None,
        left: int,
        note: Note | None = None,
        beside: Line | None = None,
    ) -> AskCell:
        """A cell with what helps to fill it.

        `now_is` is the value before a change, `last` the row of the quarter before, `left` the
        number of cells still to fill, `note` what the office said when it returned the cell, `beside`
        earlier values and what counts.
        """
        data = {
            "position": form.measures.index(measure) + 1,
            "now_is": now_is,
            "last": last.get(measure.id) if last else None,
            "left": left,
            "note": note,
            "beside": beside,
        }
        place = f"{occupation}/{measure.id}"
        return cls(place, "report/cell.j2", data, form=form, occupation=occupation, measure=measure)

    def read(self, text: str) -> TypedCell:
        """The cell, or NO_BUSINESS for the whole row."""
        if vocabulary.tidy(text) in vocabulary.NO_BUSINESS or text == NO_BUSINESS:
            return NO_BUSINESS
        return read_cell(self.form, self.measure, text)


@dataclass(frozen=True)
class Explained:
    """Why a figure is right."""

    words: str


@dataclass(frozen=True)
class Corrected:
    """The figure that is right."""

    cell: Cell


@dataclass(frozen=True, kw_only=True)
class AskWhy(FreeText["Explained | Corrected"]):
    """A word of explanation for something unlikely; a figure corrects the cell instead."""

    shortest: int = 2
    of_figures: bool = True
    form: Form
    occupation: str
    doubt: Doubt

    @classmethod
    def of(cls, form: Form, occupation: str, doubt: Doubt, place: str) -> AskWhy:
        """`place` prefixes the tokens of the cell buttons."""
        data = {"measures": [form.measure(m) for m in doubt.measures][:3], "place": place}
        asked = f"why:{occupation}/{doubt.id}"
        return cls(asked, "report/why.j2", data, form=form, occupation=occupation, doubt=doubt)

    def read(self, text: str) -> Explained | Corrected:
        """The words, or the cell when a figure was typed, or said to be the right one."""
        figure = read_correction(text) or (text if is_number(text) and not is_none(text) else None)
        if figure is not None:
            return Corrected(read_cell(self.form, self.form.measure(self.doubt.measure), figure))
        if says_no_reason(text):
            raise Problem("problem/messages.why")
        return Explained(self.plain(text))

    def claims(self, text: str) -> bool:
        """A figure for the cell that is doubted."""
        try:
            return isinstance(self.read(text), Corrected)
        except Problem:
            return False

    def accepts(self, value: object) -> bool:
        """Explanations stand in the draft."""
        return bool(value)


def says_no_reason(text: str) -> bool:
    """Whether a text that came for a reason is none: yes, no, not known, a question back."""
    plain = vocabulary.tidy(text)
    told = vocabulary.YES | vocabulary.NO | vocabulary.UNSURE | vocabulary.NOT_KNOWN | _NO_REASONS
    return plain in told or vocabulary.not_right(text) or is_none(text) or bool(_WHY_ASKED.match(plain))


_NO_REASONS = frozenset("没错 没问题 就是这样 没啥 没什么 正常 正确 无误 属实 同上".split())
_WHY_ASKED = re.compile(r"(?:为什么|为啥|为何|怎么写|写什么|写啥|什么意思|啥意思|干嘛|凭什么)")


@dataclass(frozen=True)
class AskReason(Write):
    """Why something submitted is corrected: in words, not in figures."""

    shortest: int = 2

    def read(self, text: str) -> str:
        """The reason."""
        if is_number(text) or says_no_reason(text):
            raise Problem("problem/messages.why")
        return super().read(text)
