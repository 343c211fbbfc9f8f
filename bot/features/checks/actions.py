"""Starting a check: by button, by its title, for somebody else."""

from __future__ import annotations

from functools import partial

from bot.core.dialogs import dialog_manager, vocabulary
from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Reader, Reading
from bot.core.messages import Outgoing, Replies
from bot.core.permissions import PUBLIC
from bot.core.turn import Turn
from bot.features.checks import told

ROUTE, CHECK = "route", "check-"


def _is_check(turn: Turn, name: str) -> bool:
    return name in turn.dialogs and (name == ROUTE or name.startswith(CHECK))


def go(turn: Turn, argument: str) -> Replies:
    """Start one check, or the route."""
    return dialog_manager.start(turn, argument) if _is_check(turn, argument) else None


def for_whom(turn: Turn) -> list[Outgoing]:
    """替别人查: ask for whom."""
    return [turn.say("check/who.j2", check=ROUTE)]


def who(turn: Turn, argument: str) -> Replies:
    """替谁查: `<check>:<about>`; another person starts with empty facts.

    `here` is the check under way, or the route.
    """
    check, _, about = argument.partition(":")
    if check == "here":
        under_way = turn.memory.dialog.name if turn.memory.dialog else ROUTE
        check = under_way.removeprefix(CHECK) if _is_check(turn, under_way) else ROUTE
    name = ROUTE if check == ROUTE else f"{CHECK}{check}"
    if not _is_check(turn, name):
        return None
    if about not in ("self", "family", "employee"):
        return [turn.say("check/who.j2", check=check)]
    told.speak_of(turn, about)
    for parked in [n for n in turn.memory.parked if n == ROUTE or n.startswith(CHECK)]:
        del turn.memory.parked[parked]
    if turn.memory.dialog and _is_check(turn, turn.memory.dialog.name):
        turn.memory.dialog = None
    return dialog_manager.start(turn, name)


def _read_title(turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    """Understand the title of a check."""
    plain = vocabulary.tidy(text)
    named = next((c.id for c in turn.corpus.checks.values() if plain == vocabulary.tidy(c.title)), None)
    return Reading("command", partial(dialog_manager.start, turn, f"{CHECK}{named}")) if named else None


TITLE = Reader("title of a check", _read_title, PUBLIC)
