"""A free answer to the question of a fact: certain, likely, or none.

A text is read clause by clause. A clause speaks for an option when its wording is found there, and
fully so when nothing but harmless words stand beside it. What speaks of another person, of later or
earlier, of two options, or with a doubt is likely at most: it is asked in one tap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from bot.core.dialogs import vocabulary
from policy.checks.conditions import UNSURE
from policy.checks.rules import Fact
from policy.checks.wordings import Wording
from policy.reading.text import unified

LONGEST = 200  # characters; whoever writes more tells something else besides
_MOST_CLAUSES = 16
CORRECTED = "corrected"
_ELSE = {"later", "earlier"}  # with nothing said of the fact, they speak of something else
_FOR = re.compile("(?:替|帮|给).{0,4}(?:查|问|看|报|测)")
_END = "的了呢啊呀哦噢嘛啦哈喔呗哩"  # said behind an answer
CLAIMED = "claimed"  # speaks for a date that is not told

_CLAUSES = re.compile(r"[\s,，。.;；、!！~～…:：()（）]+|但是?|不过|可是|只是|(?<=退休)(?=[在还我])")
_SAME = (  # dialect and the slips that input methods make
    (re.compile("木有|么有|冇|没得|莫有"), "没有"),
    (re.compile("俺们?|咱们?|偶"), "我"),
    (re.compile("唔系|不系"), "不是"),
    (re.compile("嗯呐|恩呐|昂"), "嗯"),
    (re.compile("搁(?=这|那|威|荣|文|乳|环)"), "在"),
    (re.compile("推休|退修|退体|腿休"), "退休"),
    (re.compile("荣城"), "荣成"),
    (re.compile("文灯"), "文登"),
    (re.compile("(?<=[初中高])(?:极|及|集)(?!团|成)"), "级"),
    (re.compile("应界|应届届"), "应届"),
    (re.compile("目绿"), "目录"),
    (re.compile("证数|正书"), "证书"),
    (re.compile("木录"), "目录"),
)
_YEAR = re.compile(r"(?<![0-9])((?:20)?[0-4][0-9])(?:年|(?=届))(?![0-9]*[多了])")
_CORRECTION = re.compile(
    r"(?:[啊哦噢呃哎欸诶]+(?:呀)?)?(?:不对不?对?|说错了?|打错了?|写错了?|点错了?|更正|[啊哦噢哎]不是?|^不(?=[,，])"
    r"|[,，]不(?=[,，])|改成|改为)[啊呀哦了]?[,，、。 ]*"
)
_TWICE = re.compile("(?:不是|不能说|没说|并非|也不是|不敢说|不是说)(?:不|没)|未必不|(?<!从)来?没不")
_PERSON = re.compile(
    r"妈|爸|爹|父亲|母亲|老伴|岳|公公|婆婆|我先生|太太|外公|外婆|老人|老公|老婆|媳妇|丈夫|妻子|对象|爱人|儿子|女儿|闺女|侄|外甥|弟弟?|妹妹?|(?<!大)哥|姐|爷爷|奶奶"
    r"|姥|叔|婶|舅"
    r"|姨|姑|同事|同学|朋友|邻居|领导|老板|组长|班长|经理|主任|师傅|徒弟|员工|下属|亲戚|(?<!带)孩子|家里人|家人|室友|舍友|工友|女友|男友"
    r"|(?<!其)[他她]|人家|别人|公司在|总公司"
)
_KIN = re.compile(
    r"(?:^|(?<=[,，。;；、\s]))(?:我)?(?:妈妈?|爸爸?|爹|娘|老公|老婆|媳妇|丈夫|妻子|对象|爱人|儿子|女儿|闺女|弟弟?|妹妹?|哥哥?|姐姐?|爷爷|奶奶|家人|孩子|员工|他|她)"
)
_LATER = re.compile(
    r"下个?月|下周|下半年|明年|明天|后年|年底|马上|即将|快(?!递)|将要|准备|打算|计划|[想要]|还差|差[0-9]|正在办|申请中|以后|到时候?|等(?!级)|暂时"
)
_EARLIER = re.compile(r"以前|原来|曾|过去(?!$)|本来|之前|原先|早先|那时|当年|前几年|[去今]年就?辞")
_DOUBT = re.compile(
    r"应该|可能|好像|大概|也许|或许|估计|差不多|似乎|说不定|八成|算是|基本|部分|一半|不太|不大|不完全|有点|吧$|听说|据说"
    r"|拍胸脯|觉得|印象|看情况|无所谓|来着|不一定|如果|要是|假如|除非|有的|另一个|又|反正|才能|还是|或者?|都行|随便|算不算|看着|勉强|也算"
)
_LOST = re.compile(
    r"(?:记不|搞不|弄不|说不|分不|拿不|想不|不|没)(?:太|大|怎么|是很|很|弄|搞)?"
    r"(?:清楚|清|起来|知道|懂|明白|确定|晓得|了解|记得|准|好说|注意|看过|看懂|听说过?|听过|住|查过|问过|打听)|^忘|忘了|没印象|没概念"
)
_NO = (
    r"(?:不是|不算|不属于|不在|没有|没|不|未|无|非|别|哪来的|还没|并未|尚未)(?:有|曾|能|被)?"
    r"(?:办理?|去办|在|进|算|给|真|到|正式|参加)?(?:数字技术)?(?:威海)?(?:市)?(?:的)?(?:那个)?"
)
_NO_BEFORE = re.compile(_NO + "$")
_NO_AFTER = re.compile(r"^(?:证书?|的|里面?|也|还|都|证)*(?:没(?!事)|不(?=是|在|算|行|符|够)|未)")
_BESIDE = re.compile(
    r"我们?|本人|现在|目前|如今|这会儿|已经?|早就|早|刚刚?|才|都|还|也|就是?|只|是的?|对的?|嗯+|有|在|的确|确实|真|当然|肯定|那个?|这个?|一直"
    r"|今年|去年|往年|前年|上个?月|[0-9]{1,4}年|[0-9]{1,2}月份?|[0-9]{1,2}[日号]|[了的呢啊呀哦噢嘛啦哈喔呗哩着过得个到来说么]|没错|正|正在|其实|属于|算|属|给|把|用"
    r"|被|本来就|自己"
)
_YES = frozenset(
    "是 是的 对 对的 嗯 有 有的 是啊 没错 确实 yes y ok 算 算的 属于 当然 当然是 好的 可以 正是".split()
)
_NOT = frozenset(
    "不是 不 没有 没 否 无 no n 不算 不属于 还没 还没有 不是的 并没有 并不是 都没有 没呢".split()
)


@dataclass(frozen=True)
class Answer:
    """What was understood. `value` is None when nothing was; `why` says why it is not certain."""

    value: str | None = None
    sure: bool = False
    why: str = ""


@dataclass
class _Heard:
    """What the clauses of a text speak for."""

    full: set[str] = field(default_factory=set)
    part: set[str] = field(default_factory=set)
    maybe: set[str] = field(default_factory=set)
    halves: set[tuple[str, str]] = field(default_factory=set)
    flags: set[str] = field(default_factory=set)


def folded(text: str, on: date) -> str:
    """Return a text in one spelling: half width, simplified, no dialect, no usual slip, years by today's."""
    plain = vocabulary.tidy(unified(text))
    for pattern, same in _SAME:
        plain = pattern.sub(same, plain)
    return _YEAR.sub(lambda found: _year(int(found[1]) % 100 + 2000, on.year), plain)


