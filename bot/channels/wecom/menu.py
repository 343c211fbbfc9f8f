"""The application's menu (https://developer.work.weixin.qq.com/document/path/90231)."""

from __future__ import annotations

from typing import Any

from bot.core.render import words


def own_buttons() -> list[dict[str, Any]]:
    """What can be done, the quarterly form, and a scanner for codes of invitations."""
    return [
        {"type": "click", "name": _name("menu"), "key": words("wecom/messages.menu_word")},
        {"type": "click", "name": _name("report"), "key": words("wecom/messages.report_word")},
        {"type": "scancode_waitmsg", "name": _name("scan"), "key": "scan"},
    ]


def _name(of: str) -> str:
    return words("wecom/messages.button", {"of": of})
