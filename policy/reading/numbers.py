"""Reading a figure as people write it: 12, １２, 共12个人, 1,200, 3万5, 9w, 一百二十, 三块五, 12.5元.

What is not one exact number is refused: 两三个, 十几, 120左右 are approximate, 12² is none. Where
the words take a number back, doubt it or name several, the one meant is only a likely reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from policy.reading.numerals import HAN, NotANumeral, fold, is_approximate, is_marked, read_numeral

_NUMBER = rf"[0-9.,{HAN}点俩仨]"

# Unit as people write it → the form's own; 个 goes with classes and people alike.
_UNITS = {
    "个": "个培训班 个班次 个班 班次 期班 班 期",
    "人": "人次 号人 口人 个人 个学员 个学生 名学员 名学生 位学员 个证书 张证书 本证书 个证 张证 本证 "
    "学员 学生 人员 人 名 位 证 ren",
    "元": "元人民币 元整 块整 块钱 元钱 人民币 元 块 圆整 圆 rmb",
    "": "个 次 家 整",
}
UNITS = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_UNIT = re.compile(rf"\s*\(?({'|'.join(sorted(UNITS, key=len, reverse=True))})\)?$", re.I)

# What may stand before a figure and say no more than that it comes; some tell the unit.
_TOLD = {
    "个": "班次 班数 开了 办了 开设了 举办了",
    "人": "人数 总人数",
    "元": "金额 总金额 总额 发放金额 发放了 发了 发放 发 ¥ ￥ 人民币 rmb cny",
    "": "我们班 俺们班 咱们班 我们 我 俺们 俺 咱们 咱 本校 学校 这季度 本季度 这个 这 答 填 "
    "一共 总共 拢共 统共 共计 合计 总计 共 总数 数量 数字 也就是 就是 只有 也就 有 是 就 仅 只 "
    "刚好 正好 恰好 恰恰 刚刚好 整整 足足 确切 准确 实际 准数 实 的 了 为 = ： : , …",
}
_BEFORE = {word: unit for unit, words in _TOLD.items() for word in words.split()}
_FIRST = re.compile(rf"(?:{'|'.join(map(re.escape, sorted(_BEFORE, key=len, reverse=True)))})\s*", re.I)
_SAID = re.compile(r"(?:没错|[呢啊哦了哈的呀嘛，,。、\s]|\.(?![0-9]))+$")

_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_GROUPED = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+)((?:\.[0-9]+)?[万亿]?)")
_SPACED = re.compile(r"([0-9]{1,3})((?: [0-9]{3})+)((?:\.[0-9]+)?)")
_WITH_HAN = re.compile(rf"[0-9.{HAN}点]+半?")
_LETTER = re.compile(r"(?<=[0-9])\s*([wk])(?=[0-9]?\s*(?:元|块)?$)", re.I)
_LETTERS = {"w": "万", "k": "千"}
_AMOUNT = re.compile(
    rf"(?P<yuan>{_NUMBER}+)(?:元|块|圆)(?:零?(?P<jiao>{_NUMBER})(?:角|毛)|(?P<bare>{_NUMBER}|半)(?=$|钱))?"
    rf"(?:零?(?P<fen>{_NUMBER})分?)?(?:钱|整)*"
)
_COINS = re.compile(rf"(?:(?P<jiao>{_NUMBER})[角毛])?(?:(?P<fen>{_NUMBER})分?)?(?:钱|整)*")
_MINUS = re.compile(r"^[-−﹣－负](?=\s*[0-9.零一二两三四五六七八九十百千万])")
_ABOUT = re.compile(
    r"^(?:大概|大约|大致|约莫|约|差不多|估计|可能|将近|接近|近|不到|不足|不止|不下|超过|超|逾|小"
    r"|至少|最少|起码|少说|至多|最多)"
    r"|(?:左右|上下|前后|出头|开外|多点|多|来|以上|以下|以内|余|\+)$"
)
_DOUBTED = re.compile(r"[?？]$|吧$|^(?:应该|好像|似乎|也许|或许)")
# Nothing but words: most cells of a long text, told apart at once.
_WORDS = re.compile(rf"(?:(?![{HAN}几幾若干多少俩倆仨半無无没沒兩貳貮參叄陸億萬])[\u4e00-\u9fff])+")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_QUOTED = re.compile(r"""=?\s*["“”](.*)["“”]|['‘’](?=[0-9])(.*?)['‘’]?""")  # as spreadsheets mark a text

# What is said where there is nothing to count, and what stands there in a table.
_NONE = re.compile(
    r"暂?无|零|(?:一(?:个|个人|人|名|位|个班|分|分钱|毛|毛钱)(?:也|都)?)?(?:没有|没|未|无)"
    r"(?:一个|人|的|有|发放|发|领取|领|发钱)?过?"
)
_DASHES = re.compile(r"[-—–―‐‑‒−－﹣/／\\\s]+")
LONGEST = 40  # characters; no figure anyone means is longer


class NotAFigure(ValueError):
    """The text is not one figure.

    `reason` is empty, negative, several, about (no exact number), doubt (put as a question, or said with
    a doubt) or other. `likely` is the number that is meant all the same, to be confirmed first.
    """

    def __init__(self, reason: str, likely: Decimal | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.likely = likely


@dataclass(frozen=True)
class Figure:
    """A number, and the form's unit (个, 人, 元) it was typed with; "" for none, or one that fits any."""

    number: Decimal
    unit: str = ""


