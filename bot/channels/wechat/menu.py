"""The account's menu: read as it stands, changed by one button, put back as it was.

Pure functions on buttons as `menu/create` takes them, and the copies that are kept before a change.
https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Creating_Custom-Defined_Menu.html
https://developers.weixin.qq.com/doc/offiaccount/Custom_Menus/Querying_Custom_Menus.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.core.render import words

Button = dict[str, Any]  # name, and either sub_button or type with its fields

TOP, BELOW = 3, 5  # buttons side by side, and in one group
FOLDER = "wechat-menu"  # in the data folder

# The types that an interface may make, with what each needs. Others (a text, a picture, a song) are made
# on the platform's own pages only: such a menu could not be put back.
_FIELDS: dict[str, tuple[str, ...]] = {
    "click": ("key",),
    "view": ("url",),
    "miniprogram": ("url", "appid", "pagepath"),
    "scancode_push": ("key",),
    "scancode_waitmsg": ("key",),
    "pic_sysphoto": ("key",),
    "pic_photo_or_album": ("key",),
    "pic_weixin": ("key",),
    "location_select": ("key",),
    "media_id": ("media_id",),
    "view_limited": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
}


class NotKept(Exception):
    """Some buttons could not be made again by the interface; `names` are theirs."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__("、".join(names))
        self.names = list(names)


class NoRoom(Exception):
    """There are as many buttons as the platform takes; `groups` could still take one."""

    def __init__(self, groups: Sequence[str]) -> None:
        super().__init__("、".join(groups))
        self.groups = list(groups)


class NoGroup(Exception):
    """No group of that name; `groups` are those there are."""

    def __init__(self, groups: Sequence[str]) -> None:
        super().__init__("、".join(groups))
        self.groups = list(groups)


def buttons_of(told: Mapping[str, Any]) -> list[Button]:
    """The buttons that `get_current_selfmenu_info` told, as `menu/create` takes them; [] for no menu.

    Raises:
        NotKept: some cannot be made by the interface.
    """
    bad: list[str] = []
    found = [_button(each, bad) for each in _listed(told.get("selfmenu_info"), "button")]
    if bad:
        raise NotKept(bad)
    return found


def _listed(holder: object, name: str) -> list[Mapping[str, Any]]:
    held = holder.get(name) if isinstance(holder, Mapping) else None
    return [each for each in held if isinstance(each, Mapping)] if isinstance(held, list) else []


def _button(told: Mapping[str, Any], bad: list[str]) -> Button:
    name = str(told.get("name", ""))
    if below := _listed(told.get("sub_button"), "list"):
        return {"name": name, "sub_button": [_button(each, bad) for each in below]}
    kind = told.get("type")
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None or not all(isinstance(told.get(field), str) and told[field] for field in fields):
        bad.append(name)
    return {"type": kind, "name": name, **{field: told.get(field) for field in fields or ()}}


def names_of(told: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """The names as they stand, each with those in its group; of every type."""
    return [
        (
            str(each.get("name", "")),
            [str(one.get("name", "")) for one in _listed(each.get("sub_button"), "list")],
        )
        for each in _listed(told.get("selfmenu_info"), "button")
    ]


def own_buttons(link: str | None) -> list[Button]:
    """Ours: a link to the web chat; without one what the account itself answers, and a scanner for codes."""
    if link is not None:
        return [{"type": "view", "name": _name("assistant"), "url": link}]
    return [
        {"type": "click", "name": _name("menu"), "key": words("wechat/messages.menu_word")},
        {"type": "click", "name": _name("report"), "key": words("wechat/messages.report_word")},
        {"type": "scancode_waitmsg", "name": _name("scan"), "key": "scan"},
    ]


def _name(of: str) -> str:
    return words("wechat/messages.button", {"of": of})


def merged(present: Sequence[Button], own: Sequence[Button], under: str | None) -> list[Button] | None:
    """The present menu and one button more; None when ours is there already.

    The new one stands last, as a group when we have several; or inside the group named `under`.

    Raises:
        NoRoom, NoGroup: it cannot be added there.
    """
    every = [one for each in present for one in (each, *each.get("sub_button", ()))]
    if any(_does(one) == _does(own[0]) for one in every):
        return None
    groups = [each["name"] for each in present if 0 < len(each.get("sub_button", ())) < BELOW]
    if under is None:
        if len(present) >= TOP:
            raise NoRoom(groups)
        one = own[0] if len(own) == 1 else {"name": _name("assistant"), "sub_button": list(own)}
        return [*present, one]
    if under not in groups:
        raise NoGroup(groups)
    added = {**own[0], "name": _name("assistant")}
    return [
        {**each, "sub_button": [*each["sub_button"], added]} if each["name"] == under else each
        for each in present
    ]


def _does(button: Button) -> tuple[object, object]:
    return button.get("type"), button.get("url") or button.get("key")


class Copies:
    """Menus as they were before each change, newest last, in the data folder; of one account."""

    def __init__(self, data_dir: Path, account: str) -> None:
        self._folder = data_dir / FOLDER
        self._account = account

    def keep(self, told: Mapping[str, Any], now: datetime) -> Path:
        """Save one; where."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self._account}-{now:%Y%m%dT%H%M%S%f}.json"
        kept = {"account": self._account, "at": now.isoformat(), "told": told}
        with path.open("x", encoding="utf-8") as file:
            json.dump(kept, file, ensure_ascii=False, indent=1)
        return path

    def newest(self) -> tuple[Path, Mapping[str, Any]] | None:
        """The last one that was not put back yet: its file, and what the platform told then."""
        found = sorted(self._folder.glob(f"{self._account}-*.json"))
        if not found:
            return None
        told: Mapping[str, Any] = json.loads(found[-1].read_text(encoding="utf-8"))["told"]
        return found[-1], told

    def done(self, path: Path) -> None:
        """It was put back; the file stays, under a name that is not taken again."""
        path.rename(path.with_suffix(".undone"))
