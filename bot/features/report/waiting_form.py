"""A form that waits until it is said where it belongs: kept as it was read, by the hash of its file."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from bot.core.turn import Turn
from policy.form.quarter_words import Named, Told
from policy.form.sheet import Base, FormFile, Wrong, WrongTotal

SHORTEST = 8  # characters of a hash that name a file


def keep(turn: Turn, digest: str, forms: tuple[FormFile, ...]) -> None:
    """Let the forms of a file wait; another that waited is forgotten."""
    turn.memory.waiting = {"hash": digest, "forms": [_to_json(one) for one in forms]}


def find(turn: Turn, digest: str) -> list[FormFile]:
    """Return the forms that wait under a hash (or its beginning); none when they wait no more."""
    waiting = turn.memory.waiting
    if waiting is None or len(digest) < SHORTEST or not str(waiting["hash"]).startswith(digest):
        return []
    return [_from_json(raw) for raw in waiting["forms"]]


def forget(turn: Turn) -> None:
    """Let nothing wait any more."""
    turn.memory.waiting = None


def _to_json(sent: FormFile) -> dict[str, Any]:
    raw = asdict(sent)
    raw["idle"] = sorted(sent.idle)
    raw["said"]["days"] = [day.isoformat() for day in sent.said.days]
    if sent.base is not None:
        raw["base"]["idle"] = sorted(sent.base.idle)
    return raw


def _from_json(raw: dict[str, Any]) -> FormFile:
    base, said = raw["base"], raw["said"]
    named = tuple(Named(**one) for one in said["named"])
    return FormFile(
        **{
            **raw,
            "said": Told(named, tuple(date.fromisoformat(day) for day in said["days"])),
            "idle": frozenset(raw["idle"]),
            "wrong": tuple(Wrong(**one) for one in raw["wrong"]),
            "base": Base(**{**base, "idle": frozenset(base["idle"])}) if base else None,
            "wrong_totals": tuple(WrongTotal(**one) for one in raw["wrong_totals"]),
            **{name: tuple(raw[name]) for name in ("named", "absent", "unread")},
        }
    )
