"""Reading a figure as people write it: 12, １２, 12 个, 1,200, 3万5, 一百二十, 12.5元."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

import cn2an

_UNITS = r"(?:个班|班次|人次|块钱|元整|人民币|个|班|人|名|位|元|块|圆|次|期|家|整)"
_HAN = "零〇一二两三四五六七八九十百千万亿廿卅壹贰叁肆伍陆柒捌玖拾佰仟"
_PLAIN = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_WITH_HAN = re.compile(rf"[\d.{_HAN}]+")
_MINUS = re.compile(r"^[-−﹣－负]")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
LONGEST = 40  # characters; no figure anyone means is longer


class NotAFigure(ValueError):
    """The text is not one figure. `reason` is empty, negative, several or other."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_figure(text: str) -> Decimal:
    """The one number that `text` says.

    Takes half- and full-width digits, thousands separators, Chinese numerals, mixed forms
    (`3万5` is 35,000) and a trailing unit of people, classes or money.

    Raises:
        NotAFigure: empty, negative, more than one number, or not a number at all.
    """
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip().rstrip("。.,")
    if not plain:
        raise NotAFigure("empty")
    if _MINUS.match(plain):
        raise NotAFigure("negative")
    if len(plain) > LONGEST:
        raise NotAFigure("other")
    plain = re.sub(r"^[¥￥]", "", plain).strip()
    plain = re.sub(rf"\s*{_UNITS}$", "", plain).strip()
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


def looks_like_figure(text: str) -> bool:
    """Whether the text holds a digit or is made of Chinese numerals: then it is a value, not a question."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return bool(re.search(r"\d", plain)) or bool(re.fullmatch(rf"[负\-]?[{_HAN}点.\s]+{_UNITS}?", plain))
