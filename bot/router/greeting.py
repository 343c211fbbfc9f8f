"""What concerns somebody today, told once a day beside what they asked."""

from __future__ import annotations

from bot.core.dialogs import vocabulary
from bot.core.dialogs.dialog_manager import Stage
from bot.core.messages import Outgoing
from bot.core.security import one_time_code
from bot.core.turn import Turn
from bot.registry import Registry

MENU = "menu"
MENU_TOKENS = ("menu", "m")  # with the names of earlier versions
BINDING = ("bind.confirm", "bd:")


def greeted(turn: Turn, stage: Stage | None, registry: Registry, said: list[Outgoing]) -> list[Outgoing]:
    """Add what concerns a person today: before a menu or small talk, after any answer.

    In the middle of a dialog only who says hello or asks for the menu hears of it.
    """
    choice = turn.incoming.choice
    if one_time_code.code_in(turn.text) is not None or (choice or "").startswith(BINDING):
        return said  # who just came in is asked for their name first; /start CODE is no menu
    menu = choice in MENU_TOKENS or turn.command == MENU
    said_hello = turn.small_talk or vocabulary.tidy(turn.text) in vocabulary.HELLO
    hello = choice is None and said_hello
    if stage is not None and stage.question is not None and not (menu or hello):
        return said
    found = (f.greeting(turn) for f in registry.features if f.greeting)
    greeting = next((g for g in found if g is not None), None)
    if greeting is None:
        return said
    wordless = choice is None and not any(m.choices or m.files for m in said)
    return [greeting, *said] if menu or hello or wordless else [*said, greeting]
