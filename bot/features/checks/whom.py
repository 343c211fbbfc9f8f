"""For whom somebody checks, in their own words: 我老婆, 帮我妈查, 给我们厂的小王看看能不能领补贴."""

from __future__ import annotations

import re
from functools import partial

from bot.core.dialogs import vocabulary
from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Reader, Reading
from bot.core.permissions import SELF
from bot.core.turn import Turn
from bot.features.checks import actions
from bot.features.checks.dialog import CheckDialog
from policy.reading.text import unified

_LONGEST = 40  # characters; whoever writes more tells or asks something
_MINE = "(?:我|俺|咱)?(?:们|家)?(?:里|的)?(?:那)?(?:[个位口])?"
_KIN = (
    "(?:妈妈?|母亲|爸爸?|父亲|爹|娘|老爸|老妈|老公|老婆|媳妇儿?|丈夫|妻子|先生|太太|对象|爱人|老伴|男朋友|女朋友|男友|女友|孩子|儿子|女儿|闺女|姑娘"
    "|弟弟?|妹妹?|哥哥?|姐姐?|姐夫|嫂子|弟妹|表[哥弟姐妹]|堂[哥弟姐妹]|侄子|侄女|外甥女?|小舅子|小姨子|舅舅?|叔叔?|姑姑?|姨妈?|爷爷|奶奶|姥姥|姥爷"
    "|岳父|岳母|公公|婆婆|儿媳妇?|女婿|亲戚|家人|家属|家里人|老人|老爷子|老太太)"
)
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟"
    "熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_STAFF = (
    "(?:(?:单位|公司|厂子?|部门|车间|班组?|科室?|队|工地|企业|店|手下|学校|机构)(?:里|上)?的?(?:一?[个位名])?)?"
    f"(?:同事|员工|职工|工人|工友|下属|部下|手下|徒弟|师傅|学员|学生|新人|人员?|小[{_SURNAMES}]|老[{_SURNAMES}]"
    f"|[{_SURNAMES}](?:工|师傅|姐|哥|主任|经理))"
)
_SELF = "(?:我?自己|本人|我)"
_DO = re.compile("[查问看测算试瞅瞧判]|走一遍")
_FOR = re.compile(
    rf"(?:帮|替|给|为|代){_MINE}(?:(?P<family>{_KIN})|(?P<employee>{_STAFF})|(?P<self>我?自己|本人))(?P<rest>.*)$"
)
_WHETHER = re.compile(
    rf"[查看问测瞅](?:[查看问测瞅]|一?下)?{_MINE}(?:(?P<family>{_KIN})|(?P<employee>{_STAFF})|(?P<self>我?自己))"
    "(?P<rest>(?:能不能|能否|可不可以|可以|符不符合|够不够|算不算|能|行不行|有没有资格).*)$"
)
_NOW = re.compile(
    rf"(?:换成?|改成?|这[回次]?(?:是|给|查|看|测)?|下一个(?:是|查|看|测)?|接着(?:查|看|测)?|再?(?:查|测|看)(?:一下|查|测|看)?)"
    rf"{_MINE}(?:(?P<family>{_KIN})|(?P<employee>{_STAFF})|(?P<self>{_SELF}))的?(?:情况|条件)?[吧了]?$"
)
_BARE = re.compile(
    rf"^(?:是|就)?{_MINE}(?:(?P<family>{_KIN})|(?P<employee>{_STAFF})|(?P<self>{_SELF}))[的吧呀啊呢查]?$"
)
_ASKS = re.compile("什么|啥|怎么|咋|多少|哪|几|谁|为何|标准")  # a question of the policy
# What is wanted, in the order in which it decides (a certificate is named with titles and subsidies too).
_CHECKS = (
    ("subsidy", re.compile("补贴|补助|领.{0,2}钱")),
    ("title", re.compile("职称|工程师|评[个上]?")),
    ("hours", re.compile("学时|继续教育|继教")),
    ("assessment", re.compile("报?考|等级证|考证")),
    ("enrolment", re.compile("参加|报名|资格|上课|培训|学")),
)


def about_whom(text: str) -> tuple[str, str] | None:
    """Return (whom it is about, the check that is named or "") of words that ask to check for somebody."""
    plain = vocabulary.tidy(unified(text))
    if len(plain) > _LONGEST:
        return None
    found = _FOR.search(plain)
    if found is None or not _DO.search(found["rest"]):
        found = _WHETHER.search(plain)
    if found is not None:
        return None if _ASKS.search(found["rest"]) else (_who(found), _check(found["rest"]))
    if found := _NOW.search(plain):
        return _who(found), ""
    return None


def _who(found: re.Match[str]) -> str:
    return next(name for name in ("family", "employee", "self") if found[name])


def _check(text: str) -> str:
    return next((name for name, pattern in _CHECKS if pattern.search(text)), "")


def _read_whom(turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    """Understand for whom it is checked; a bare 我老婆 only where that was just asked."""
    said = about_whom(text)
    if said is None and _is_asked(turn) and (found := _BARE.match(vocabulary.tidy(unified(text)))):
        said = _who(found), ""
    if said is None:
        return None
    about, check = said
    return Reading("command", partial(actions.who, turn, f"{check or _here(turn, stage)}:{about}"))


def _is_asked(turn: Turn) -> bool:
    return any(token.startswith("who:") for _, token in turn.memory.offers)


def _here(turn: Turn, stage: Stage | None) -> str:
    """The check that was asked about, that is open, or the route."""
    asked = next(
        (t.split(":")[1] for _, t in turn.memory.offers if t.startswith("who:") and t.count(":") > 1), ""
    )
    if asked:
        return asked
    name = stage.dialog.name if stage is not None and isinstance(stage.dialog, CheckDialog) else actions.ROUTE
    return name.removeprefix(actions.CHECK)


WHOM = Reader("for whom it is checked", _read_whom, SELF)
