"""What a measure is called before or after a change: understood on every day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from policy.reading.text import without_brackets


def with_other_names(raw: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the form's data with what each measure is called at other times among its aliases.

    A file that was taken away before a change comes back after it. A name that a measure has now, or that
    meant two of them, means no other.
    """
    taken = {name for measure in raw["measures"] for name in _called(measure)}
    meant: dict[str, set[str]] = {}
    for form in others:
        for measure in form.get("measures", ()):
            for name in _called(measure) - taken:
                meant.setdefault(name, set()).add(measure["id"])
    found = {
        m["id"]: sorted(name for name, ids in meant.items() if ids == {m["id"]}) for m in raw["measures"]
    }
    measures = [{**m, "aliases": [*m.get("aliases", ()), *found[m["id"]]]} for m in raw["measures"]]
    return {**raw, "measures": measures}


def _called(measure: Mapping[str, Any]) -> set[str]:
    names = (measure.get("title", ""), without_brackets(measure.get("printed", "")))
    return {name for name in (*names, *measure.get("aliases", ())) if name}
