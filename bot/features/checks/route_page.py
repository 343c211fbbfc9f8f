"""The route as a page one can keep and print."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.core.render import render
from bot.features.checks.dialog import CheckContext, check_dialogs


def route_file(args: dict[str, Any]) -> bytes:
    """The route as a page one can keep and print, from the facts it was said from."""
    route = check_dialogs()["route"]
    context = CheckContext(date.fromisoformat(args["on"]), args["about"], (), args.get("reading"))
    told = args["facts"]
    shown = render(
        "check/route_file.html",
        items=route.items(told, context),
        answers=route.said(told),
        on=context.on,
        about=context.about,
    )
    return shown.text.encode()
