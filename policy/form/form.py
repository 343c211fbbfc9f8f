"""The quarterly form as data: occupations, the six measures, what is refused, what is unlikely."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any, Literal

from policy.files import PolicyError
from policy.reading.money import PartOfFen, in_yuan, to_fen
from policy.reading.numbers import NotAFigure, read_figure, unit_of
from policy.reading.text import unified, without_brackets

NOT_KNOWN: Literal["not_known"] = "not_known"  # 不掌握: the institution does not know; submits with a note

ALIKE = 0.5  # how like a name must be to be offered for one that is not known
LONGEST_NAME = 40  # characters; no name of an occupation is longer, however it is written
_LEVEL = re.compile(r"[（(]?(?:初级|中级|高级|[初中高])(?:班|证|证书)?[)）]?$")
_CALLED = re.compile(r"(?:工程技术人员|工程技术员|工程师|专业|方向|职业)$")
_ASKED = re.compile(r"，请(?:核对|写)[^，]*$")

KINDS = ("greater", "without", "per_head", "per")  # how a rule sets two measures beside each other

# A cell: a number (people, classes, or fen), 不掌握, or not filled.
Cell = int | Literal["not_known"] | None
Row = Mapping[str, Cell]  # measure id → cell


@dataclass(frozen=True)
class Measure:
    """One column. `kind` is count or money; `limit` is in `unit` (yuan for money)."""

    id: str
    title: str
    printed: str
    unit: str
    kind: Literal["count", "money"]
    limit: int
    part_of: str = ""
    aliases: tuple[str, ...] = ()
    brief: str = ""  # its head where there is little room
    said: tuple[str, ...] = ()  # what people say beside its figure; 补贴/人: with that unit only

    def show(self, cell: Cell) -> str:
        """The cell as people read it: money in yuan without needless decimals; "" when not filled."""
        if cell is None:
            return ""
        if not isinstance(cell, int):
            return "不掌握"
        if self.kind == "money":
            yuan, fen = divmod(cell, 100)
            return f"{yuan:,}.{fen:02d}" if fen else f"{yuan:,}"
        return f"{cell:,}"

    def without_name(self, text: str) -> str:
        """A figure as typed, without this measure's own name before it: 已培训人数：120."""
        plain = text.strip()
        for name in self._names:
            if plain.startswith(name):
                return plain.removeprefix(name).lstrip(" \t:：=是为") or text
        return text

    @cached_property
    def _names(self) -> list[str]:
        """What it is called, the longest first."""
        return sorted((self.title, *self.aliases), key=len, reverse=True)

    def most(self) -> int:
        """The highest value a cell takes, in stored units (fen for money)."""
        return self.limit * 100 if self.kind == "money" else self.limit


@dataclass(frozen=True)
class Occupation:
    """One row. `name` is the key everywhere; codes are for reference only."""

    name: str
    full: str
    codes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    remark: str = ""


