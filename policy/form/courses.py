"""What can be true of one course: the order of its stages, and its figures beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

# 四（一）…（三）, 五（三）: filed and approved, opened, ended, then assessed, certified, paid. The roster
# goes to the province within 30 days of the end, whether or not people were assessed by then.
_ORDER = ("filed", "approved", "opened", "ended", "assessed", "certified", "paid")
_ROSTER = "rostered"

# Each of these people are some of the ones before them: all in the same course.
_SHRINKING = ("trained", "certificates", "subsidised")


def out_of_order(
    dates: Mapping[str, date], stage: str, day: date
) -> tuple[Literal["before", "after"], str] | None:
    """Whether a stage cannot have been on that day, given the days of others.

    ("before", other): it would come before `other`, which is earlier in a course's life; ("after",
    other): after one that is later. None when nothing speaks against it.
    """
    before, after = _around(stage)
    for other in reversed(before):
        if other in dates and day < dates[other]:
            return "before", other
    for other in after:
        if other in dates and day > dates[other]:
            return "after", other
    return None


def _around(stage: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The stages that come before this one, and those that come after it."""
    if stage == _ROSTER:
        return _ORDER[: _ORDER.index("ended") + 1], ()
    at = _ORDER.index(stage)
    after = _ORDER[at + 1 :]
    return _ORDER[:at], (*after, _ROSTER) if "ended" in (stage, *after) else after


def too_many(
    figures: Mapping[str, int | None], which: str, value: int
) -> tuple[Literal["more", "less"], str] | None:
    """Whether a figure cannot stand beside the others of the same course.

    ("more", other): it is more people than `other`, of whom they are a part; ("less", other): fewer
    than `other`, who are a part of them. None when it can.
    """
    if which not in _SHRINKING:
        return None
    at = _SHRINKING.index(which)
    for other in reversed(_SHRINKING[:at]):
        whole = figures.get(other)
        if whole is not None and value > whole:
            return "more", other
    for other in _SHRINKING[at + 1 :]:
        part = figures.get(other)
        if part is not None and value < part:
            return "less", other
    return None
