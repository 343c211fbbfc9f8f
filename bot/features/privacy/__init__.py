"""What a person told the bot: shown, handed over, withdrawn and forgotten."""

from bot.core.feature import Button, Command, Feature, Reader
from bot.core.permissions import PUBLIC, SELF
from policy.corpus import Corpus


def feature(corpus: Corpus) -> Feature:
    """Return what owning one's data adds."""
    from bot.features.privacy import actions, minors
    from bot.features.privacy.delete_dialog import DeleteDataDialog

    return Feature(
        "privacy",
        dialogs=(DeleteDataDialog(),),
        commands=(
            Command(
                "clear", "退出并清除 清除 清除记录 清除我的信息 清空 清空记录 /clear", actions.clear, SELF
            ),
            Command(
                "my_data",
                "我的数据 我的信息 我的个人信息 你们存了我什么 你存了我什么 导出我的数据 导出我的信息"
                " 查看我的数据 /mydata",
                actions.my_data,
                SELF,
                aside=True,
            ),
            Command(
                "delete_data",
                "删除我的数据 删除我的信息 删除数据 注销 注销账号 把我的信息都删掉 把我的数据都删掉 /delete",
                actions.delete_data,
                SELF,
            ),
            Command(
                "withdraw_consent",
                "撤回同意 撤销同意 取消同意 撤回我的同意 我不同意收集",
                actions.withdraw_consent,
                SELF,
                aside=True,
            ),
            Command(
                "privacy",
                "隐私 隐私说明 隐私政策 个人信息保护 记录保留多久 数据保留多久 /privacy",
                actions.privacy,
                PUBLIC,
                aside=True,
            ),
        ),
        readers=(Reader("minor", minors.read, PUBLIC),),
        buttons=(
            Button("data.part", lambda turn, _: actions.clear(turn, sure=True), SELF),
            Button("data.mine", lambda turn, _: actions.my_data(turn), SELF),
            Button("data.delete", lambda turn, _: actions.delete_data(turn), SELF),
            Button("data.withdraw", lambda turn, _: actions.withdraw_consent(turn), SELF),
            Button("data.privacy", lambda turn, _: actions.privacy(turn), PUBLIC),
        ),
    )
