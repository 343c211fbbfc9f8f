"""Words that work everywhere, and the few ways people say yes, no and not sure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# The words that work on whatever dialog is open; those that start something stand with their feature.
_ON_DIALOG = {
    "menu": "菜单 主菜单 首页 返回菜单 开始 /menu /start",
    "back": "上一步 返回 返回上一步 上一题 /back",
    "change": "修改 改一个回答 改回答 改答案 改一个答案 修改答案 改数 改一下 改下 改数字 /change",
    "help": "帮助 怎么用 使用说明 /help",
    "cancel": "取消 退出 结束 先不填了 稍后再说 算了 不填了 先这样 先不提交 等会再填 明天再填"
    " /cancel /exit /quit",
    "restart": "重新开始 重来 从头开始 /restart",
    "submit": "提交 报送 上报 /submit",
}
ON_DIALOG = {word: command for command, words in _ON_DIALOG.items() for word in words.split()}

UNSURE = frozenset("不确定 不知道 不清楚 说不准 说不好 不好说 不晓得 拿不准 不太清楚 不懂".split())
WRONG = frozenset("填错了 数错了 错了 写错了 打错了 有错 填错 我要改 要改".split())
SKIP = frozenset("跳过 不填 不留 不用了 先不填".split())
HELLO = frozenset("你好 您好 你好呀 您好呀 哈喽 嗨 hi hello 早 早上好 上午好 中午好 下午好 晚上好".split())
YES = frozenset("是 是的 对 对的 嗯 嗯嗯 有 有的 好 好的 可以 确认 确定 行 yes y ok".split())
NO = frozenset("不是 不 没有 没 否 无 不行 不要 不用 no n".split())
THUMBS = dict.fromkeys("有用 赞 点赞 有帮助".split(), "👍") | dict.fromkeys("没用 踩 没帮助".split(), "👎")
NOT_KNOWN = frozenset("不掌握 不清楚 不知道 不确定 未掌握".split())
NO_BUSINESS = frozenset("无业务 没有业务 本职业无业务 没开班 未开班 没开展 未开展".split())
NOTHING = frozenset(
    "本季度无培训 无培训 没有培训 零报告 本季度没有培训 本季无培训 都没有 全是零 全部为零".split()
)
# 这季度我们没开班, 本季度没有开展培训, 这季度啥也没干
_NOTHING_SAID = re.compile(
    r"^(?:我们?|我校|我院|本校|学校)?(?:本|这个?|这一个?|该)?季度?(?:我们?|我校|学校)?(?:都|还|也|暂时?|是)?"
    r"(?:(?:没有?|未|无)(?:有)?(?:开展|组织|举办|开办?|搞|办|做)?(?:过|任何|什么)?(?:数字\S{0,8})?(?:培训|开班|班|业务|活动)"
    r"|啥[也都]没(?:有|干|搞|开)|什么[也都]没(?:有|干|搞|开)|一个班[也都]?没(?:有|开|办)|零报告)了?$"
)
_ASKS = re.compile(
    r"[?？]|吗|么$|呢$|什么|怎么|怎样|多少|哪|谁|几[个天时月]|能不能|可不可以|可以不|是不是|有没有|要不要|用不用|是否|为何|为什么"
    r"|如何|咋|啥|难道|请问|想问|问一下|(?:标准|条件|流程|材料|期限|政策|规定|要求|电话|地址)$"
)

_OUTRIGHT = re.compile(r"^\s*问\s*[:：]\s*(\S.*)$", re.S)

WAITS = frozenset(
    "等一下 等等 等下 等会 等会儿 等一会 等一会儿 等一等 稍等 稍等一下 请稍等 请等一下 请等等 先等等 "
    "先等一下 慢着 等我一下 等我查一下 我查一下 我查查 我看一下 我看看 我想想 我想一下 让我想想 让我看看 "
    "我算一下 我算算".split()
)
_NOT_RIGHT = re.compile(r"不对(?:的|啊|呀|哦|吧|了|呢)?")
# An answer given before was wrong: 我刚才说错了, 上一个不对, 等等刚才那个填错了.
_SLIP = re.compile(
    r"(?:说|填|点|选|打|写|按|弄|搞|输|答|看|记|报|算|数)(?:错|混|反)(?:行|格|地方|位置)?|有误|手滑|手误|不对|错"
)
_BESIDE_SLIP = re.compile(
    r"不好意思|对不起|抱歉|哎呀?|啊|呀|哦|噢|嗯|额|呃|等一[下等]|等[等下]|稍等|慢着|不小心|好像|可能|我|是|都|又"
    r"|刚[才刚前]?|方才|之前|[前上]面|[前上]一?|那|这|个|题|步|问题?|项|格|空|回答?|答案?|选[项择]?|数[字据]?|填|说|写|打"
    r"|点|的|了|啦|吧|咯|重新?|来|想|要|请|让我|帮我|改|一?下|[回退]到?|返回|去"
)
_SLIP_BEFORE = re.compile(
    r"^(?:我|刚[才刚]|是)*(?:[说填点选打写按弄搞输答]错了?|错了|不对)(?=我|是|应|已|没|还|改|在|有|不)"
)
_TO_FORMER = re.compile(
    r"我?(?:想|要|请)?再?(?:回到?|返回|退回|退到|改|修改|重[选填答])(?:到|一下)?[上前]一?[个题步问项](?:问题|回答)?"
)
_FORMER = re.compile(r"刚[才刚前]|[上前]一?[个题步问项面]|之前")
_CLAUSES = re.compile(r"[\s,，。.;；、!！~～…]+")
LONGEST_SLIP = 200  # characters; whoever writes more tells something else

_BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
_EDGES = f"{_BLANKS}。．.!！?？,，~～…、"
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe0f]")


@lru_cache(32)  # a message is looked at by many
def tidy(text: str) -> str:
    """A short text made comparable: NFKC, no invisible marks, no punctuation at its ends."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).strip(_EDGES).lower()


