"""One-time codes that somebody scanned instead of typing them."""

from __future__ import annotations

import re

from bot.core.security import one_time_code

_INVITING = re.compile(r"^https?://[^\s#]*(?:#bind|\?start)=([A-Za-z0-9-]{5,24})$", re.A)


def binding(scene: str) -> str:
    """What a scanned code says: its one-time code, if it is one."""
    return f"绑定 {scene}" if scene and one_time_code.code_in(scene) == scene else ""


def code_of(read: str) -> str:
    """The one-time code in what a scanner read: the text itself, or the end of one of our links."""
    link = _INVITING.search(read)
    return link[1] if link else read.strip()