class Refused(ValueError):
    """A figure that cannot be: `reason` and the measure say what to type instead.

    reason: empty, negative, several, about (no exact number), doubt, other (not a number), unit (another
    measure's), fraction, cents, limit. `likely` is the cell that is meant all the same, in stored units,
    to be confirmed before it is taken.
    """

    def __init__(self, reason: str, measure: Measure, likely: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.measure = measure
        self.likely = likely


@dataclass(frozen=True)
class Doubt:
    """An unlikely figure: `rule` and `measure` identify it, `text` says what is unlikely about it.

    `ask` is what is asked for: an explanation, or another figure.
    `measures` are the cells it looks at: changing one takes the doubt up afresh.
    """

    rule: str
    measure: str
    text: str
    measures: tuple[str, ...]
    ask: str = ""

    @property
    def id(self) -> str:
        """Stable within a row: the rule, and the measure where one rule can hit several."""
        return f"{self.rule}.{self.measure}"


@dataclass(frozen=True)
class Form:
    """The annex."""

    title: str
    clause: str
    note: str
    head: tuple[str, ...]
    foot: tuple[str, ...]
    first_column: str
    measures: tuple[Measure, ...]
    occupations: tuple[Occupation, ...]
    unlikely: tuple[dict[str, Any], ...]
    since_start: tuple[dict[str, Any], ...] = ()
    layout: Mapping[str, Any] = field(default_factory=dict)

    def measure(self, measure_id: str) -> Measure:
        """The measure with that id. Raises KeyError."""
        for measure in self.measures:
            if measure.id == measure_id:
                return measure
        raise KeyError(measure_id)

    @cached_property
    def texts_read(self) -> dict[tuple[str, str], Any]:
        """What the last texts were read as, by the text and the only row: a message is read by many."""
        return {}

    def places(self, words: Mapping[tuple[str, str], str]) -> list[tuple[str, str, str]]:
        """What is said of cells, in the form's order: (occupation, measure's title, words).

        An occupation of "" means the form as a whole, a measure of "" the whole row.
        """
        order = {m.id: i for i, m in enumerate(self.measures)}
        names = self.occupation_order({o for o, _ in words if o})
        places = sorted(words, key=lambda p: (names.index(p[0]) if p[0] else -1, order.get(p[1], -1)))
        return [(o, self.measure(m).title if m else "", words[o, m]) for o, m in places]

    def total(self, measure: Measure, rows: Mapping[str, Row]) -> int:
        """The measure added up over the rows; cells without a number count nothing."""
        cells = (row.get(measure.id) for row in rows.values())
        return sum(cell for cell in cells if isinstance(cell, int))

    def find_measure(self, text: str) -> Measure | None:
        """The measure that people mean by `text`: its title, printed head or an alias."""
        return self._measures_called.get(re.sub(r"其中|[:：\s]", "", without_brackets(text)))

    @cached_property
    def _measures_called(self) -> dict[str, Measure]:
        """What people call a measure → the measure; the first one of that name counts."""
        called = ((n, m) for m in self.measures for n in (m.title, without_brackets(m.printed), *m.aliases))
        return dict(reversed(list(called)))

    @cached_property
    def _occupations_called(self) -> dict[str, Occupation]:
        """Name, full title or alias in capitals → the occupation; the first one of that name counts."""
        names = ((o, (o.name.upper(), o.full, *map(str.upper, o.aliases))) for o in self.occupations)
        return dict(reversed([(name, o) for o, called in names for name in called]))

    def said(self, words: str, unit: str = "") -> Measure | None:
        """The measure that is meant when these words stand beside a figure with that unit."""
        for told in (f"{words}/{unit}", words):
            for m in self.measures:
                if told in m.said:
                    return m
        return None

    def find_occupation(self, text: str) -> Occupation | None:
        """The occupation that people mean by `text`: name, full title, alias, or the start of one name.

        智能, 工业互联 and 大数据工程师 are understood; 人工智能训练师 is another occupation and is not.
        """
        plain = "".join(text.split())
        if len(plain) > LONGEST_NAME:
            return None
        plain = re.sub(r"\s+", "", unified(plain)).upper()
        if (exact := self._occupations_called.get(plain)) is not None:
            return exact
        bare = _CALLED.sub("", plain)
        begun = [o for o in self.occupations if len(bare) > 1 and o.full.startswith(bare)]
        begun += [o for o in self.occupations if o.name.upper() == bare and o not in begun]
        return begun[0] if len(begun) == 1 else None

    def of_level(self, text: str) -> Occupation | None:
        """The occupation one level of which a text names; the form (附件) has no levels."""
        plain = "".join(text.split())
        bare = _LEVEL.sub("", plain) if len(plain) <= LONGEST_NAME else plain
        return self.find_occupation(bare) if bare != plain else None

    def near_occupations(self, text: str, least: float = ALIKE) -> list[str]:
        """Names of the occupations that look most like `text`, at most three; `least` from 0 to 1."""
        plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper()
        if len(plain) > LONGEST_NAME:
            return []
        scored = [
            (max(_alike(plain, n.upper()) for n in (o.name, o.full, *o.aliases)), o.name)
            for o in self.occupations
            if o.name not in plain  # 人工智能训练师 is no slip: it is another occupation
        ]
        return [name for score, name in sorted(scored, key=lambda s: -s[0]) if score >= least][:3]

    @cached_property
    def _order(self) -> dict[str, int]:
        return {o.name: i for i, o in enumerate(self.occupations)}

    def occupation_order(self, names: list[str] | set[str]) -> list[str]:
        """The names in the form's order; names no longer in the form last."""
        order = self._order
        return sorted(names, key=lambda n: (order.get(n, len(order)), n))

    def read_cell(self, measure: Measure, text: str) -> int:
        """The value typed for a measure, perhaps behind its name, in stored units (fen for money).

        Raises:
            Refused: not one number, negative, a fraction of people or classes, over the limit, or typed
                with the unit or behind the name of another measure.
        """
        figure = measure.without_name(text)
        try:
            number = read_figure(figure)
            if figure == text and any(m.without_name(text) != text for m in self.measures):
                raise NotAFigure("other", number)  # the name before it is another measure's
        except NotAFigure as error:
            raise Refused(error.reason, measure, self._likely(measure, error.likely)) from error
        if unit_of(figure) not in ("", measure.unit):
            raise Refused("unit", measure)
        return self.check_number(measure, number)

    def check_number(self, measure: Measure, number: Decimal, wan: bool = False) -> int:
        """The number as a stored value; `wan`: it was given in 万元. Raises `Refused` as `read_cell` does."""
        number = in_yuan(number, wan)
        if number < 0:
            raise Refused("negative", measure)
        if number > measure.limit:
            raise Refused("limit", measure)
        try:
            fen = to_fen(number)
        except PartOfFen:
            raise Refused("cents" if measure.kind == "money" else "fraction", measure) from None
        if measure.kind == "money":
            return fen
        if fen % 100:
            raise Refused("fraction", measure)
        return fen // 100

    def _likely(self, measure: Measure, number: Decimal | None) -> int | None:
        try:
            return None if number is None else self.check_number(measure, number)
        except Refused:
            return None

    def doubts(self, row: Row, last: Row | None = None) -> list[Doubt]:
        """What is unlikely about a row, given the same occupation's row of the quarter before.

        Only filled cells are looked at, so an unfinished row can be asked too.
        """
        found: list[Doubt] = []
        for rule in self.unlikely:
            for one in self._apply(rule, row, last):
                if not self._same_cause(rule, one, found, row):
                    found.append(one)
        return found

    @staticmethod
    def _same_cause(rule: dict[str, Any], doubt: Doubt, before: list[Doubt], row: Row) -> bool:
        """Whether an earlier doubt asks about the same slip already."""
        asked = {m for one in before for m in one.measures}
        if any(kind in rule for kind in ("per", "per_head", "ten_times")):
            return bool(asked.intersection(doubt.measures))
        zeros = {m for m in doubt.measures if row.get(m) == 0}
        return bool(asked & zeros)

    def doubt_order(self, occupation: str, doubt_id: str) -> tuple[int, int, int]:
        """Where an explanation stands among others: by its row, then its rule, then its measure."""
        rule, _, measure = doubt_id.partition(".")
        names = [o.name for o in self.occupations]
        rules = [r["id"] for r in self.unlikely]
        return (
            _place(names, occupation),
            _place(rules, rule),
            _place([m.id for m in self.measures], measure),
        )

    def impossible(self, totals: Row) -> list[Doubt]:
        """What cannot be in one occupation's totals since the programme's start."""
        return [d for rule in self.since_start for d in self._apply(rule, totals, None)]

    def _apply(self, rule: dict[str, Any], row: Row, last: Row | None) -> Iterator[Doubt]:
        def doubt(ids: list[str], **values: str) -> Doubt:
            titles = "、".join(self.measure(i).title for i in ids)
            text = rule["text"].format(
                title=titles if "not_known" in rule else self.measure(ids[0]).title, **values
            )
            return Doubt(rule["id"], ids[0], text, tuple(ids), rule["ask"])

        def shown(measure_id: str) -> str:
            return self.measure(measure_id).show(row.get(measure_id))

        for kind in KINDS:
            if kind not in rule:
                continue
            a, b = (row.get(i) for i in rule[kind])
            if not (isinstance(a, int) and isinstance(b, int)):
                continue
            if _wrong(kind, a, b, rule.get("band", (0, 0))):
                ratio = ""
                if b and kind in ("per", "per_head"):
                    each = Decimal(a) / b / (100 if kind == "per_head" else 1)
                    ratio = f"{each:,.2f}".rstrip("0").rstrip(".") if kind == "per" else f"{each:,.2f}"
                yield doubt(rule[kind], a=shown(rule[kind][0]), b=shown(rule[kind][1]), ratio=ratio)
        if "not_known" in rule and all(row.get(m.id) is not None for m in self.measures):
            unknown = [m.id for m in self.measures if row.get(m.id) == NOT_KNOWN]
            if unknown:
                yield doubt(unknown)  # once the row is full, one word for all of it
        if last is None:
            return
        if "ten_times" in rule:
            far = [
                m for m in self.measures if _ten_times(m, row.get(m.id), last.get(m.id), rule["ten_times"])
            ]
            if far:  # one cause, however many cells: another scale, or a table of another kind
                told = (
                    rule["cell"].format(title=m.title, a=m.show(row[m.id]), b=m.show(last[m.id])) for m in far
                )
                yield doubt([m.id for m in far], cells="、".join(told))
        if "same_as_last" in rule:
            ids = [m.id for m in self.measures]
            cells = [row.get(i) for i in ids]
            if any(cells) and all(isinstance(c, int) for c in cells) and cells == [last.get(i) for i in ids]:
                yield doubt(ids)


def fact_of(text: str) -> str:
    """What a stored doubt says is so, without a full stop.

    Texts stored before a doubt's `ask` was a field of its own end with what was asked for.
    """
    return _ASKED.sub("", text.partition("。")[0])


def _place(names: list[str], name: str) -> int:
    return names.index(name) if name in names else len(names)


def add_rows(several: Iterable[Mapping[str, Row]]) -> dict[str, dict[str, Cell]]:
    """Rows of several forms added up cell by cell; what is not a number is left out."""
    total: dict[str, dict[str, Cell]] = {}
    for rows in several:
        for occupation, row in rows.items():
            into = total.setdefault(occupation, {})
            for measure, cell in row.items():
                if isinstance(cell, int):
                    known = into.get(measure)
                    into[measure] = cell + (known if isinstance(known, int) else 0)
    return total


def _alike(a: str, b: str) -> float:
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def _wrong(kind: str, a: int, b: int, band: tuple[int, int]) -> bool:
    """Whether two cells stand oddly to each other; `band` is in yuan a head, `a` then in fen."""
    if kind == "greater":
        return a > b
    if kind == "without":
        return a > 0 and b == 0
    if kind == "per":
        return a > 0 and b > 0 and not band[0] * b <= a <= band[1] * b
    return a > 0 and b > 0 and not band[0] * 100 * b <= a <= band[1] * 100 * b


def _ten_times(measure: Measure, now: Cell, before: Cell, least: Mapping[str, int]) -> bool:
    """Whether a figure is ten times that of the quarter before, or a tenth, and far enough from it."""
    if not (isinstance(now, int) and isinstance(before, int) and now > 0 and before > 0):
        return False
    apart = abs(now - before) // (100 if measure.kind == "money" else 1)
    return apart >= least[measure.kind] and (now >= 10 * before or before >= 10 * now)


def parse_form(raw: Mapping[str, Any]) -> Form:
    """The form from the content of its file. Raises PolicyError for a rule on an unknown measure."""
    lists = ("aliases", "said")
    measures = tuple(
        Measure(**{**m, **{name: tuple(m.get(name, ())) for name in lists}}) for m in raw["measures"]
    )
    ids = {m.id for m in measures}
    for rule in (*raw["unlikely"], *raw.get("since_start", ())):
        for kind in KINDS:
            for measure_id in rule.get(kind, ()):
                if measure_id not in ids:
                    raise PolicyError(f"form.yaml: {rule['id']}: 没有指标 {measure_id}")
        if not rule.get("text", "").endswith("。") or not rule.get("ask"):
            raise PolicyError(f"form.yaml: {rule['id']}: text 要以“。”结尾，并另写 ask")
    occupations = tuple(
        Occupation(
            name=o["name"],
            full=o["full"],
            codes=tuple(o.get("codes", ())),
            aliases=tuple(o.get("aliases", ())),
            remark=o.get("remark", ""),
        )
        for o in raw["occupations"]
    )
    return Form(
        title=raw["title"],
        clause=raw["clause"],
        note=raw["note"],
        head=tuple(raw["head"]),
        foot=tuple(raw["foot"]),
        first_column=raw["first_column"],
        measures=measures,
        occupations=occupations,
        unlikely=tuple(raw["unlikely"]),
        since_start=tuple(raw.get("since_start", ())),
        layout=raw.get("layout", {}),
    )
