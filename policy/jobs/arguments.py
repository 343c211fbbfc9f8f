"""What is said along with a job: a quarter, an occupation, for whom, what an answer is changed to."""

from __future__ import annotations

import re

from policy.form.form import Form
from policy.jobs.lexicon import Lexicon
from policy.reading.text import normalise, unified

LONGEST_VALUE = 30
_QUARTER = re.compile(
    r"(?:(?:20)?[0-9０-９][0-9０-９]年?第?)?(?:q[1-4](?![0-9０-９])|[一二三四1-4]季度?)|(?:这|上|本)(?:一?个)?季度?|20[0-9０-９][0-9０-９]年"
)
# 改成中级, 应该是45, 不是初级是中级, 是中级不是初级, 更正：8个班
_TO = (
    re.compile(
        r"(?:(?:改|换|更正|修改|变|调)(?:一下)?(?:成|为|到|作)|→|->)\s*([^，,。.！!；;\s]{1,30}(?:\.[0-9０-９]+)?)"
    ),
    re.compile(r"不是[^，,。！!\s]{1,12}[，,\s]*(?:而)?是\s*([^，,。！!；;\s]{1,30})"),
    re.compile(r"是\s*([^，,。！!；;\s是]{1,30}?)[，,\s]*(?:不是|而不是)"),
    re.compile(r"应该?[是为]?\s*(?:选)?([^，,。！!；;\s]{1,30})"),
    re.compile(
        r"(?:错了?|不对|更正(?:一下)?|说错|岔了?)[，,：:！!\s]*(?:应?[是为]|改)?\s*([^，,。！!；;\s]{1,30})"
    ),
    re.compile(r"(?:说了|是)\s*([^，,。！!；;\s是]{1,30})$"),
    re.compile(r"改\s*([0-9０-９][0-9０-９.,]*)"),
)
_TAIL = re.compile(r"(?:吧|了|的|哈|啊|呀|呗|谢谢|才对)+$")


def named_quarter(text: str) -> str:
    """Return the quarter in the words used (三季度, 上季度, 2026q3); "" when none is named."""
    found = _QUARTER.search("".join(unified(text).split()))
    return found[0] if found else ""


def named_occupation(form: Form, text: str) -> str:
    """Return the form's name of the one occupation named; "" for none or several."""
    plain = unified(text)
    found = [
        occupation.name
        for occupation in form.occupations
        if any(name.lower() in plain for name in (occupation.name, *occupation.aliases))
    ]
    return found[0] if len(found) == 1 else ""


def named_person(lexicon: Lexicon, text: str) -> str:
    """Return for whom something is to be done: family or colleague; "" when it is not said."""
    found = lexicon.spans(normalise(text))
    return next((who for who in ("family", "colleague") if who in found), "")


def correction(text: str) -> str:
    """Return what an answer is to be changed to; "" when it is not said."""
    plain = unified(text)
    for pattern in _TO:
        found = pattern.search(plain)
        if found:
            value = _TAIL.sub("", found[1])
            if value:
                return value[:LONGEST_VALUE]
    return ""
