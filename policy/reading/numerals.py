"""Chinese numerals: a strict grammar of what is one exact number, and what is only about one.

A number is 一百二十, 三千五 (3,500), 3万5, 1.2万, 一亿二千万. Two digits side by side (两三, 十七八,
三四百), 几, 来, 余 or a bare 百 make it approximate, and a run of digits alone (一二三) is no amount.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, localcontext

from policy.reading.digits import holds_digit

HAN = "零〇一二两三四五六七八九十百千万亿廿卅卌壹贰叁肆伍陆柒捌玖拾佰仟"
LONGEST = 40  # characters; no number anyone means is longer

_PLAIN_HAN = str.maketrans("〇壹贰叁肆伍陆柒捌玖拾佰仟", "零一二三四五六七八九十百千")
_SCORES = {"廿": "二十", "卅": "三十", "卌": "四十"}
_POINT = "点"
# Characters of figures and dates as they are written in traditional script.
_SIMPLIFIED = str.maketrans(
    "萬億兩貳貮弐參叄陸個圓塊錢點數幾餘約來過無沒號禮週歲員學應該負總計發對錯這後時間節國慶勞動兒雙聖誕陽領補貼證書從還給記會當實際準確剛單額統開辦訓銀們",
    "万亿两贰贰贰叁叁陆个圆块钱点数几余约来过无没号礼周岁员学应该负总计发对错这后时间节国庆劳动儿双圣诞阳领补贴证书从还给记会当实际准确刚单额统开办训银们",
)
_ARABIC = str.maketrans("0123456789", "零一二三四五六七八九")
_IN_DIGITS = str.maketrans("零一二三四五六七八九", "0123456789")
_FULL_WIDTH = frozenset("０１２３４５６７８９")

_DIGIT, _FIRST = "[一二三四五六七八九]", "[一二两三四五六七八九]"  # 两 stands before 百 and more, or alone
_TENS = f"{_DIGIT}?十{_DIGIT}?"
_HUNDREDS = f"{_FIRST}百(?:零{_DIGIT}|{_TENS}|{_DIGIT})?"
_THOUSANDS = f"{_FIRST}千(?:零(?:{_TENS}|{_DIGIT})|{_HUNDREDS}|{_TENS}|{_DIGIT})?"
_SECTION = re.compile(f"{_THOUSANDS}|{_HUNDREDS}|{_TENS}|{_FIRST}|零")
_LETTERED = re.compile(r"([0-9]+(?:\.[0-9]+)?)([百千]?)")  # 120, 3.5, 5百 and 1.5千 before 万 or alone
_SHORT_OF_WAN = re.compile(f"{_FIRST}[十百千]|[0-9]+[百千]?")
_UNITS = {"": 1, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}

_NUMERAL = f"[0-9.{HAN}]"
_SIDE_BY_SIDE = re.compile(r"[一二两三四五六七八九]{2}")
_LEVELS = re.compile("[十百千万亿廿卅卌]")
_HALF = re.compile(f"({_FIRST}|[0-9]+)([百千万亿])半")  # 三万半: 35,000
_ROUGHLY = re.compile(
    "若干|一些|有些|好些|许多|很多|好多|不少|少数|多数|大量|少量|无数|[个百千万]把"
    f"|{_NUMERAL}*好?(?:几|数(?=[十百千万亿]))(?:{_NUMERAL}|[几数])*[多余来]?[{HAN}]*"
    f"|(?:{_NUMERAL}|个)+[多余来]{_NUMERAL}*"
    f"|(?:[成上近过][十百千万亿]{_NUMERAL}*)+[多余来]?"
    f"|数[个人名家位期班]+|[百千]{_NUMERAL}*|[万亿][百千万亿]"
)


class NotANumeral(ValueError):
    """The text is not one exact number. `reason` is about (an approximate one) or other."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def fold(text: str) -> str:
    """Return the text in its compatibility form (NFKC), with marks that hold a digit left as they are.

    12² is not 122, and ①② not 12; full-width digits are digits. What figures and dates are written
    with is simplified: 三萬五 is 三万五.
    """
    folded = "".join(c if is_marked(c) else unicodedata.normalize("NFKC", c) for c in text)
    return folded.translate(_SIMPLIFIED)


