"""`python -m bot wechat menu`: the account's menu, shown, added to, replaced, put back."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.channels.wechat.api import Api
    from bot.channels.wechat.menu import Button, Copies


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("what", choices=["menu"])
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--show", action="store_true", help="the menu as it stands; nothing is changed")
    way.add_argument("--merge", action="store_true", help="keep the menu and add one button")
    way.add_argument("--replace", action="store_true", help="our buttons alone")
    way.add_argument("--undo", action="store_true", help="as it was before the last change")
    parser.add_argument("--link", action="store_true", help="the button opens BOT_PUBLIC_URL")
    parser.add_argument("--under", metavar="NAME", help="with --merge: into the group of that name")


def run(options: argparse.Namespace) -> int:
    """Do it, and print the menu as it is then."""
    import asyncio

    from bot.channels.tencent.calls import NotTaken, Unreachable
    from bot.cli.problems import problem
    from bot.settings import load_settings

    settings = load_settings()
    if not (settings.wechat_appid and settings.wechat_secret):
        raise problem("wechat_secret")
    if options.link and not settings.public_url:
        raise problem("wechat_link")
    page = "/wechat/enter" if settings.wechat_oauth else ""  # there WeChat tells who it is
    link = f"{settings.public_url}{page}" if options.link else None
    try:
        said = asyncio.run(_changed(options, settings, link))
    except NotTaken as error:
        raise problem("wechat_code", str(error.code)) from None
    except Unreachable:
        raise problem("wechat_unreachable") from None
    except OSError:
        raise problem("write", str(settings.data_dir)) from None
    print(said)
    return 0


async def _changed(options: argparse.Namespace, settings: Any, link: str | None) -> str:
    from bot.channels.wechat.api import Api
    from bot.channels.wechat.menu import Copies

    api = Api(settings.wechat_base_url, settings.wechat_appid, settings.wechat_secret)
    copies = Copies(settings.data_dir, settings.wechat_appid)
    try:
        if options.show:
            return await _shown(api, "shown")
        if options.undo:
            return await _undo(api, copies)
        return await _put(api, copies, link, options.under, replace=options.replace)
    finally:
        await api.close()


async def _shown(api: Api, done: str, file: str = "") -> str:
    from bot.channels.wechat.menu import names_of
    from bot.core.render import words

    told = await api.menu()
    opened = bool(told.get("is_menu_open"))
    data = {"done": done, "names": names_of(told), "opened": opened, "file": file}
    return words("cli/wechat_menu.j2", data)


async def _put(api: Api, copies: Copies, link: str | None, under: str | None, *, replace: bool) -> str:
    """Save the menu as it is, then change it. A refusal leaves no copy: there is nothing to put back."""
    from datetime import datetime

    from bot.channels.tencent.calls import NotTaken
    from bot.channels.wechat import menu
    from bot.cli.problems import problem
    from policy.calendar.quarters import SHANGHAI

    told = await api.menu()
    try:
        present = menu.buttons_of(told)
        own = menu.own_buttons(link)
        wanted = own if replace else menu.merged(present, own, under)
    except menu.NotKept as error:
        raise problem("wechat_kept", "、".join(error.names)) from None
    except menu.NoRoom as error:
        raise problem("wechat_room", example="、".join(error.groups)) from None
    except menu.NoGroup as error:
        raise problem("wechat_group", under or "", "、".join(error.groups)) from None
    if wanted is None or wanted == present:
        return await _shown(api, "there")
    file = copies.keep(told, datetime.now(SHANGHAI))
    try:
        await api.put_menu(wanted)
    except NotTaken:
        file.unlink()
        raise
    return await _shown(api, "replaced" if replace else "merged", str(file))


async def _undo(api: Api, copies: Copies) -> str:
    """Put the last copy back. What stands now may have been changed elsewhere since, so it is saved too."""
    from datetime import datetime

    from bot.channels.wechat import menu
    from bot.cli.problems import problem
    from policy.calendar.quarters import SHANGHAI

    found = copies.newest()
    if found is None:
        raise problem("wechat_undo")
    path, told = found
    before: list[Button] = menu.buttons_of(told)
    now = copies.keep(await api.menu(), datetime.now(SHANGHAI))
    copies.done(now)
    await api.put_menu(before)
    copies.done(path)
    return await _shown(api, "undone", str(now.with_suffix(".undone")))
