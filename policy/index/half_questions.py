"""Half questions: a message after an answer that names no topic of its own, only what of it is asked."""

from __future__ import annotations

import re

from policy.index.index import Index
from policy.index.signals import Judged

LONGEST = 14  # a half question is so short
LEFT = 2  # characters that say something of their own, at most
JOINT, SAME, RELATED, ASIDE = 1.0, 0.3, 0.3, 0.9
# Words that name a topic of the notice by themselves.
_TOPIC = re.compile(
    r"补贴|补助|学时|继续教育|继教|职称|工程师|助工|高工|证|考(?!勤)|学费|培训|报名|机构|备案|开班|名单|教材|课本|标准|大纲|竞赛|大赛|比赛"
    r"|英才卡|绿色通道|人才|表彰|检查|情况表|季报|报表|填表|盖章|目录|经费|工资|脱产|宣传|通知|文号|文件|合格|结业|退休|返聘|应届|毕业"
    r"|专业|方向|领域|大数据|区块链|物联网|云计算|智能|集成电路|虚拟|投诉|举报|公需|个税|户口|社保|年龄|学历|科室|电话|上课|线上|线下"
    r"|你(是|们|会|叫|谁)|您(是|们|会)|谢|再见|天气"
)
# What a question is made of whatever it is about.
_FUNCTION = re.compile(
    r"什么时候|啥时候|什么|多少|多久|多长时间|多长|多大|怎么办|怎么|怎样|哪里|哪儿|哪个|哪些|哪年|哪天|哪家|几天|几年|几个月|几次|几个|几级|几号|几月"
    r"|为什么|为啥|凭什么|凭啥|有没有|能不能|可不可以|是不是|要不要|行不行|用不用|会不会|算不算|该不该|还有|另外|别的|其他|其它|除了"
    r"|[那这它他她我俺咱你您们自己别人个呢啊呀吧吗么嘛了的地得着过不没有能可以会要用让给叫跟和与或还也都就才再又只最]"
    r"|[谁啥咋哪几何为是在到去上下来往从对把被比找问说讲写发收查办弄整算行成中拿领交报等催拖换改退补算给看认用管定批审签]"
    r"|[一二三四五六七八九十两半百千万0-9年月日天号次回遍人家级门科份]"
    r"|明年|今年|去年|以后|之前|之后|之间|时候|时间|马上|现在|当年|到期|外地|国外|全国|外省|省里|市里|区里|省|市|区|县"
    r"|单位|公司|老板|领导|个人|本人|自己|学校|大家|家里|孩子|手续|流程|材料|条件|地址|电话|网站|网址|链接|渠道|钱|费|快|慢|早|晚|迟|贵|便宜|免费"
    r"|自动|直接|重新|一样|一起|同时|单独|必须|一定|大概|具体|详细|够|差|多|少|大|小|好|坏|难|真|假|丢|坏|错|忘|漏|过期|作废|有效|超"
)


def is_half(plain: str) -> bool:
    """Whether bare text asks something and names no topic: 多久, 他们要是不给呢."""
    if not 1 < len(plain) <= LONGEST or _TOPIC.search(plain):
        return False
    return len(_FUNCTION.sub("", plain)) <= LEFT


def on_topic(index: Index, plain: str, last: str) -> tuple[str, Judged]:
    """The entry that half a question after `last` asks for, and its text read behind that title.

    Only entries on the same clause, or named as related, are looked at: a question word by itself pulls
    to whatever entry owns it.
    """
    alone = index.judge(plain)
    joint = index.judge(index.header["titles"][last] + plain)
    clause, related = index.header["clause"], index.header["related"].get(last, ())
    best, highest = last, -9.0
    for entry, one, two in zip(index.weights.entries, alone.total, joint.total, strict=False):
        same = clause[entry] == clause[last]
        if not same and entry not in related:
            continue
        score = one + JOINT * two
        score += SAME * (entry == last) + RELATED * (entry in related) - ASIDE * (not same)
        if score > highest:
            best, highest = entry, score
    return best, joint
