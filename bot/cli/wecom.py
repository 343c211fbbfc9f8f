"""`python -m bot wecom menu`: the application's menu, shown, set, removed."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("what", choices=["menu"])
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--show", action="store_true", help="the menu as it stands; nothing is changed")
    way.add_argument("--set", action="store_true", help="our buttons, in place of what is there")
    way.add_argument("--remove", action="store_true", help="no menu")


def run(options: argparse.Namespace) -> int:
    """Do it, and print the menu as it is then."""
    import asyncio

    from bot.channels.tencent.calls import NotTaken, Unreachable
    from bot.cli.problems import problem
    from bot.settings import load_settings

    settings = load_settings()
    if not settings.wecom:
        raise problem("wecom_settings")
    try:
        print(asyncio.run(_changed(options, settings)))
    except NotTaken as error:
        raise problem("wecom_code", str(error.code)) from None
    except Unreachable:
        raise problem("wecom_unreachable") from None
    return 0


async def _changed(options: argparse.Namespace, settings: Any) -> str:
    from bot.channels.wecom.api import Api
    from bot.channels.wecom.menu import own_buttons
    from bot.channels.wecom.transport import trusted
    from bot.core.render import words

    corp, agent, secret = settings.wecom_corpid, settings.wecom_agent, settings.wecom_secret
    api = Api(settings.wecom_base_url, corp, agent, secret, settings.wecom_login, trusted(settings))
    try:
        if not options.show:
            await api.put_menu(own_buttons() if options.set else [])
        names = [str(button.get("name", "")) for button in await api.menu()]
    finally:
        await api.close()
    return words("cli/messages.wecom_menu", {"names": names, "changed": not options.show})
