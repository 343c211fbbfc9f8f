"""The route as a page one can keep and print."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.core.render import render
from bot.features.checks.ask_fact import CheckContext
from bot.features.checks.dialog import route_dialog
from policy.corpus import Corpus


def route_file(corpus: Corpus, args: dict[str, Any]) -> bytes:
    """The route as a page one can keep and print, from the facts it was said from."""
    route = route_dialog(corpus)
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
