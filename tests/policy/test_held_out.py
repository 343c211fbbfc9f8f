"""How well figures, dates and private numbers are read that no reader was made with."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.cli.reading import read
from policy.reading import private_numbers
from tests.bench import readings
from tests.support.corpus import CORPUS

SETS = Path(__file__).parent / "readings"
ON = date(2026, 11, 28)


def cases(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SETS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def is_right(case: dict[str, Any], found: dict[str, Any]) -> bool:
    """Whether a reading is the right one; a figure that is refused may be asked back as well."""
    if case["is"] == "refuse":
        return bool(found["kind"] != "value")
    if case["is"] == "ask":
        return bool(found["kind"] == "ask" and case.get("likely", found["likely"]) == found["likely"])
    return bool(found["kind"] == "value" and found["value"] == case["is"])


def measure(name: str, found: list[dict[str, Any]]) -> tuple[int, float]:
    """(how many are taken for something else, what share is right); both are printed."""
    wrong, right = [], 0
    for case, reading in zip(cases(name), found, strict=True):
        right += is_right(case, reading)
        if reading["kind"] == "value" and not is_right(case, reading):
            wrong.append((case["text"], reading["value"]))
    share = right / len(found)
    print(f"{name}: {len(found)}, wrong {len(wrong)} {wrong}, right {share:.1%}")
    return len(wrong), share


def test_figures() -> None:
    wrong, right = measure(
        "figures", [read(CORPUS, case["kind"], case["text"], ON) for case in cases("figures")]
    )
    assert wrong == 0
    assert right >= 0.97


def test_dates() -> None:
    wrong, right = measure("dates", [read(CORPUS, "date", case["text"], ON) for case in cases("dates")])
    assert wrong == 0
    assert right >= 0.95


def test_private_numbers() -> None:
    left, masked = [], []
    for case in cases("private"):
        text, value = case["text"], read(CORPUS, "mask", case["text"], ON)["value"]
        assert len(text) == len(value)
        for number in case["private"]:
            place = text.index(number)
            if set(value[place : place + len(number)]) != {"*"}:
                left.append(text)
        if not case["private"] and value != text:
            masked.append(text)
    print(f"private: {len(cases('private'))}, left {left}, ordinary text masked {masked}")
    assert not left
    assert not masked


def test_a_one_time_code_is_no_private_number() -> None:
    """Whatever letters it is made of: masked, it would bind nobody."""
    for start in ("QQ", "WX", "VX", "EA", "PE", "MA", "SE"):
        for rest in ("JJ24Q34U", "23456789", "X4MV296S"):
            code = f"{start}{rest}"
            if not rest.isdigit():
                assert private_numbers.mask(f"绑定 {code}", lambda line: False) == (f"绑定 {code}", False)


@pytest.mark.parametrize("name", ["answers_seen", "answers_unseen"])
def test_answers(name: str) -> None:
    """Free answers to the checks' questions: taken rightly, or rightly asked in one tap."""
    wrong, right, clear, taken, missed = [], 0, 0, 0, []
    for case in cases(name):
        found = read(CORPUS, case["fact"], case["text"], ON)
        value = found["value"] if found["kind"] == "value" else "ask"
        right += value in (case["is"], "ask")
        if value not in (case["is"], "ask"):
            wrong.append((case["text"], value))
        if case["is"] != "ask":
            clear += 1
            taken += value == case["is"]
            if value == "ask":
                missed.append((case["text"], found["likely"]))
    total = len(cases(name))
    print(f"{name}: {total}, wrong {len(wrong)} {wrong}, right or asked {right / total:.1%}")
    print(f"  taken of the clear {taken / clear:.1%}, asked {missed}")
    assert len(wrong) <= total * 0.01
    assert right >= total * 0.9
    assert taken >= clear * 0.8


@pytest.mark.parametrize("half", readings.HALVES)
@pytest.mark.parametrize("name", readings.KINDS)
def test_a_second_round(name: str, half: str) -> None:
    """Read as the outside command does: nothing wrong, and right as often as is asked for."""
    measured = readings.measure(name, (half,))
    print(f"{name} {half}: wrong {measured.wrong}, asked {measured.asked}")
    assert readings.holds(name, measured)
