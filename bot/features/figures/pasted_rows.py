"""Lines of figures sorted: the rows to be taken, and what is said of all the others."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from policy.form.form import Cell, Form
from policy.form.line import Line
from policy.form.line_sums import twice, wrong_totals
from policy.form.row_cells import MOST_CELLS, MOST_LINES
from policy.form.rows import read_lines

_UNSURE = ("level", "continued", "both")  # none of the occupation's other lines is taken either


@dataclass
class Lines:
    """What became of figures typed as lines, as `report/lines.j2` says it.

    `written` are (occupation, cells); `disputed` counts cells that a colleague just changed; `totals`
    tells that a total row was left out, `wan` that the amount's head says 万元; `remarks` are
    (occupation, what stood behind its figures).
    """

    written: list[tuple[str, dict[str, Cell]]] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    disputed: int = 0
    totals: bool = False
    wan: bool = False
    remarks: list[tuple[str, str]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)


def sort_lines(chart: Form, text: str, rows: list[str]) -> tuple[Lines, list[Line]]:
    """(what there is to say so far, the rows to take), one row an occupation.

    Of two differing lines of an occupation neither is taken, and nothing of a text too large to be read.
    """
    result, taken = Lines(), dict[str, Line]()
    lines = read_lines(chart, text, rows)
    if any(line.kind == "many" for line in lines):
        result.problems.append({"kind": "many", "lines": MOST_LINES, "cells": MOST_CELLS})
        return result, []
    doubled = twice(chart, lines)
    for name, added in doubled.items():
        sums = " ".join(added.values()) if added else ""
        result.problems.append({"kind": "twice", "occupation": name, "sums": sums})
    unsure = {line.occupation.name for line in lines if line.kind in _UNSURE and line.occupation}
    leveled: set[str] = set()
    for line in lines:
        name = line.occupation.name if line.occupation else ""
        result.totals |= line.kind == "total"
        result.wan |= line.wan
        if line.kind in ("name", "other", "unread"):
            result.problems.append({"kind": line.kind, "line": line.text, "near": line.near})
        elif line.kind == "level" or (name and line.kind in ("continued", "both", "dashes")):
            told = {"kind": line.kind, "line": line.text, "occupation": name}
            if told not in result.problems and not (line.kind == "level" and name in leveled):
                result.problems.append(told)
            leveled.add(name)
        elif not name or name in doubled or name in unsure:
            continue  # what belongs to the form, not to a row; or said already
        elif line.kind == "count":
            counted = {"count": line.count, "expected": line.expected, "missing": line.missing}
            result.problems.append({"kind": "count", "occupation": name, **counted})
        else:
            known = taken.get(name)
            taken[name] = replace(line, cells={**known.cells, **line.cells}) if known else line
            if line.dashed:
                result.problems.append({"kind": "dash", "occupation": name, "measures": line.dashed})
            if line.remark:
                result.remarks.append((name, line.remark))
    for measure, told_total, added_up in wrong_totals(chart, lines):
        result.problems.append({"kind": "total", "measure": measure, "told": told_total, "added": added_up})
    return result, list(taken.values())
