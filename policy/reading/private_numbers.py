"""Numbers that say who somebody is, wherever they stand in a text and however they are written.

ID cards, mobile and landline telephones, bank cards, passports and permits, e-mail and chat accounts,
number plates: in full width, with blanks, dots, dashes, brackets or invisible marks inside, or spelt
out (幺三八…). Figures, dates, amounts, document numbers and hotlines are none. Time is linear in the
length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from policy.reading.digits import holds_digit

Span = tuple[int, int]

_SPELT = dict(
    zip("零〇一二三四五六七八九幺壹贰貳叁參陆陸柒捌玖", "00123456789" + "11223366789", strict=True)
) | {
    "肆": "4",
    "伍": "5",
    "洞": "0",  # as soldiers and dispatchers spell them
    "拐": "7",
    "勾": "9",
}
_FEWEST = 7  # digits in a number that is digits alone
# With every block in which something folds to one of them.
_MAY_BE_SPELT = re.compile(
    f"[{''.join(_SPELT)}\u2e80-\u2fdf\u3190-\u319f\u3280-\u32ff\uf900-\ufaff\U0001f200-\U0001f2ff\U0002f800-\U0002fa1f]"
)
_AT = re.compile("[@＠﹫]")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0f\ufeff]")

# A run: digits, and at most three marks between one and the next. A tab parts the cells of a table.
_RUN = re.compile(r"[0-9](?:[ .\-·()\[\]_,/*]{0,3}[0-9])*")
_GROUP = re.compile("[0-9]+")
_CHECK_LETTER = re.compile(r"[ .\-]?[xX×](?![a-zA-Z])")
_LOOSE = frozenset(" ,/*")  # may also part one figure from the next

_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 "
    "50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)
_MOBILE = re.compile("1[3-9][0-9]{9}")
_FROM_ABROAD = re.compile("86(10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}")  # 86-631-…: without the 0


def _sizes(ways: str) -> frozenset[tuple[int, ...]]:
    return frozenset(tuple(int(size) for size in way.split("-")) for way in ways.split())


# How many digits stand between one mark and the next, as people cut these numbers.
_MOBILE_GROUPS = _sizes(
    "11 3-4-4 4-3-4 4-4-3 3-8 7-4 3-3-5 3-5-3 5-3-3 5-6 6-5 2-3-3-3 3-2-2-2-2 3-2-2-4 3-2-3-3 3-4-2-2 "
    "1-2-4-4 1-1-1-1-1-1-1-1-1-1-1"
)
_CARD_GROUPS = _sizes("4-4-4-4 4-4-4-4-1 4-4-4-4-2 4-4-4-4-3 6-13 8-8-3")
_LOCAL_GROUPS = _sizes("7 8 3-4 4-4")
_CONTEXT = re.compile(
    r"(?:手机|电话|電話|手機|号码|號碼|联系|聯繫|尾号|座机|座機|传真|傳真|微信|拨打|打我|找我|回电|身份证|身份證|证件"
    r"|卡号|卡號|账号|帳號|账户|银行|銀行|卡|ID|tel|phone|mobile|call)[^0-9，。,;；\n]{0,8}$",
    re.I,
)
_CALLED = re.compile(
    r"(?:电话|電話|座机|座機|传真|傳真|固话|号码|號碼|打|拨|tel|phone)(?:号码?|号|是|为|吧|了|给我|给|我|[:：=\s])*$",
    re.I,
)
_COUNTED = re.compile(r"\s*[元块人名位个次班万%]")
_EXTENSION = re.compile(r"(?:-|转|轉|ext\.?)\s?[0-9]{1,5}(?![0-9])", re.I)

# Documents with letters, accounts and plates: on folded text.
_WRITTEN = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![A-Za-z0-9])(?:[Ee][A-Za-z]?|[Gg]|SE|DE|PE|KJ|PJ|MA)[0-9]{7,8}(?![0-9A-Za-z])",
        r"(?<![A-Za-z0-9])[DSPHMCWTdsphmcwt][0-9]{8}(?:[0-9]{2})?(?![0-9A-Za-z])",
        r"(?<![A-Za-z0-9])[A-Za-z]{1,2}[0-9]{6}\([0-9Aa]\)",
        r"(?<![A-Za-z0-9])[A-Z][1289][0-9]{8}(?![0-9A-Za-z])",
        r"(?<![A-Za-z0-9])[A-Z]{3}[0-9]{12}(?![0-9A-Za-z])",
        r"(?:护照|護照|通行证|通行證|台胞证|臺胞證|台胞證|回乡证|回鄉證|军官证|士兵证|警官证)"
        r"(?:号码?|號碼?|是|为|[:\s])*"
        r"(?P<it>[A-Za-z]{0,2}[ \-]?[0-9](?:[ \-]?[0-9]){5,11}|.?字第[0-9]{5,9}号)",
        r"(?<![社厅办函])[军武士]字第[0-9]{5,9}号",
        r"[A-Za-z0-9._%+\-]{1,64} ?@ ?[A-Za-z0-9\-]{1,63}(?: ?\. ?[A-Za-z0-9\-]{2,20}){1,4}",
        # Written onto wx or QQ only digits are an id: letters may be a one-time code that begins so.
        r"(?:微信|扣扣|(?<![A-Za-z0-9])(?:wx|vx|weixin|QQ|qq)(?=号|號|是|为|加|[:\s]|[0-9]{5}))"
        r"(?:号码?|號碼?|是|为|加|[:\s])*"
        r"(?P<it>(?=[A-Za-z_\-]{0,19}[0-9])[A-Za-z0-9][A-Za-z0-9_\-]{4,19})",
        r"[京津沪渝冀豫云辽黑湘皖鲁魯新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·. ]?"
        r"(?=[A-HJ-NP-Z]{0,5}[0-9])[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9])",
    )
)


def mask(text: str, holds_figures: Callable[[str], bool]) -> tuple[str, bool]:
    """Return the text with every private number in asterisks, and whether there was any.

    `holds_figures` tells of a line whether it is a row of the form's figures: there a blank or a comma
    parts one figure from the next, and only digits that run on can be a number of that kind.
    """
    masked = "".join(_masked(line, holds_figures) for line in text.splitlines(keepends=True))
    return masked, masked != text


def _may_hold_one(line: str) -> bool:
    """Whether there are enough digits: one with letters or an account, seven where all are spelt out."""
    if holds_digit(line) or _AT.search(line):
        return True
    return len(line) >= _FEWEST and len(_MAY_BE_SPELT.findall(line)) >= _FEWEST


def _masked(line: str, holds_figures: Callable[[str], bool]) -> str:
    if not _may_hold_one(line):
        return line
    plain = _Folded(line)
    found = [_named(match) for pattern in _WRITTEN for match in pattern.finditer(plain.text)]
    found += _numbers(plain, cache(lambda: holds_figures(line)))
    characters = list(line)
    for first, end in found:
        for place in range(plain.places[first], plain.places[end - 1] + 1):
            characters[place] = "*"
    return "".join(characters)


def _named(match: re.Match[str]) -> Span:
    return match.span("it") if "it" in match.re.groupindex else match.span()


class _Folded:
    """A line with one sign per character: half width, spelt-out digits apart, invisible marks dropped.

    `places` tells where each sign stands in the line; in `digits` what is spelt out is in digits.
    """

    def __init__(self, line: str) -> None:
        signs, spelt, self.places = [], [], []
        for place, character in enumerate(line):
            if _INVISIBLE.match(character):
                continue
            sign = _sign(character)
            signs.append(sign)
            spelt.append(_SPELT.get(sign, sign))
            self.places.append(place)
        self.text = "".join(signs)
        self.digits = "".join(spelt)


def _sign(character: str) -> str:
    if character.isascii():
        return character
    category = unicodedata.category(character)
    if category in ("Pd", "Sm") and character in "‐‑‒–—―−－﹣":
        return "-"
    if category == "Zs":
        return " "
    if character in "【〖「『":
        return "["
    if character in "】〗」』":
        return "]"
    if character in "・•‧∙．。":
        return "."
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "No":  # ①, ²
        return str(unicodedata.digit(character, character))
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


@dataclass(frozen=True)
class _Group:
    """Digits that run on without a mark between them, and the marks that follow in the same run."""

    digits: str
    start: int
    end: int
    marks: str


def _numbers(plain: _Folded, row: Callable[[], bool]) -> Iterator[Span]:
    for run in _RUN.finditer(plain.digits):
        if run.end() - run.start() < 7:
            continue
        yield from _in_run(plain, _groups(plain.digits, run), row)


def _groups(digits: str, run: re.Match[str]) -> list[_Group]:
    pieces = list(_GROUP.finditer(digits, run.start(), run.end()))
    ends = [piece.start() for piece in pieces[1:]] + [run.end()]
    return [
        _Group(p[0], p.start(), p.end(), digits[p.end() : end]) for p, end in zip(pieces, ends, strict=True)
    ]


def _in_run(plain: _Folded, groups: list[_Group], row: Callable[[], bool]) -> Iterator[Span]:
    run = _Run(groups)
    at = begun = 0  # `begun`: the first group that no number before has taken
    while at < len(groups):
        if solid := _solid(plain, groups[at]):
            yield solid
            at = begun = at + 1
            continue
        taken = _together(plain, run, at, at == begun, row)
        if taken:
            yield _span(plain, groups, at, taken)
            at = begun = at + taken
        else:
            at += 1


class _Run:
    """The groups of a run, with all their digits in one string."""

    def __init__(self, groups: list[_Group]) -> None:
        self.groups = groups
        self.digits = "".join(group.digits for group in groups)
        self.sizes = tuple(len(group.digits) for group in groups)
        self.starts: list[int] = []
        self.ending: dict[int, int] = {}  # where a group ends in `digits` → the number of groups before
        reached = 0
        for number, group in enumerate(groups, 1):
            self.starts.append(reached)
            reached += len(group.digits)
            self.ending[reached] = number


def _together(plain: _Folded, run: _Run, at: int, first: bool, row: Callable[[], bool]) -> int:
    """Return how many groups from one on are one number together; 0 for none."""
    start = run.starts[at]
    for length in _lengths(run.digits[start : start + 6]):
        end = run.ending.get(start + length)
        if end is None or end - at < 2:
            continue
        joined = run.digits[start : start + length]
        sizes = run.sizes[at:end]
        if _has_shape(plain, run.groups[end - 1].end, joined, sizes) and _is_apart(
            plain, run, at, end, first, row
        ):
            return end - at
    return 0


def _lengths(head: str) -> tuple[int, ...]:
    """Return in how many digits a number may be written whose first digits these are, the longest first."""
    if head[:2] in ("86", "00"):
        return (15, 13, 12)
    if head[:1] == "0":
        return (12, 11, 10)
    if head[:2] == "62":
        return (19, 18, 17, 16)
    mobile = (11,) if head[:1] == "1" and head[1:2] > "2" else ()
    return (18, 17, 15, *mobile) if head[:2] in _PROVINCES else mobile


def _solid(plain: _Folded, group: _Group) -> Span | None:
    """Return where a number stands that is written without a mark inside."""
    digits, start, end = group.digits, group.start, group.end
    letter = _CHECK_LETTER.match(plain.digits, end) if len(digits) == 17 else None
    if letter:
        return start, letter.end()
    if len(digits) >= 16 or (len(digits) == 15 and _is_old_card(digits)) or _is_mobile(digits):
        return _with_country(plain, start), end
    before = plain.digits[max(0, start - 20) : start]
    if re.fullmatch("0[1-9][0-9]{8,10}", digits):
        return start, _extended(plain, end)
    if len(digits) == 15 and re.search("身份证|身份證", before):
        return start, end
    if re.fullmatch("[2-8][0-9]{6,7}", digits) and _CALLED.search(before):
        return None if _COUNTED.match(plain.digits, end) else (start, _extended(plain, end))
    return None


def _is_mobile(digits: str) -> bool:
    return bool(re.fullmatch("(?:0?0?86)?1[3-9][0-9]{9}", digits))


def _is_old_card(digits: str) -> bool:
    return digits[:2] in _PROVINCES and _is_day(digits[8:10], digits[10:12])


def _is_day(month: str, day: str) -> bool:
    return "01" <= month <= "12" and "01" <= day <= "31"


def _with_country(plain: _Folded, start: int) -> int:
    """Return where a number begins with what stands before it: +86, (86), 0086-."""
    before = plain.digits[max(0, start - 8) : start]
    found = re.search(r"(?:\+|00)?[(\[]?\+?(?<![0-9])(?:00)?86[)\]]?[ \-]{0,2}$|\+$", before)
    return start - (len(before) - found.start()) if found else start


def _extended(plain: _Folded, end: int) -> int:
    found = _EXTENSION.match(plain.digits, end)
    return found.end() if found else end


def _span(plain: _Folded, groups: list[_Group], at: int, taken: int) -> Span:
    joined = "".join(group.digits for group in groups[at : at + taken])
    start, end = groups[at].start, groups[at + taken - 1].end
    if len(joined) == 17 and (letter := _CHECK_LETTER.match(plain.digits, end)):
        end = letter.end()
    if joined.startswith("0"):
        end = _extended(plain, end)
    if joined.startswith("1"):
        start = _with_country(plain, start)
    while start and joined[0] in "08" and plain.digits[start - 1] in "+([":
        start -= 1
    return start, end


def _is_apart(plain: _Folded, run: _Run, at: int, end: int, first: bool, row: Callable[[], bool]) -> bool:
    """Return whether groups of the right shape are one number, and not figures side by side."""
    groups = run.groups
    start = groups[at].start
    loose = _LOOSE.intersection("".join(group.marks for group in groups[at : end - 1]))
    if not loose or plain.text[start] != plain.digits[start]:
        return True
    if _CONTEXT.search(plain.text[max(0, start - 16) : start]):
        return True
    if any(len(group.digits) > 1 and group.digits[0] == "0" for group in groups[at + 1 : end]):
        return True  # no figure begins with 0
    if "," in loose or not first or (end < len(groups) and _LOOSE.intersection(groups[end - 1].marks)):
        return False
    return not row()


def _has_shape(plain: _Folded, end: int, joined: str, sizes: tuple[int, ...]) -> bool:
    if _MOBILE.fullmatch(joined):
        return sizes in _MOBILE_GROUPS
    if joined.startswith("86") and _MOBILE.fullmatch(joined[2:]) and sizes[0] == 2:
        return sizes[1:] in _MOBILE_GROUPS
    if joined.startswith("0086") and _MOBILE.fullmatch(joined[4:]) and sizes[0] == 4:
        return sizes[1:] in _MOBILE_GROUPS
    if abroad := _FROM_ABROAD.fullmatch(joined):
        return sizes[:2] == (2, len(abroad[1])) and sizes[2:] in _LOCAL_GROUPS
    if re.fullmatch("0[1-9][0-9]{8,10}", joined):
        area = 3 if re.match("01|02", joined) else 4
        return sizes[0] == area and (sizes[1:] in _LOCAL_GROUPS or sizes[1:] == (len(joined) - area,))
    if sizes in _CARD_GROUPS and joined.startswith("62"):
        return True
    if _is_card(joined) or (len(joined) == 17 and _is_card(f"{joined}0")):
        letter = len(joined) == 17
        if letter and not _CHECK_LETTER.match(plain.digits, end):
            return False
        return max(sizes) > 2 or set(sizes) == {1}
    return len(joined) == 15 and sizes[0] in (1, 3, 6) and _is_old_card(joined)


def _is_card(digits: str) -> bool:
    return (
        len(digits) == 18
        and digits[:2] in _PROVINCES
        and digits[6:8] in ("19", "20")
        and _is_day(digits[10:12], digits[12:14])
    )
