"""Data that belongs to a notice and a span of days: what it is as of a day.

A mapping holds under `later` what a notice changed, each with `notice`, `valid_from`, perhaps
`valid_until`, and the keys that are other from then on. In a list of mappings those of the same `id` or
`name` are put together, new ones are added and those with `gone: true` left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from policy.files import as_day

LATER = "later"
_ABOUT = ("notice", "valid_from", "valid_until")


def as_of(raw: Mapping[str, Any], on: date | None) -> dict[str, Any]:
    """Return a mapping as it is on a day; without a day as it was before anything changed."""
    found = {key: value for key, value in raw.items() if key != LATER}
    for change in in_force(raw.get(LATER) or (), on):
        for key, value in change.items():
            if key not in _ABOUT:
                found[key] = _merged(found.get(key), value)
    return found


def in_force(changes: Iterable[Mapping[str, Any]], on: date | None) -> list[Mapping[str, Any]]:
    """Return the changes that hold on a day, the earliest first; none without a day."""
    if on is None:
        return []
    held = [one for one in changes if holds(one, on)]
    return sorted(held, key=lambda one: as_day(one["valid_from"]) or date.min)


def holds(raw: Mapping[str, Any], on: date) -> bool:
    """Tell whether a day is within the span of something; both ends are."""
    first, last = as_day(raw.get("valid_from")), as_day(raw.get("valid_until"))
    return (first is None or first <= on) and (last is None or on <= last)


def days_changed(changes: Iterable[Mapping[str, Any]], on: date | None) -> tuple[str, ...]:
    """Return what tells one state of the data from another: the first days of what holds."""
    return tuple(str(one["valid_from"]) for one in in_force(changes, on))


def _merged(before: Any, change: Any) -> Any:
    if isinstance(before, Mapping) and isinstance(change, Mapping):
        return {**before, **change}
    if not (isinstance(before, list) and isinstance(change, list) and _are_named([*before, *change])):
        return change
    merged = {_name(one): one for one in before}
    for one in change:
        name = _name(one)
        merged[name] = {**merged.get(name, {}), **one}
    return [one for one in merged.values() if not one.get("gone")]


def _are_named(items: list[Any]) -> bool:
    return all(isinstance(one, Mapping) and ("id" in one or "name" in one) for one in items)


def _name(one: Mapping[str, Any]) -> str:
    return str(one.get("id", one.get("name")))
