"""Which figure of a line belongs to which measure: by its name, or by its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policy.form.form import Form, Measure
from policy.form.row_cells import is_value, regrouped

_NAMED = re.compile(r"^([^0-9０-９]+?)[:：=]?\s*([0-9０-９].*|不掌握)$")
_PER_HEAD = re.compile(r"(?:人均|每人|平均)[^0-9０-９]{0,3}[0-9０-９]")
_IN_ALL = re.compile(r"^(?:总共|一共|共计|合计|共)(?=[0-9０-９])")
Columns = Sequence[Measure | None]


def measure_called(form: Form, text: str) -> Measure | None:
    """The measure of that name; None for no text."""
    return form.find_measure(text) if text else None


def placed(form: Form, typed: list[str], columns: Columns | None) -> dict[str, str] | int:
    """Measure id → figure as typed; or how many figures there are when they cannot be placed."""
    named = by_name(form, typed)
    if named is not None:
        return named
    wanted: Columns = columns or form.measures
    figures = typed = regrouped(form, _without_per_head(typed, len(wanted)), wanted)
    if len(typed) > len(wanted) and not any(map(is_value, typed[len(wanted) :])):
        figures = typed[: len(wanted)]  # 备注 behind the figures
    if len(figures) != len(wanted):
        return len(figures)
    return {m.id: t for m, t in zip(wanted, figures, strict=True) if m and t}


def _without_per_head(typed: list[str], wanted: int) -> list[str]:
    """Without what each got, where the sum stands behind it: 60 人均1500，总共90000."""
    kept = [_IN_ALL.sub("", part) for part in typed if not _PER_HEAD.match(part)]
    return kept if len(kept) < len(typed) and len(kept) == wanted else typed


def remark_behind(form: Form, typed: list[str], columns: Columns | None) -> str:
    """What stands behind the figures of a row, "" where each has its name."""
    if by_name(form, typed) is not None:
        return ""
    return " ".join(typed[len(columns or form.measures) :])[:60]


def by_name(form: Form, typed: list[str]) -> dict[str, str] | None:
    """Figures each behind the name of its measure; None when any has none."""
    pairs = list(_pairs(form, typed))
    if not pairs or any(measure is None for measure, _ in pairs):
        return None
    return {measure.id: figure for measure, figure in pairs if measure}


def _pairs(form: Form, typed: list[str]) -> Iterator[tuple[Measure | None, str]]:
    waiting: Measure | None = None
    for part in typed:
        if waiting is not None:
            yield waiting, part
            waiting = None
        elif measure := measure_called(form, part):
            waiting = measure
        elif (both := _NAMED.match(part)) and (measure := measure_called(form, both[1])):
            yield measure, both[2]
        else:
            yield None, part
    if waiting is not None:
        yield None, ""
