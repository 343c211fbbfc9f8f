"""A telephone number as people write it, found in what they typed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from policy.reading.digits import are_digits

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DASHES = re.compile(r"[‐‑‒–—―−﹣－]")
_GAP = r"[\s\-]{0,3}"
_MOBILE = re.compile(
    rf"(?<![0-9])(?:\(?(?:\+|00)?86\)?{_GAP})?(1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}})(?![0-9])"
)
_EXTENSION = r"(?:\s*(?:转|-|分机号?|[:：,，]?\s*转?\s*分机号?|ext\.?|x|\#)\s*[:：]?\s*([0-9]{1,6}))?"
_AREA = re.compile(
    rf"(?<![0-9])(?:\(?(?:\+|00)?86\)?{_GAP}\(?0?(?=[1-9])|\(?0)(10|2[0-9]|[3-9][0-9][0-9])\)?{_GAP}"
    rf"([2-9][0-9]{{2,3}}{_GAP}[0-9]{{4}}){_EXTENSION}(?![0-9])",
    re.I,
)
_SERVICE = re.compile(rf"(?<![0-9])([48]00{_GAP}[0-9]{{3,4}}{_GAP}[0-9]{{3,4}})(?![0-9])")
_LOCAL = re.compile(rf"(?<![0-9-])([2-9][0-9]{{2,3}}{_GAP}[0-9]{{4}}){_EXTENSION}(?![0-9])", re.I)
_LONG = re.compile(r"[0-9](?:[\s\-()]{0,3}[0-9]){5,}")
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
        raise NotATelephone("digits", sum(map(are_digits, run[0])))
    raise NotATelephone("none")


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _mobile(found: re.Match[str]) -> str:
    return _digits(found[1])


def _area(found: re.Match[str]) -> str:
    return f"0{found[1]}-{_digits(found[2])}" + (f"转{found[3]}" if found[3] else "")


def _service(found: re.Match[str]) -> str:
    digits = _digits(found[1])
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


def _local(found: re.Match[str]) -> str:
    return _digits(found[1]) + (f"转{found[2]}" if found[2] else "")
