"""Clauses as people name them: 五（三）, 5(3), 第五条第三款, 附件 – and nothing else in the message."""

from __future__ import annotations

import re

from policy.notice.clauses import Notices
from policy.reading.digits import are_digits
from policy.reading.text import bare, unified

_DIGITS = dict(zip("123456789", "一二三四五六七八九", strict=True))
_NUMBER = "[一二三四五六七八九1-9]"
_ONE = (
    rf"(?P<first>第?)(?P<main>{_NUMBER})(?P<kind>条|章|部分|大?点)?(?:[、.,的]?"
    rf"第?[(（]?(?P<part>{_NUMBER})[)）]?(?:条|款|项|小?点)?)?"
)
_NAMED = re.compile(rf"(?:(?P<word>前言|附件|通知)|{_ONE})")
_AND = re.compile(r"和|与|跟|及|、|,|，|;|；|\s")
_BEFORE = re.compile(
    r"^(?:请问|请|麻烦|我想|我要|想|要|帮我|给我|让我|把)*(?:再)?(?:看一?下|看看|看|查一?下|查|念一?下|念|发一?下|发|显示|解释一?下|解释|问一?下|问)?"
    r"(?:一下)?(?:依据|条款|(?:这份|这个)?(?:通知|文件|方案)(?:里|里面|中)?的?)?"
)
_ABOUT = (
    r"(?:(?:这|那)(?:一?条|一?款|一?项))?(?:里|里面|中|上)?的?(?:都|具体|到底|究竟)?"
    r"(?:是|说|讲|写|规定|指|算|叫)?(?:的是|的|了|着|得)?(?:些)?"
    r"(?:啥|什么|么|怎么(?:说|写|规定)?)?(?:意思|内容|东西|规定|条款|原文|全文|条文|标题|名字)?"
    r"(?:是啥|是什么|啊|呀|呢|吗|哈|唻|的)?"
)
_REST = re.compile(_ABOUT)
# 通知 is also what people call the whole paper: only its bare name is the clause.
_PAPER = re.compile(r"通知(?:正文|原文|全文)?")


def _ids(match: re.Match[str], known: list[str]) -> tuple[str, ...]:
    if word := match["word"]:
        return (word,)
    main = _DIGITS.get(match["main"], match["main"])
    if part := match["part"]:
        wanted = f"{main}（{_DIGITS.get(part, part)}）"
        return (wanted,) if wanted in known else ()
    if match["kind"] and not match["first"]:
        return ()  # 三条 counts, 第三条 names
    return tuple(i for i in known if i == main or i.startswith(f"{main}（"))


def clauses_named(text: str, notices: Notices) -> tuple[str, ...]:
    """The ids of the clauses that a message names and asks nothing else about; () for any other text.

    A section that is cut into parts (五) stands for all its parts.
    """
    plain = unified(text)
    if len(plain) > 40 or not bare(plain):
        return ()
    headed = [c.id for c in notices.base.clauses if c.section and bare(c.section) == bare(plain)]
    if headed:
        return tuple(headed)
    plain = re.sub(r"[?？!！。~～…:：\"“”'‘’《》【】\[\]]|\s+$|^\s+", "", plain)
    known = notices.ids()
    return _all_of(plain, known) or _all_of(_BEFORE.sub("", plain, count=1), known)


def _all_of(plain: str, known: list[str]) -> tuple[str, ...]:
    """Ids named from the start of `plain` on, when only words about them follow."""
    if are_digits(plain):
        return ()
    found: list[str] = []
    at = 0
    while match := _NAMED.match(plain, at):
        ids = _ids(match, known)
        if not ids:
            return ()
        found += ids
        at = match.end()
        if between := _AND.match(plain, at):
            at = between.end()
        else:
            break
    if not _REST.fullmatch(plain[at:]) or ("通知" in found and not _PAPER.fullmatch(plain)):
        return ()
    return tuple(dict.fromkeys(found))
