"""A text read by itself, exactly as the dialogs read it: what `python -m bot read` prints."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from bot.core import input_limits
from bot.core.dialogs import vocabulary
from bot.core.dialogs.dialog import Problem
from bot.core.render import plain_name
from bot.features.checks.answers import read_also
from bot.features.checks.ask_fact import AskFact, CheckContext
from bot.features.checks.dialog import check_dialogs
from bot.features.figures.cells import read_cell
from bot.features.figures.pasted_rows import sort_lines
from policy.checks.rules import Fact
from policy.corpus import Corpus
from policy.form.form import NOT_KNOWN, Cell, Form, Measure
from policy.form.line import Line
from policy.form.rows import quarter_named
from policy.reading.dates import NotADate, Period, read_date
from policy.reading.money import plain_yuan
from policy.reading.numbers import unit_of

Result = dict[str, Any]  # one line of JSON

_SAID_WRONG = ("greater", "without")  # rules of the form that compare two cells of a row


def kinds(corpus: Corpus) -> tuple[str, ...]:
    """Return every kind that can be read: the readers' own, and the checks' facts."""
    return ("count", "money", "date", "line", "mask", *facts(corpus))


def facts(corpus: Corpus, on: date | None = None) -> dict[str, Fact]:
    """Return the facts that the checks ask about, by id, as they are asked on a day."""
    dialogs = check_dialogs(corpus).values()
    return {
        name: fact
        for dialog in dialogs
        for name, fact in (dialog.facts if on is None else dialog.facts_on(on)).items()
    }


def read(corpus: Corpus, kind: str, text: str, on: date) -> Result:
    """Return what a text says, as the outside surface promises it.

    `kind` value, with `value` and what was `left` out; ask, with the `likely` value or null; refuse; both
    with the `reason`. A text that no message may hold is refused before it is read.
    """
    if reason := input_limits.text_refusal(text):
        return {"kind": "refuse", "reason": reason}
    text, corpus = input_limits.clean(text), corpus.on(on)
    if kind in ("count", "money"):
        return _figure(corpus.form, kind, text)
    if kind == "date":
        return _date(text, on)
    if kind == "line":
        return _lines(corpus.form, text)
    if kind == "mask":
        return {"kind": "value", "value": input_limits.mask(corpus.form, text)[0]}
    return read_fact(facts(corpus, on), kind, text, on)


def read_fact(known: dict[str, Fact], fact: str, text: str, on: date) -> Result:
    """Return what a text answers to the question of a fact, and `also` what it tells of others."""
    others = tuple(known.values())
    question = AskFact.of(known[fact], CheckContext(on, "self", (), others=others), intro="")
    try:
        found: Result = {"kind": "value", "value": _told(question.read(text))}
    except Problem as problem:
        value = problem.data.get("value") or problem.data.get("likely")
        reason = problem.data.get("reason") or plain_name(problem.template)
        found = {"kind": "ask", "likely": _told(str(value)) if value else None, "reason": reason}
    also = read_also(others, fact, text, on)
    return {**found, "also": also} if also else found


def _told(value: str) -> Any:
    return _days(Period.parse(value)) if "/" in value else value


# Figures


def _figure(chart: Form, kind: str, text: str) -> Result:
    measure = _measure(chart, kind, text)
    try:
        cell = read_cell(chart, measure, text)
    except Problem as problem:
        likely = problem.data.get("likely")
        if not isinstance(likely, int):
            return {"kind": "refuse", "reason": problem.data["reason"]}
        return {"kind": "ask", "likely": _shown(measure, likely), "reason": problem.data["reason"]}
    if not isinstance(cell, int):
        return {"kind": "refuse", "reason": NOT_KNOWN}
    return {"kind": "value", "value": _shown(measure, cell)}


def _measure(chart: Form, kind: str, text: str) -> Measure:
    """Return a measure that takes what any of its kind takes: its unit, up to the highest limit."""
    of_kind = [m for m in chart.measures if m.kind == kind]
    named = next((m for m in of_kind if m.without_name(text) != text), of_kind[-1])
    unit = unit_of(named.without_name(text))
    fits = unit if unit in {m.unit for m in of_kind} else named.unit
    return replace(named, unit=fits, limit=max(m.limit for m in chart.measures))


def _shown(measure: Measure, cell: Cell) -> Any:
    if not isinstance(cell, int):
        return None if cell is None else "unknown"
    return plain_yuan(cell) if measure.kind == "money" else cell


# Dates


def _date(text: str, on: date) -> Result:
    try:
        return {"kind": "value", "value": _days(read_date(text, on))}
    except NotADate as error:
        return {"kind": "ask", "likely": error.likely and _days(error.likely), "reason": error.reason}


def _days(period: Period) -> dict[str, str]:
    return {"from": period.first.isoformat(), "to": period.last.isoformat()}


# Rows of the form


def _lines(chart: Form, text: str) -> Result:
    if vocabulary.says_nothing(text) or vocabulary.tidy(text) in vocabulary.NO_BUSINESS:
        return {"kind": "value", "value": "no_business"}
    sorted_, taken = sort_lines(chart, text, [])
    left = [_left(chart, problem) for problem in sorted_.problems]
    left += [[f"{name} {remark}", "remark"] for name, remark in sorted_.remarks]
    if named := quarter_named(chart, text, []):
        left.append([named.words, "quarter"])  # of another report than the open one it is asked about
    rows: dict[str, Any] = {}
    unlikely = incomplete = False
    refused: list[str] = []
    for line in taken:
        name = line.row.name
        if line.kind == "idle":
            rows[name] = "no_business"
            continue
        cells, wrong = _cells(chart, line)
        left += wrong
        refused += [reason for _, reason in wrong]
        if cells:
            rows[name] = [_shown(m, cells.get(m.id)) for m in chart.measures]
            unlikely |= _is_unlikely(chart, cells)
            incomplete |= not wrong and len(line.cells) < len(chart.measures)
    if not rows:
        if refused:
            return {"kind": "refuse", "reason": refused[0], "left": left}
        return {"kind": "ask", "likely": None, "left": left or [[_short(text), "other"]]}
    asked = {"unlikely": unlikely, "incomplete": incomplete, "total": _has_total(sorted_.problems)}
    reason = next((reason for reason, holds in asked.items() if holds), "")
    found: Result = (
        {"kind": "ask", "likely": rows, "reason": reason} if reason else {"kind": "value", "value": rows}
    )
    return {**found, "left": left} if left else found


def _cells(chart: Form, line: Line) -> tuple[dict[str, Cell], list[list[str]]]:
    """Return the cells of a row that can be taken, and [text, reason] of each that cannot."""
    cells: dict[str, Cell] = {}
    wrong = []
    for measure_id, typed in line.cells.items():
        try:
            cells[measure_id] = read_cell(chart, chart.measure(measure_id), typed)
        except Problem as problem:
            wrong.append([typed, str(problem.data["reason"])])
    return cells, wrong


def _is_unlikely(chart: Form, cells: dict[str, Cell]) -> bool:
    """Return whether the form asks for a word about a row, one cell beside another."""
    rules = {rule["id"] for rule in chart.unlikely if any(kind in rule for kind in _SAID_WRONG)}
    return any(doubt.rule in rules for doubt in chart.doubts(cells))


def _has_total(problems: list[dict[str, Any]]) -> bool:
    return any(problem["kind"] == "total" for problem in problems)


def _left(chart: Form, problem: dict[str, Any]) -> list[str]:
    measures = problem.get("measures") or [problem[name] for name in ("measure",) if name in problem]
    parts = [problem.get("line") or problem.get("occupation", ""), *(m.title for m in measures)]
    return [" ".join(part for part in parts if part), str(problem["kind"])]


def _short(text: str) -> str:
    return " ".join(text.split())[:30]
