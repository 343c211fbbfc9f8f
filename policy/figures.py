"""Reading a figure as people write it: 12, １２, 12 个, 1,200, 3万5, 9w, 一百二十, 12.5元."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

import cn2an

# Unit as people write it → the form's own; 个 goes with classes and people alike.
UNITS = {
    **dict.fromkeys(("个班", "班次", "班", "期"), "个"),
    **dict.fromkeys(("人次", "人", "名", "位"), "人"),
    **dict.fromkeys(("元整", "块钱", "人民币", "元", "块", "圆"), "元"),
    **dict.fromkeys(("个", "次", "家", "整"), ""),
}
_UNIT = re.compile(rf"\s*({'|'.join(sorted(UNITS, key=len, reverse=True))})$")
_HAN = "零〇一二两三四五六七八九十百千万亿廿卅壹贰叁肆伍陆柒捌玖拾佰仟"
_PLAIN = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_WITH_HAN = re.compile(rf"[\d.{_HAN}]+")
_MINUS = re.compile(r"^[-−﹣－负](?=\s*[\d.零一二三四五六七八九十百千万])")
_ABOUT = re.compile(
    r"^(?:大概|大约|约|差不多|估计|可能|将近|近|不到|超过)|(?:左右|上下|多|来|以上|以下|余|\+)$"
)
_SAID = re.compile(r"(?:吧|呢|啊|哦|了|哈|的)+$")
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
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip().rstrip("。.,!")


def is_none(text: str) -> bool:
    """Whether the text says that there is nothing to count: 无, 没有."""
    return _tidy(text).lower() in NONE


def is_dash(text: str) -> bool:
    """Whether a cell of a table holds a dash, which stands for nothing there; alone it says too little."""
    return bool(_DASHES.fullmatch(text))


def unit_of(text: str) -> str:
    """The form's unit (个, 人, 元) that a figure was typed with; "" for none, or one that fits any."""
    found = _UNIT.search(_SAID.sub("", _tidy(text)))
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
    plain = re.sub(r"^[¥￥]", "", _SAID.sub("", plain)).strip()
    plain = re.sub(r"(?<=\d)\s*[wW](?=\d?\s*元?$)", "万", plain)
    about = _ABOUT.sub("", _UNIT.sub("", plain)).strip()
    plain = _UNIT.sub("", plain).strip()
    if about != plain and looks_like_figure(about):
        raise NotAFigure("about")
    numbers = re.findall(rf"[\d.,{_HAN}]+", plain)
    if len(numbers) > 1:
        raise NotAFigure("several")
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        if _PLAIN.fullmatch(plain):
            return Decimal(plain)
        if _WITH_HAN.fullmatch(plain):
            return Decimal(str(cn2an.cn2an(plain, "smart")))
    except (ValueError, InvalidOperation) as error:
        raise NotAFigure("other") from error
    raise NotAFigure("other")


def is_figure(text: str) -> bool:
    """Whether the text is one figure, written in any of the ways that are read."""
    try:
        read_figure(text)
    except NotAFigure:
        return False
    return True


def looks_like_figure(text: str) -> bool:
    """Whether the text holds a digit or is made of Chinese numerals: then it is a value, not a question."""
    plain = unicodedata.normalize("NFKC", text).strip()
    units = "|".join(UNITS)
    return bool(re.search(r"\d", plain)) or bool(re.fullmatch(rf"[负\-]?[{_HAN}点.\s]+(?:{units})?", plain))