@lru_cache(64)  # a message is looked at by many
def _tidy(text: str) -> str:
    plain = _INVISIBLE.sub("", fold(text)).strip()
    if len(plain) <= LONGEST and (quoted := _QUOTED.fullmatch(plain)):
        plain = (quoted[1] or quoted[2] or "").strip()
    return plain.rstrip("。.,!")


def is_none(text: str) -> bool:
    """Whether the text says that there is nothing to count: 无, 没有, 一个也没有, 没人."""
    plain = _tidy(text)
    return len(plain) <= LONGEST and bool(_NONE.fullmatch(_SAID.sub("", plain)))


def is_dash(text: str) -> bool:
    """Whether a cell of a table holds a dash, which stands for nothing there; alone it says too little."""
    return bool(_DASHES.fullmatch(text))


@lru_cache(64)
def unit_of(text: str) -> str:
    """The form's unit (个, 人, 元) that a figure was typed with; "" for none, or one that fits any."""
    plain = _tidy(text)
    if len(plain) > LONGEST:
        return ""
    try:
        return _exact(plain).unit
    except NotAFigure:
        found = _UNIT.search(_SAID.sub("", plain))
        return UNITS[found[1].lower()] if found else ""


def read_figure(text: str) -> Decimal:
    """The one number that `text` says.

    Takes half- and full-width digits, thousands separators, Chinese numerals, mixed forms
    (`3万5` is 35,000, `9w` 90,000), yuan with jiao and fen, words that only say that a figure comes
    (共, 刚好), a trailing unit of people, classes or money, and 无 as 0.

    Raises:
        NotAFigure: empty, negative, more than one number, no exact one, or not a number at all.
    """
    number, wrong = _figure_in(_tidy(text))
    if wrong:
        raise NotAFigure(wrong, number)
    if number is None:
        raise NotAFigure("other")
    return number


@lru_cache(64)
def _figure_in(plain: str) -> tuple[Decimal | None, str]:
    """Return the number of a tidied text and ""; or the one that is meant all the same, and what is wrong."""
    if not plain:
        return None, "empty"
    if _MINUS.match(plain):
        return None, "negative"
    if len(plain) > LONGEST:
        return None, "other"
    try:
        return _exact(plain).number, ""
    except NotAFigure as error:
        likely, doubted = _likely(plain, error.reason)
        return likely, "doubt" if doubted else error.reason


def _exact(plain: str) -> Figure:
    plain = _SAID.sub("", plain)
    if _NONE.fullmatch(plain):
        return Figure(Decimal(0))
    told = ""
    while first := _FIRST.match(plain):
        unit = _BEFORE[first[0].strip().lower()]
        if unit and told not in ("", unit):
            raise NotAFigure("other")
        told, plain = told or unit, plain[first.end() :]
    if _MINUS.match(plain):
        raise NotAFigure("negative")
    plain = _LETTER.sub(lambda found: _LETTERS[found[1].lower()], plain.strip())
    if _is_about(_DOUBTED.sub("", plain)):
        raise NotAFigure("about")
    if (amount := _amount(plain)) is not None:
        return _in_one_unit(amount, told, "元")
    unit = ""
    while found := _UNIT.search(plain):
        unit, plain = unit or UNITS[found[1].lower()], plain[: found.start()].strip()
    if plain in ("俩", "仨"):
        plain = "两" if plain == "俩" else "三"
    if grouped := _GROUPED.fullmatch(plain):
        plain = grouped[1].replace(",", "") + grouped[2]
    if spaced := _SPACED.fullmatch(plain):
        plain = _together(spaced, unit or told)
    if len(re.findall(rf"{_NUMBER}+", plain)) > 1:
        raise NotAFigure("several")
    return _in_one_unit(_number(plain), told, unit)


def _in_one_unit(number: Decimal, told: str, unit: str) -> Figure:
    if told and unit not in ("", told):
        raise NotAFigure("other")
    return Figure(number, unit or told)


def _together(spaced: re.Match[str], unit: str) -> str:
    """Return a number whose thousands are set apart by blanks. Raises NotAFigure where they may be two."""
    joined = spaced[1] + spaced[2].replace(" ", "") + spaced[3]
    if len(spaced[1]) > 1 and spaced[2].count(" ") == 1 and unit != "元":
        raise NotAFigure("several", Decimal(joined))  # 80 120: eighty thousand, or two figures?
    return joined


def _number(plain: str) -> Decimal:
    if _PLAIN.fullmatch(plain):
        return Decimal(plain)
    if not _WITH_HAN.fullmatch(plain):
        raise NotAFigure("other")
    try:
        return read_numeral(plain)
    except NotANumeral as error:
        raise NotAFigure(error.reason) from error


