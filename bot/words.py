"""Words that work everywhere, and the few ways people say yes, no and not sure."""

from __future__ import annotations

import re
import unicodedata

COMMANDS = {
    "menu": "菜单 主菜单 首页 返回菜单 开始 /menu /start",
    "report": "填报 填表 报表 报数 继续填报 我要填报 季报 /report",
    "back": "上一步 返回 返回上一步 上一题 /back",
    "change": "修改 改一个回答 改回答 改答案 改一个答案 修改答案 改数 /change",
    "help": "帮助 怎么用 使用说明 /help",
    "cancel": "取消 退出 结束 先不填了 稍后再说 /cancel /exit /quit",
    "restart": "重新开始 重来 从头开始 /restart",
    "submit": "提交 报送 上报 /submit",
    "topics": "常见问题 目录 问题目录 /topics",
    "enrolment": "我能参加吗 能不能参加 资格自测 报名资格 测一测 /check",
    "route": "我的路线 路线 看我的路线 /route",
    "clear": "退出并清除 清除 清除记录 清除我的信息 清空 清空记录 /clear",
    "who": "替别人查 替家人查 替员工查 换个人查",
    "original": "原文 看原文 条款原文 为啥 为什么 凭啥 凭什么",
    "office": "机构 机构列表 管理 管理机构 办公室 /office",
    "status": "进度 报送进度 谁没报 催报",
    "staff_code": "邀请同事 生成同事邀请码",
    "workbench": "工作台 打开工作台 进入工作台 登录工作台 /workbench",
    "review": "待审 待审核 待审报表 待审列表 审核报表 /review",
    "missing": "催报名单 催报单 未报名单",
    "course": "课程登记 课程 登记课程 班次登记 /course",
    "form": "下载表格 下载情况表 下载表 空表",
    "annex": "附页 附件页 看附件 附件和盖章件 /annex",
    "history": "历史 看历次 历次 报送历史 历史版本 /history",
    "lead": "复核 待复核 待我复核 内部复核",
    "colleagues": "联系人 同事 机构联系人 交接 转交 换联系人 邀请联系人 代办",
    "account": "我的账号 账号 我的渠道",
    "channel": "换个渠道 换渠道 换手机 换设备 绑定新渠道",
    "profile": "填表人 修改填表人",
    "handover": "转人工 人工 找人工 人工服务 转人工服务 我要转人工 /human",
    "complain": "写一条投诉线索 写投诉线索 提交投诉线索",
    "subscribe": "有班通知我 开班通知 订阅开班 订阅开班通知 /subscribe",
    "subscriptions": "我的订阅 退订 取消订阅 /subscriptions",
    "desk": "待答问题 待答 /desk",
    "complaints": "投诉线索 投诉线索列表",
    "publish": "发布信息 发布 /publish",
    "opening": "期初数 期初 录入期初数 更正期初数",
    "notes": "口径 填报口径 看口径",
    "set_note": "设定口径 设定填报口径",
    "published": "已发布 已发布信息 发布列表",
}
_BY_WORD = {word: command for command, words in COMMANDS.items() for word in words.split()}

UNSURE = frozenset("不确定 不知道 不清楚 说不准 说不好 不好说 不晓得 拿不准 不太清楚 不懂".split())
YES = frozenset("是 是的 对 对的 嗯 嗯嗯 有 有的 好 好的 可以 确认 确定 行 yes y ok".split())
NO = frozenset("不是 不 没有 没 否 不对 无 不行 不要 不用 no n".split())
THUMBS = dict.fromkeys("有用 赞 点赞 有帮助".split(), "👍") | dict.fromkeys("没用 踩 没帮助".split(), "👎")
NOT_KNOWN = frozenset("不掌握 不清楚 不知道 不确定 未掌握".split())
NO_BUSINESS = frozenset("无业务 没有业务 本职业无业务 没开班 未开班 没开展 未开展".split())
NOTHING = frozenset(
    "本季度无培训 无培训 没有培训 零报告 本季度没有培训 本季无培训 都没有 全是零 全部为零".split()
)

_EDGES = re.compile(r"^[\s。．.!！?？,，~～…、]+|[\s。．.!！?？,，~～…、]+$")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe0f]")


def tidy(text: str) -> str:
    """A short text made comparable: NFKC, no invisible marks, no punctuation at its ends."""
    return _EDGES.sub("", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))).lower()


def command(text: str) -> str | None:
    """The command a text names, if it is one of the words that work everywhere."""
    plain = tidy(text)
    if plain.startswith("/"):
        plain = plain.split()[0].split("@")[0]
    return _BY_WORD.get(plain)


def yes_no(text: str) -> str | None:
    """yes, no or unsure as people say it; None for anything else."""
    plain = tidy(text)
    if plain in UNSURE:
        return "unsure"
    if plain in YES:
        return "yes"
    return "no" if plain in NO else None
