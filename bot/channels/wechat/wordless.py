"""Texts that say nothing: faces and gestures, and what WeChat puts in place of what it cannot show."""

from __future__ import annotations

import re
import unicodedata

_NOT_SHOWN = "【收到不支持的消息类型"
_JUDGES = ("👍", "👎")  # said under an answer, they judge it
# Faces as the apps write them where they are not drawn: [微笑], [Smile], /:handshake.
_WRITTEN = re.compile(r"(?:\[[\u4e00-\u9fff]{2,4}\]|\[[A-Z][A-Za-z]{1,12}\]|/:[!-~]{1,10}|\s)+")
_DRAWN = frozenset({"So", "Sk", "Mn", "Me", "Cf"})  # categories of which emoji are made


def kind_of(text: str) -> str:
    """What a text is that says nothing: unsupported, sticker; "" where it says something."""
    if text.startswith(_NOT_SHOWN):
        return "unsupported"
    plain = text.strip()
    if not plain or len(plain) > 200 or any(sign in plain for sign in _JUDGES):
        return ""
    drawn = all(unicodedata.category(sign) in _DRAWN or sign.isspace() for sign in plain)
    return "sticker" if drawn or _WRITTEN.fullmatch(plain) else ""