def _year(told: int, now: int) -> str:
    if told > now:
        return "明年"
    return ("今年", "去年")[now - told] if now - told < 2 else "往年"


def read_answer(
    fact: Fact, text: str, on: date, about: str = "self", others: Iterable[Fact] = (), topical: bool = False
) -> Answer:
    """Return what a text answers to the question of a fact; a typed date is not read here.

    `others` are facts that the same words may be about. `topical`: the question is another one's, so that
    a bare yes or no is not about this fact.
    """
    if len(text) > LONGEST:
        return Answer()
    plain = folded(text, on)
    if about != "self":
        plain = _KIN.sub("", plain)
    beside = [other for other in others if other.id != fact.id]
    parts = [part for part in _CORRECTION.split(plain) if part.strip("，, ")]
    if len(parts) > 1 or (parts and _CORRECTION.search(plain)):
        if len(parts) == 1 or topical:
            return Answer(None, False, CORRECTED)
        before = _heard(fact, parts[0], topical, beside)
        after = _settled(fact, _heard(fact, parts[-1], topical, beside))
        if not (before.full or before.part or before.maybe or before.halves):
            return Answer(None, False, CORRECTED)
        return Answer(after.value, False, CLAIMED if after.why == CLAIMED else CORRECTED)
    return _settled(fact, _heard(fact, plain, topical, beside))


