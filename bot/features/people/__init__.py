"""Accounts, codes, colleagues and names."""

from functools import partial

from bot.core.dialogs import dialog_manager
from bot.core.feature import Button, Command, Feature
from bot.core.messages import Outgoing
from bot.core.permissions import INSTITUTION_IF_ANY, OWN_INSTITUTION, PUBLIC, SELF
from bot.core.turn import Turn
from policy.corpus import Corpus


def _profile(turn: Turn) -> list[Outgoing]:
    if not turn.institutions:
        return [turn.say("report/messages.no_institution")]
    return dialog_manager.start(turn, "profile")


def feature(corpus: Corpus) -> Feature:
    """Return what accounts, codes and colleagues add."""
    from bot.features.people import accounts, binding, colleagues, login_word
    from bot.features.people.colleagues import invite
    from bot.features.people.profile_dialog import OfficerNameDialog, ProfileDialog

    return Feature(
        "people",
        dialogs=(
            ProfileDialog(),
            OfficerNameDialog(),
            login_word.SetWordDialog(),
            login_word.ProveDialog(),
        ),
        commands=(
            Command(
                "colleagues",
                "联系人 同事 机构联系人 交接 转交 换联系人 邀请联系人 代办",
                colleagues.everybody,
                INSTITUTION_IF_ANY,
                aside=True,
            ),
            Command("account", "我的账号 账号 我的渠道", accounts.mine, SELF, aside=True),
            Command("channel", "换个渠道 换渠道 换手机 换设备 绑定新渠道", accounts.code, SELF, aside=True),
            Command(
                "web", "网页 网页对话 打开网页 去网页 到网页填 网页链接", accounts.browser, SELF, aside=True
            ),
            Command("pin", "设口令 设置口令 登录口令 改口令 换口令", login_word.set_word, SELF),
            Command("prove", "验证口令 输入口令", login_word.prove, SELF),
            Command("recovery", "恢复码 要恢复码 找回码", accounts.recovery, SELF, aside=True),
            Command("profile", "填表人 修改填表人", _profile, INSTITUTION_IF_ANY),
        ),
        buttons=(
            Button("account.list", lambda turn, _: accounts.mine(turn), SELF, alias="ac:l"),
            Button("account.code", lambda turn, _: accounts.code(turn), SELF, alias="ac:new"),
            Button("web.open", lambda turn, _: accounts.browser(turn), SELF),
            Button("account.pin", lambda turn, _: login_word.set_word(turn), SELF),
            Button("account.recovery", lambda turn, _: accounts.recovery(turn), SELF),
            Button("account.drop", accounts.drop, SELF, alias="ac:drop"),
            Button(
                "mates.list", lambda turn, _: colleagues.everybody(turn), INSTITUTION_IF_ANY, alias="co:l"
            ),
            Button("mates.invite", partial(invite, "contact"), OWN_INSTITUTION, alias="co:contact"),
            Button("mates.lead", partial(invite, "lead"), OWN_INSTITUTION, alias="co:lead"),
            Button("mates.void", colleagues.void_codes, OWN_INSTITUTION, alias="co:void"),
            Button("mates.askleave", partial(colleagues.leave, False), OWN_INSTITUTION, alias="co:leave"),
            Button("mates.leave", partial(colleagues.leave, True), OWN_INSTITUTION, alias="co:leave!"),
            Button("mates.askout", partial(colleagues.remove, False), OWN_INSTITUTION, alias="co:out"),
            Button("mates.out", partial(colleagues.remove, True), OWN_INSTITUTION, alias="co:out!"),
            Button("bind.confirm", binding.confirm, PUBLIC, alias="bd"),
        ),
        codes=binding.bind,
    )
