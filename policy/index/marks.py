"""What a question asks for, beside its words: how much, when, where, who; whether, what if.

Each kind found is one more feature of a text, written so that no gram can be taken for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from policy.reading.text import grams

MARK = "@"  # no normalised text holds one

_WORDS: Mapping[str, str] = {
    "amount": r"多少|几(?:个)?(?:钱|块|万|千|百|成|分)|百分之|多大|[一两三四五六七八九0-9][百千万]|够不够",
    "count": (
        r"几(?:个|家|门|科|人|名|份|次|回|遍|场|级|档|类|种|行|项|本|套|页)"
        r"|多少(?:人|个|家|次|份|名)|一共几|最多|最少|至少|上限|名额"
    ),
    "when": (
        r"什么时候|啥时候|何时|几[月号点年时]|哪[天年月]|哪一[天年月]"
        r"|多会儿?|啥时|什么时间|截止|到期|最近一"
    ),
    "long": (
        r"多久|多长|几(?:天|周|年|个月|个工作日|小时|学时|课时)"
        r"|多少(?:天|年|个?月|小时|学时|课时|日)|要等|时限|期限|有效期"
    ),
    "where": (
        r"哪里|哪儿|在哪|去哪|到哪|上哪|往哪|打哪"
        r"|哪个(?:网|网站|平台|窗口|楼|地方|教室|页|系统|口)|地址|地点|入口|链接|渠道"
    ),
    "who": (
        r"谁|哪个(?:部门|科|单位|局|机构|人|领导|处)|哪家|哪些(?:人|单位|部门|机构)|什么人|啥人"
        r"|找[谁哪]|归哪|由哪|何部门"
    ),
    "what": r"什么|[啥哪]些|啥|哪几|有哪|内容|包括",
    "how": r"怎么|咋|怎样|如何|流程|步骤|手续",
    "why": r"为什么|为啥|凭什么|凭啥|图[个什啥]|干啥|干嘛|目的|意义",
    "which": r"还是|或者|区别|一样|一回事|哪个[好管]|不同",
    "if": (
        r"会(?:怎|咋|有什么后果)|后果|怎么办|咋办|咋整|怎么处理|罚|没过|不合格"
        r"|不够|晚了|错了|丢|查不|要是|万一|不给|不让"
    ),
    "whether": r"[吗么嘛]$|[不没]$|(.)[不没]\1|有没有?|能否|可否|是否|有无|[吧不没呗]$|行[吗不么]|对[吗不吧]",
    "may": r"能|可以|可否|让[不报学去]|准|许",
    "must": r"必须|一定|要不要|得不得|用不用|强制|非得|须|应当",
    "not": r"没(?!有?$)|不(?!$)|未|无|别",
}
_KINDS = tuple((MARK + kind, re.compile(words)) for kind, words in _WORDS.items())


def marks(text: str) -> list[str]:
    """The kinds of question that a normalised text holds, in order."""
    return [mark for mark, words in _KINDS if words.search(text)]


def units(text: str, marked: bool = True) -> list[str]:
    """All features of a normalised text: its grams from end to end and, where `marked`, its marks."""
    return grams(f"^{text}$") + (marks(text) if marked else [])
