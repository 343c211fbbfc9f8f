"""Reading a figure as people write it: 12, １２, 12 个, 1,200, 3万5, 9w, 一百二十, 12.5元.

What is not one exact number is refused: 两三个, 十几, 120左右 are approximate, 12² is none.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from policy.reading.numerals import HAN, NotANumeral, fold, is_approximate, is_marked, read_numeral

# Unit as people write it → the form's own; 个 goes with classes and people alike.
UNITS = {
    **dict.fromkeys(("个班", "班次", "班", "期"), "个"),
    **dict.fromkeys(("人次", "人", "名", "位"), "人"),
    **dict.fromkeys(("元整", "块钱", "人民币", "元", "块", "圆"), "元"),
    **dict.fromkeys(("个", "次", "家", "整"), ""),
}
_UNIT = re.compile(rf"\s*({'|'.join(sorted(UNITS, key=len, reverse=True))})$")
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_WITH_HAN = re.compile(rf"[0-9.{HAN}]+")
_MINUS = re.compile(r"^[-−﹣－负](?=\s*[0-9.零一二两三四五六七八九十百千万])")
_ABOUT = re.compile(
    r"^(?:大概|大约|大致|约莫|约|差不多|估计|可能|将近|接近|近|不到|不足|不止|不下|超过|超|逾"
    r"|至少|最少|起码|少说|至多|最多)"
    r"|(?:左右|上下|前后|出头|开外|多|来|以上|以下|以内|余|\+)$"
)
_SAID = "吧呢啊哦了哈的"  # said behind a figure
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# What is said where there is nothing to count, and what stands there in a table.
NONE = frozenset("无 没 没有 一个没有 一个都没有 没有的 暂无 o 零".split())
_DASHES = re.compile(r"[-—–―/\\\s]+")
LONGEST = 40  # characters; no figure anyone means is longer


class NotAFigure(ValueError):
    """The text is not one figure. `reason` is empty, negative, several, about (no exact number) or other."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _tidy(text: str) -> str:
    return _INVISIBLE.sub("", fold(text)).strip().rstrip("。.,!")


def is_none(text: str) -> bool:
    """Whether the text says that there is nothing to count: 无, 没有."""
    return _tidy(text).lower() in NONE


def is_dash(text: str) -> bool:
    """Whether a cell of a table holds a dash, which stands for nothing there; alone it says too little."""
    return bool(_DASHES.fullmatch(text))


def unit_of(text: str) -> str:
    """The form's unit (个, 人, 元) that a figure was typed with; "" for none, or one that fits any."""
    plain = _tidy(text)
    found = _UNIT.search(plain.rstrip(_SAID)) if len(plain) <= LONGEST else None
    return UNITS[found[1]] if found else ""


def read_figure(text: str) -> Decimal:
    """The one number that `text` says.

    Takes half- and full-width digits, thousands separators, Chinese numerals, mixed forms
    (`3万5` is 35,000, `9w` 90,000), a trailing unit of people, classes or money, and 无 as 0.

    Raises:
        NotAFigure: empty, negative, more than one number, no exact one, or not a number at all.
    """
    plain = _tidy(text)
    if not plain:
        raise NotAFigure("empty")
    if is_none(plain):
        return Decimal(0)
    if _MINUS.match(plain):
        raise NotAFigure("negative")
    if len(plain) > LONGEST:
        raise NotAFigure("other")
    plain = re.sub(r"^[¥￥]", "", plain.rstrip(_SAID)).strip()
    plain = re.sub(r"(?<=\d)\s*[wW](?=\d?\s*元?$)", "万", plain)
    if _is_about(plain):
        raise NotAFigure("about")
    plain = _UNIT.sub("", plain).strip()
    numbers = re.findall(rf"[0-9.,{HAN}]+", plain)
    if len(numbers) > 1:
        raise NotAFigure("several")
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    if _PLAIN.fullmatch(plain):
        return Decimal(plain)
    if not _WITH_HAN.fullmatch(plain):
        raise NotAFigure("other")
    try:
        return read_numeral(plain)
    except NotANumeral as error:
        raise NotAFigure(error.reason) from error


def _is_about(plain: str) -> bool:
    """Whether a tidied text is a number that is not exact, with the units and words around it."""
    cores = [plain]
    while (shorter := _UNIT.sub("", cores[-1]).removesuffix("号").strip()) and shorter != cores[-1]:
        cores.append(shorter)  # 两三个人, 一百来号人
    for core in cores:
        number = _ABOUT.sub("", core).strip()
        if is_approximate(core) or (number != core and (is_approximate(number) or _holds_figure(number))):
            return True
    return False


def _holds_figure(plain: str) -> bool:
    units = "|".join(UNITS)
    return bool(re.search("[0-9]", plain)) or bool(re.fullmatch(rf"[负\-]?[{HAN}点.\s]+(?:{units})?", plain))


def is_figure(text: str) -> bool:
    """Whether the text is one figure, written in any of the ways that are read."""
    try:
        read_figure(text)
    except NotAFigure:
        return False
    return True


def is_number(text: str) -> bool:
    """Whether the text is one number, exact (120) or not (两三个, 120左右): never a word of explanation."""
    try:
        read_figure(text)
    except NotAFigure as error:
        return error.reason == "about"
    return True


def looks_like_figure(text: str) -> bool:
    """Whether the text holds a digit or is nothing but a number in Chinese, exact or not.

    Then it is a value, not a question.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if _holds_figure(plain) or any(map(is_marked, text)):
        return True
    return len(plain) <= LONGEST and _is_about(_tidy(text).rstrip(_SAID))
