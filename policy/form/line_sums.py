"""Lines against one another: the total row beside what the rows add up to, and rows told twice."""

from __future__ import annotations

from policy.form.form import Form, Measure
from policy.form.line import Line

_NOT_TAKEN = ("name", "level", "continued", "both", "count", "other")


def wrong_totals(form: Form, lines: list[Line]) -> list[tuple[Measure, int, int]]:
    """(measure, as the total row says, as the rows add up) where these differ, if all can be read."""
    totals = [line for line in lines if line.kind == "total"]
    if len(totals) != 1 or any(line.kind in _NOT_TAKEN for line in lines):
        return []
    wrong, total = [], totals[0]
    for measure in form.measures:
        if measure.id not in total.cells:
            continue
        try:
            told = form.read_cell(measure, total.cells[measure.id])
            typed = [
                line.cells[measure.id] for line in lines if measure.id in line.cells and line is not total
            ]
            sum_ = sum(form.read_cell(measure, one) for one in typed)
        except ValueError:
            continue
        if told != sum_:
            wrong.append((measure, told, sum_))
    return wrong


def twice(form: Form, lines: list[Line]) -> dict[str, dict[str, str] | None]:
    """Occupations for which lines differ: name → the lines added up, None where they cannot be."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        if line.kind in ("row", "idle") and line.occupation:
            found.setdefault(line.occupation.name, []).append(line)
    return {
        name: _added(form, same) for name, same in found.items() if len(same) > 1 and not _agree(form, same)
    }


def _agree(form: Form, lines: list[Line]) -> bool:
    if any(lines[0].cells == line.cells and len(line.cells) == len(form.measures) for line in lines[1:]):
        return False  # twice the same: one too many, or two batches of one size
    if any(line.kind == "idle" for line in lines):
        return all(line.kind == "idle" for line in lines)
    said: dict[str, set[str]] = {}
    for line in lines:
        for measure, typed in line.cells.items():
            said.setdefault(measure, set()).add(typed)
    return all(len(values) == 1 for values in said.values())


def _added(form: Form, lines: list[Line]) -> dict[str, str] | None:
    sums: dict[str, str] = {}
    for measure in form.measures:
        try:
            sums[measure.id] = measure.show(
                sum(form.read_cell(measure, line.cells.get(measure.id, "")) for line in lines)
            ).replace(",", "")
        except ValueError:
            return None
    return sums