@lru_cache(4096)
def tidied(words: str) -> str:
    """Return `tidy` of words of ours, kept: labels and the like are compared with every message."""
    return tidy(words)


def command_word(text: str) -> str:
    """Return the text as the words of commands are written: tidied, a slash command without its rest."""
    plain = tidy(text)
    return plain.split()[0].split("@")[0] if plain.startswith("/") and plain.split() else plain


def says_nothing(text: str) -> bool:
    """Whether somebody says that there was no training in the quarter at all."""
    plain = re.sub(r"\s", "", tidy(text))
    return plain in NOTHING or bool(_NOTHING_SAID.match(plain))


def asked_outright(text: str) -> str | None:
    """What stands behind 问：, a question wherever it is said; None without it."""
    found = _OUTRIGHT.match(text)
    return found[1] if found else None


def asks(text: str) -> bool:
    """Whether a text is put as a question: in the middle of figures nothing else is taken for one."""
    return bool(_ASKS.search(tidy(text) + text[-1:]))


def yes_no(text: str) -> str | None:
    """yes, no or unsure as people say it; None for anything else."""
    plain = tidy(text)
    if plain in UNSURE:
        return "unsure"
    if plain in YES:
        return "yes"
    return "no" if plain in NO else None


def waits(text: str) -> bool:
    """Whether somebody only asks for a moment: 等一下."""
    return tidy(text) in WAITS


def not_right(text: str) -> bool:
    """Whether it is a bare 不对: a plain no, or the word that the answer before was wrong."""
    return bool(_NOT_RIGHT.fullmatch(tidy(text)))


def names_former(text: str) -> bool:
    """Whether words that take something back say that it was said before: 刚才那个填错了."""
    return bool(_FORMER.search(text))


def corrected(text: str) -> str | None:
    """What is said beside words that take an earlier answer back, "" for nothing; None without such words.

    不对，我刚才说错了 gives "", 不对，我是中级 gives 我是中级, 没错 takes nothing back.
    """
    plain = tidy(text)
    if len(plain) > LONGEST_SLIP:
        return None
    if _TO_FORMER.fullmatch(plain):
        return ""
    before = _SLIP_BEFORE.match(plain)
    clauses = [c for c in _CLAUSES.split(plain) if c]
    slips = [c for c in clauses if _is_slip(c)]
    if not slips and before is None:
        return None
    if before is not None and not slips:
        return plain[before.end() :]
    left = [c for c in clauses if c not in slips and c not in NO and _BESIDE_SLIP.sub("", c)]
    return "，".join(left)


def _is_slip(clause: str) -> bool:
    told, found = _SLIP.subn(" ", clause)
    return bool(found) and not _BESIDE_SLIP.sub("", told).strip()
