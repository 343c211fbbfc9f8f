"""A telephone number as people write it, found in what they typed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DASHES = re.compile(r"[‐‑‒–—―−﹣－]")
_GAP = r"[\s\-]{0,3}"
_MOBILE = re.compile(rf"(?<!\d)(?:\(?(?:\+|00)?86\)?{_GAP})?(1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}})(?!\d)")
_EXTENSION = r"(?:\s*(?:转|-|分机号?|[:：,，]?\s*转?\s*分机号?|ext\.?|x|\#)\s*[:：]?\s*(\d{1,6}))?"
_AREA = re.compile(
    rf"(?<!\d)(?:\(?(?:\+|00)?86\)?{_GAP}\(?0?(?=[1-9])|\(?0)(10|2\d|[3-9]\d\d)\)?{_GAP}"
    rf"([2-9]\d{{2,3}}{_GAP}\d{{4}}){_EXTENSION}(?!\d)",
    re.I,
)
_SERVICE = re.compile(rf"(?<!\d)([48]00{_GAP}\d{{3,4}}{_GAP}\d{{3,4}})(?!\d)")
_LOCAL = re.compile(rf"(?<![\d-])([2-9]\d{{2,3}}{_GAP}\d{{4}}){_EXTENSION}(?!\d)", re.I)
_LONG = re.compile(r"\d(?:[\s\-()]{0,3}\d){5,}")
_SAID = re.compile(r"(?:联系|办公|移动)?(?:电话|手机|座机|号码|tel)(?:号码?)?(?:是|为)?\s*[:：]?", re.I)
_EDGES = " \t\n,，、;；:：。.()（）/"


class NotATelephone(ValueError):
    """The text is no number. `reason`: none, several, or digits (a mobile's are not 11, or too many).

    `count` is how many digits were typed.
    """

    def __init__(self, reason: str, count: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.count = count


@dataclass(frozen=True)
class Telephone:
    """One number, written in one way, and what was typed beside it."""

    number: str
    beside: str


def find_telephone(text: str) -> Telephone:
    """The one telephone number in a text: mobile, landline with its extension, 400, or local.

    Raises:
        NotATelephone: there is none, or more than one.
    """
    plain = _DASHES.sub("-", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))
    plain = " ".join(plain.split())  # what may stand between two parts of a number is looked for once
    for pattern, written in ((_MOBILE, _mobile), (_AREA, _area), (_SERVICE, _service), (_LOCAL, _local)):
        found = pattern.search(plain)
        if found is None:
            continue
        rest = f"{plain[: found.start()]} {plain[found.end() :]}"
        if _LONG.search(rest):
            raise NotATelephone("several")
        return Telephone(written(found), _SAID.sub("", " ".join(rest.split())).strip(_EDGES))
    run = _LONG.search(plain)
    if run:
        raise NotATelephone("digits", sum(c.isdigit() for c in run[0]))
    raise NotATelephone("none")


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _mobile(found: re.Match[str]) -> str:
    return _digits(found[1])


def _area(found: re.Match[str]) -> str:
    return f"0{found[1]}-{_digits(found[2])}" + (f"转{found[3]}" if found[3] else "")


def _service(found: re.Match[str]) -> str:
    digits = _digits(found[1])
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


def _local(found: re.Match[str]) -> str:
    return _digits(found[1]) + (f"转{found[2]}" if found[2] else "")