def is_marked(character: str) -> bool:
    """Return whether a character shows a number without being a digit: ², ½, ①, ㈠, ㏠, another script's."""
    if character.isascii() or character in _FULL_WIDTH or character == "〇":
        return False
    category = unicodedata.category(character)
    if category == "So" and not "\u2f00" <= character <= "\u2fd5":  # a radical is the character itself
        return any(holds_digit(c) or c in HAN for c in unicodedata.normalize("NFKC", character))
    return category in ("Nd", "Nl", "No")


def read_numeral(text: str) -> Decimal:
    """Return the number that a text of digits and Chinese numerals is.

    Raises:
        NotANumeral: it is none, or only an approximate one.
    """
    if len(text) > LONGEST:
        raise NotANumeral("other")
    plain = text.translate(_PLAIN_HAN)
    for score, told in _SCORES.items():
        plain = plain.replace(score, told)
    try:
        with localcontext() as exact:
            exact.prec = 2 * LONGEST
            return _number(plain)
    except NotANumeral:
        raise NotANumeral("about" if is_approximate(text) else "other") from None


def is_approximate(text: str) -> bool:
    """Return whether a text is nothing but an approximate number: 两三, 十几, 三四百, 百余, 若干."""
    plain = text.translate(_PLAIN_HAN)
    if not plain or len(plain) > LONGEST:
        return False
    if _ROUGHLY.fullmatch(plain):
        return True
    side_by_side = _SIDE_BY_SIDE.search(plain)
    if side_by_side is None or not re.fullmatch(f"{_NUMERAL}+", plain):
        return False
    return side_by_side[0] == plain or bool(_LEVELS.search(plain))


def _number(plain: str) -> Decimal:
    if half := _HALF.fullmatch(plain):
        return _section(half[1]) * _UNITS[half[2]] + Decimal(_UNITS[half[2]]) / 2
    before, unit, after = plain.rpartition("亿")
    if not unit:
        return _below_yi(plain)
    if len(after) > 1 and _SHORT_OF_WAN.fullmatch(after):
        raise NotANumeral("other")  # 一亿二千: thousands, or 千万?
    return _joined(before, unit, after, _below_yi)


def _below_yi(plain: str) -> Decimal:
    before, unit, after = plain.rpartition("万")
    return _joined(before, unit, after, _section) if unit else _section(plain)


def _joined(before: str, unit: str, after: str, read: Callable[[str], Decimal]) -> Decimal:
    """Return so many 万 or 亿 and what follows; one digit alone counts the next lower unit: 三万五."""
    scale = _UNITS[unit]
    value = read(before) * scale
    if not after:
        return value
    if "." in before or "." in after or value == 0:
        raise NotANumeral("other")
    more = read(after.removeprefix("零"))
    if after[0] == "0" or more == 0 or more >= scale:
        raise NotANumeral("other")
    return value + (more * (scale // 10) if len(after) == 1 else more)


def _section(plain: str) -> Decimal:
    """Return a number below 10,000 in Chinese, or any in digits, perhaps with 百 or 千 behind them.

    Either may have decimals: 3.5, 九点五.
    """
    if _POINT in plain:
        plain = _pointed(plain)
    if lettered := _LETTERED.fullmatch(plain):
        return Decimal(lettered[1]) * _UNITS[lettered[2]]
    if not re.search("[0-9]{2}", plain):
        plain = plain.translate(_ARABIC)  # 3千5
    if not _SECTION.fullmatch(plain):
        raise NotANumeral("other")
    import cn2an  # late: it takes longer to load than a question to answer

    try:
        return Decimal(str(cn2an.cn2an(plain, "smart")))
    except (ValueError, KeyError) as error:
        raise NotANumeral("other") from error


def _pointed(plain: str) -> str:
    """Return 九点五 or 九点五千 in digits."""
    whole, _, decimals = plain.partition(_POINT)
    unit = decimals[-1:] if decimals[-1:] in ("百", "千") else ""
    told = decimals.removesuffix(unit).translate(_IN_DIGITS)
    if not re.fullmatch("[0-9]+", told):
        raise NotANumeral("other")
    before = _section(whole)
    if before != before.to_integral_value():
        raise NotANumeral("other")
    return f"{int(before)}.{told}{unit}"