def _amount(plain: str) -> Decimal | None:
    """Return an amount told in yuan and what is less: 三块五, 12元5角, 八毛; None where it is not."""
    found = _AMOUNT.fullmatch(plain)
    if found and not (found["jiao"] or found["bare"] or found["fen"]):
        return None
    if not found:
        found = _COINS.fullmatch(plain)
        if not found or not re.search("[角毛分]", plain):
            return None
    told = found.groupdict()
    if told.get("bare") and told["fen"]:
        raise NotAFigure("other")
    yuan = told.get("yuan") or ""
    jiao = told["jiao"] or told.get("bare") or ""
    if yuan and told["fen"] and not told["jiao"] and not plain.rstrip("钱整").endswith("分"):
        raise NotAFigure("other")  # 3块零5
    parts = (yuan.replace(",", ""), jiao.replace("半", "5"), told["fen"] or "")
    worth = [_number(part) if part else Decimal(0) for part in parts]
    if any(part != part.to_integral_value() or part > 9 for part in worth[1:]):
        raise NotAFigure("other")
    return worth[0] + worth[1] / 10 + worth[2] / 100


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
    if re.search("[0-9]", plain):
        return True
    return bool(re.fullmatch(rf"[负\-]?[{HAN}点俩仨.\s]+", _UNIT.sub("", plain)))


# What is only likely: a number put in place of another, the sum of others, or said with a doubt

_CORRECTED = re.compile(
    r"[哦噢啊呃]?(?:不对|(?:说|写|打|填|算|报|数)?错了|更正|改成|改为|应该是|应是|应为|而是|核完|重新[数算])"
)
_DENIED = re.compile(rf"(?:不是|并非)\s*{_NUMBER}+[^0-9]?")
_TOTAL = re.compile(r"一共|总共|拢共|统共|共计|合计|总计|共")
_CUT = re.compile(r"(?<![0-9])[,，]|[,，](?![0-9])|(?:[;；!~\s]|\.{2,})+(?=[^0-9])")
_APART = re.compile(  # with these words a number is another one
    r"[每均各差少多超不没未非第上去前原约近大小几半到至还才估或比约倍打成折分号年月日点%％美港欧日英]"
)


def _likely(plain: str, reason: str) -> tuple[Decimal | None, bool]:
    """(the number that is meant all the same, whether a doubt is all that is in the way)."""
    if plain.lower() in ("o", "〇o"):
        return Decimal(0), True
    sure = _DOUBTED.sub("", _DOUBTED.sub("", plain)).strip()
    if sure != plain and (number := _or_none(sure)) is not None:
        return number, True
    corrected = list(_CORRECTED.finditer(plain))
    if corrected:
        after = _numbers_in(plain[corrected[-1].end() :])
        return (after[-1], False) if after else (None, False)
    kept = _DENIED.sub(",", plain)
    parts = _CUT.split(kept)
    if totals := [number for part in parts if _TOTAL.match(part) for number in _numbers_in(part)]:
        return (totals[-1], False) if len(totals) == 1 else (None, False)
    found = set(_numbers_in(kept))
    if len(found) == 1 and (kept != plain or len(parts) > 1):
        if re.search(f"[{HAN}]{{2}}|[0-9]", _without_numbers(parts)):
            return None, False
        return found.pop(), False
    return (None if reason == "about" else _within_words(plain)), False


def _or_none(text: str) -> Decimal | None:
    try:
        return _exact(text).number if text else None
    except NotAFigure:
        return None


def _numbers_in(text: str) -> list[Decimal]:
    """The numbers that stand in a text, each in a part of its own."""
    read = [_or_none(part.strip()) for part in _CUT.split(text) if part and part.strip()]
    return [number for number in read if number is not None]


def _without_numbers(parts: list[str]) -> str:
    return " ".join(part for part in parts if part and _or_none(part.strip()) is None)


def _within_words(plain: str) -> Decimal | None:
    """The only number of a short text of words: 64个领证了."""
    found = re.findall(rf"{_NUMBER}+", plain)
    words = re.sub(rf"{_NUMBER}+", "", plain)
    if len(found) != 1 or not re.fullmatch("[㐀-鿿，。,]{1,8}", words) or _APART.search(words):
        return None
    return _or_none(found[0])


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
        return error.reason in ("about", "doubt")
    return True


@lru_cache(64)
def looks_like_figure(text: str) -> bool:
    """Whether the text holds a digit or is nothing but a number in Chinese, exact or not.

    Then it is a value, not a question.
    """
    if _WORDS.fullmatch(text):
        return False
    plain = fold(text).strip()
    if re.search("[0-9]", plain) or any(map(is_marked, text)):
        return True
    if len(plain) > LONGEST:
        return False
    if _holds_figure(plain) or _is_about(_SAID.sub("", _tidy(text))):
        return True
    return not is_none(text) and is_figure(text)
