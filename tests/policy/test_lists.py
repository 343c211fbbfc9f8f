"""Districts, people and occupations are those of the notice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy.checks import lists
from policy.checks.wordings import NO_WORDING
from policy.institutions import districts
from tests.support.corpus import CORPUS


def test_they_agree() -> None:
    assert lists.list_problems(CORPUS.form, CORPUS.facts, CORPUS.notices) == []


def test_an_area_that_is_left_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(districts.DISTRICTS, "南海新区")
    assert any("南海新区" in problem for problem in lists.district_problems(CORPUS.notices))


def test_a_district_that_is_no_place_of_work_is_told() -> None:
    place = CORPUS.facts["place"]
    options = tuple(replace(option, also=()) for option in place.options)
    facts = {"place": replace(place, options=options, wording=NO_WORDING)}
    assert any("荣成" in problem for problem in lists.place_problems(facts))


def test_an_occupation_that_is_left_out_is_told() -> None:
    occupations = tuple(o for o in CORPUS.form.occupations if o.name != "云计算")
    form = replace(CORPUS.form, occupations=occupations)
    assert any("云计算" in problem for problem in lists.occupation_problems(form, CORPUS.notices))