def read_also(facts: Iterable[Fact], asked: str, text: str, on: date, about: str = "self") -> dict[str, str]:
    """Return what a text says for certain of other facts than the one asked for."""
    known = list(facts)
    found = {}
    for fact in known:
        if fact.id != asked and not fact.wording.bound:
            answer = read_answer(fact, text, on, about, known, topical=True)
            if answer.sure and answer.value is not None:
                found[fact.id] = answer.value
    return found


def _heard(fact: Fact, plain: str, topical: bool, beside: Iterable[Fact] = ()) -> _Heard:
    heard = _Heard()
    clauses = [clause for clause in _CLAUSES.split(plain) if clause]
    if _FOR.search(plain) or len(clauses) > _MOST_CLAUSES:
        return heard
    if plain.endswith(("?", "吗")):
        heard.flags.add("asks")
    if _TWICE.search(plain):
        heard.flags.add("twice")
    for clause in clauses:
        if _asks(clause) and not _LOST.search(clause):
            heard.flags.add("asks")
        elif _spans(fact, clause, topical) or not any(
            _owns(other, clause) for other in beside if not other.wording.bound
        ):
            _hear(fact, clause, topical, heard, beside)
    if UNSURE in heard.full or not plain.rstrip(_END):
        heard.flags.discard("asks")
    return heard


def _asks(clause: str) -> bool:
    """Whether a clause is put as a question; 没退呢 and 哪来的退休 are none."""
    said = clause.replace("哪来的", "").rstrip(_END)
    return bool(said) and (vocabulary.asks(said) or (clause != said and clause.endswith("么")))


def _owns(fact: Fact, clause: str) -> bool:
    """Whether a clause is wholly about a fact."""
    spans = [span for span in _spans(fact, clause, True) if not span[2].startswith(("~", "!"))]
    return bool(spans) and _left(fact.wording, clause, spans)[1]


def _hear(fact: Fact, clause: str, topical: bool, heard: _Heard, beside: Iterable[Fact]) -> None:
    """Add what one clause speaks for."""
    wording = fact.wording
    known = {option.id for option in fact.options}
    core = _trimmed(clause)
    if wording.void and re.search(wording.void, clause):
        heard.flags.add("open")
    if wording.apart and re.search(wording.apart, clause):
        heard.flags.add("apart")
        return
    if _LOST.search(clause) or core in vocabulary.UNSURE:
        if not topical and (_calls(fact, clause) or not any(_calls(other, clause) for other in beside)):
            heard.full.add(UNSURE)
        return
    if core in _YES or core in _NOT or clause in _YES or clause in _NOT:
        value = "yes" if core in _YES or clause in _YES else "no"
        if value in known and not topical:
            (heard.maybe if value == wording.vague else heard.full).add(value)
            return
    spans = _spans(fact, clause, topical)
    left, full = _left(wording, clause, spans)
    for flag, pattern in (("person", _PERSON), ("later", _LATER), ("earlier", _EARLIER), ("doubt", _DOUBT)):
        if pattern.search(left):
            heard.flags.add(flag)
    for _, _, option in spans:
        if option.startswith("!"):
            heard.flags.add("denied")
        elif option.startswith("~"):
            heard.maybe.add(option[1:])
        elif "/" in option:
            value, half = option.split("/")
            heard.halves.add((value, half))
        else:
            (heard.full if full else heard.part).add(option)
    if not spans and not topical and _bare(wording, clause) in _NOT and "no" in known:
        (heard.maybe if wording.vague == "no" else heard.full).add("no")
    elif not spans and not topical and clause[:1] in "是对" and not full:
        heard.flags.add("rest")


def _calls(fact: Fact, clause: str) -> bool:
    """Whether a clause calls a fact by its name: 条件没看过."""
    return bool(fact.wording.names) and re.search(fact.wording.names, clause) is not None


def _trimmed(clause: str) -> str:
    return (
        re.sub("^(?:我们?|本人|现在|就|那|嗯|哦|这个)+", "", clause).rstrip("的了呢啊呀哦噢嘛啦哈喔呗")
        or clause
    )


