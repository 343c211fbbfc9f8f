"""Lists and options against the notice's words: districts, those it is addressed to, occupations."""

from __future__ import annotations

import re
from collections.abc import Mapping

from policy.checks.rules import Fact
from policy.form.form import Form
from policy.institutions.districts import ADDRESSED, DISTRICTS
from policy.notice.clauses import Notices, bare

_AREA = re.compile("[，、：。和及]([\u4e00-\u9fff]{2,6}新区)")
_OCCUPATIONS = re.compile("围绕(.+?)等数字技术领域新职业")
_WHO = ("从业人员", "应届毕业生", "已退休人员")


def list_problems(form: Form, facts: Mapping[str, Fact], notices: Notices) -> list[str]:
    """What the lists have otherwise than the notice."""
    return [
        *district_problems(notices),
        *place_problems(facts),
        *occupation_problems(form, notices),
        *addressee_problems(facts, notices),
    ]


def district_problems(notices: Notices) -> list[str]:
    """Every area that the notice names is a district, and whom it is addressed to covers all of them."""
    text = bare(notices.clause("通知").text)
    problems = [f"districts: 通知写了“{a}”，名单里没有" for a in _AREA.findall(text) if a not in DISTRICTS]
    problems += [f"districts: 通知的主送单位里没有“{words}”" for words in ADDRESSED if words not in text]
    covered = {name for names in ADDRESSED.values() for name in names}
    return problems + [
        f"districts: “{name}”不属于任何一类主送单位" for name in DISTRICTS if name not in covered
    ]


def place_problems(facts: Mapping[str, Fact]) -> list[str]:
    """Every district answers the question of the place of work with yes."""
    place = facts["place"]
    words = {w for option in place.options if option.id == "yes" for w in option.also}
    said = [pattern for option, pattern in place.wording.patterns if option == "yes"]
    names = [n for name, others in DISTRICTS.items() if not name.startswith("市") for n in (name, *others)]
    missing = [n for n in names if n not in words and not any(p.fullmatch(n) for p in said)]
    return [f"facts/place: 没有把“{name}”认作在威海" for name in missing]


def occupation_problems(form: Form, notices: Notices) -> list[str]:
    """Every occupation that the notice names has a row; one it does not name carries a remark."""
    found = _OCCUPATIONS.search(bare(notices.clause("一").text))
    named = re.split("、|以及", found[1]) if found else []
    rows = {o.name: o for o in form.occupations}
    problems = [] if named else ["form.yaml: 条款 一 里读不出职业名单"]
    problems += [f"form.yaml: 通知写了职业“{name}”，表里没有" for name in named if name not in rows]
    unnamed = [o.name for o in rows.values() if o.name not in named and not o.remark]
    return problems + [f"form.yaml: 通知没有写职业“{name}”，表里没有注明" for name in unnamed]


def addressee_problems(facts: Mapping[str, Fact], notices: Notices) -> list[str]:
    """The groups of people that the checks ask about are those that clause 三 names."""
    text = bare(notices.clause("三").text)
    problems = [f"checks: 条款 三 里没有“{who}”" for who in _WHO if who not in text]
    needed = ("retired", "place", "work", "graduate")
    return problems + [f"facts: 没有问“{fact}”" for fact in needed if fact not in facts]