def _spans(fact: Fact, clause: str, topical: bool) -> list[tuple[int, int, str]]:
    """Return (from, to, option) of every wording in a clause, those inside a longer one left out.

    An option marked `!` is denied there, `~` is only hinted at, `/` names a half of it.
    """
    wording = fact.wording
    found: list[tuple[int, int, str]] = []
    if wording.topic:
        for match in re.finditer(wording.topic, clause):
            before = _NO_BEFORE.search(clause[: match.start()])
            after = _NO_AFTER.search(clause[match.end() :])
            start = before.start() if before else match.start()
            end = match.end() + (after.end() if after else 0)
            found.append((start, end, "no" if before or after else "yes"))
    for option, pattern in (*wording.patterns, *(() if topical else wording.replies)):
        for match in pattern.finditer(clause):
            if match.end() > match.start():
                found.append(_denied(clause, match, option))
    for option, half, pattern in wording.parts:
        for match in pattern.finditer(clause):
            if match.end() > match.start():
                found.append((match.start(), match.end(), f"{option}/{half}"))
    for option, pattern in wording.hints:
        for match in pattern.finditer(clause):
            if match.end() > match.start():
                found.append((match.start(), match.end(), f"~{option}"))
    return [one for one in found if not any(_covers(other, one) for other in found)]


def _covers(other: tuple[int, int, str], one: tuple[int, int, str]) -> bool:
    """Whether a wording stands inside a longer one, or is a denial beside the word for it."""
    inside = other[0] <= one[0] and one[1] <= other[1]
    longer = other[1] - other[0] > one[1] - one[0]
    return inside and (longer or (one[2].startswith(("!", "~")) and not other[2].startswith(("!", "~"))))


def _denied(clause: str, match: re.Match[str], option: str) -> tuple[int, int, str]:
    """Return the span of a wording, with the negation that takes it back, if any."""
    before = _NO_BEFORE.search(clause[: match.start()])
    after = _NO_AFTER.search(clause[match.end() :])
    if option in ("no", "never", "none", "neither", "planning") or not (before or after):
        return match.start(), match.end(), option
    start = before.start() if before else match.start()
    end = match.end() + (after.end() if after else 0)
    return start, end, f"!{option}"


def _left(wording: Wording, clause: str, spans: list[tuple[int, int, str]]) -> tuple[str, bool]:
    """Return what a clause says beside the spans, and whether that is harmless."""
    kept = [char for at, char in enumerate(clause) if not any(start <= at < end for start, end, _ in spans)]
    left = "".join(kept)
    beside = re.sub(wording.beside, "", left) if wording.beside else left
    return left, not _BESIDE.sub("", beside).strip("\"'“”‘’-—·《》【】[]") and bool(spans)


def _bare(wording: Wording, clause: str) -> str:
    """Return a clause without what may stand beside an answer."""
    return re.sub(wording.beside, "", clause) if wording.beside else clause


def _settled(fact: Fact, heard: _Heard) -> Answer:
    """Return the one answer that everything heard speaks for."""
    wording = fact.wording
    full, part = _over(wording, heard.full), _over(wording, heard.part)
    whole = {v for v, _ in heard.halves}
    for value in whole:
        named = {half for v, half, _ in wording.halves if v == value}
        got = {half for v, half in heard.halves if v == value}
        if got == named:
            full.add(value)
        elif full | part != {"no"}:
            heard.maybe.add(value)
    said = _over(wording, full | part)
    flags = heard.flags
    if flags & {"person", "asks", "twice", "open"}:
        why = next(f for f in ("person", "twice", "asks", "open") if f in flags)
        return Answer(None, False, why) if said or heard.maybe or why != "asks" else Answer()
    if len(said) > 1:
        return Answer(None, False, "several")
    if not said:
        maybe = heard.maybe if len(heard.maybe) == 1 and not flags & {"later", "earlier"} else set()
        return Answer(
            next(iter(maybe), None), False, "half" if maybe else next(iter(sorted(flags - _ELSE)), "")
        )
    (value,) = said
    if value == CLAIMED:
        return Answer(None, False, CLAIMED)
    if value == UNSURE:
        return Answer(UNSURE, not flags & {"earlier"} and not heard.maybe, "doubt")
    included = {other for option, others in wording.over if option == value for other in others}
    if heard.maybe - {value} - included:
        return Answer(None, False, "several")
    if value == "soon" or "later" in flags:
        return Answer(value if value == "soon" else None, False, "later")
    if "apart" in flags and not full:
        return Answer(None, False, "apart")
    if "earlier" in flags:
        return Answer(None, False, "earlier")
    sure = value in full and not flags & {"doubt", "denied"}
    return Answer(value, sure, "" if sure else next(iter(sorted(flags)), "half"))


def _over(wording: Wording, said: set[str]) -> set[str]:
    """Leave out the options that another one said includes."""
    included = {other for option, others in wording.over if option in said for other in others}
    return said - included
