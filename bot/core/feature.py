"""What a feature adds to the bot, as tables that the router only looks up.

A feature's package returns one `Feature` from `feature()`: its dialogs, the words that start
something, its buttons, its readers of typed text, what it does with files, and who may do each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.dialogs.dialog import AnyDialog
from bot.core.dialogs.dialog_manager import Stage
from bot.core.messages import FileMaker, Outgoing, Replies
from bot.core.permissions import Right
from bot.core.turn import Turn


@dataclass(frozen=True)
class Command:
    """Words that start something wherever somebody is in a conversation.

    `own`: only for somebody who speaks for an institution, said by anybody else they are a question;
    `aside`: the pending prompt is put again after what it says.
    """

    name: str
    words: str
    act: Callable[[Turn], list[Outgoing]]
    right: Right
    own: bool = False
    aside: bool = False


@dataclass(frozen=True)
class Button:
    """A button that names a thing, not a step, and works whenever it is pressed.

    Its token is `name:argument`; `act` returns None when the argument names nothing that exists.
    `alias` is how messages of earlier versions call it.
    """

    name: str
    act: Callable[[Turn, str], Replies]
    right: Right
    alias: str = ""


@dataclass(frozen=True)
class Reading:
    """What a reader understood of a text. Nothing is done before `act`, which is called once at most.

    `kind` says what the text is where another thing was asked for: figures, command, question, job;
    a reading that is not `sure` is asked in one tap before it is acted on.
    """

    kind: str
    act: Callable[[], Replies]
    sure: bool = True


@dataclass(frozen=True)
class Reader:
    """Understands texts of one kind. Reading has no side effect.

    `beside_prompt`: it is asked before a pending prompt that is no free text gets a text it cannot read.
    """

    name: str
    read: Callable[[Turn, Stage | None, str], Reading | None]
    right: Right


@dataclass(frozen=True)
class Feature:
    """Everything one feature adds.

    `jobs` are what people ask for in their own words, by name, with who may have each done; `takers`
    take files; `wants` tells whether a file of somebody without a role is what it would take
    once they are bound; `greeting` is said once a day to whom it concerns; `codes` uses a one-time
    code; `asking` reads what stands behind 问：; `makers` make files from values
    alone; `faults` say what a fault means to people.
    """

    name: str
    dialogs: tuple[AnyDialog, ...] = ()
    commands: tuple[Command, ...] = ()
    buttons: tuple[Button, ...] = ()
    readers: tuple[Reader, ...] = ()
    jobs: Mapping[str, Right] = field(default_factory=dict)
    takers: tuple[Callable[[Turn, Stage | None], Replies], ...] = ()
    wants: Callable[[Turn, str], bool] | None = None
    greeting: Callable[[Turn], Outgoing | None] | None = None
    codes: Callable[[Turn, str], Replies] | None = None
    asking: Callable[[Turn, Stage | None, str], Reading] | None = None
    makers: Mapping[str, FileMaker] = field(default_factory=dict)
    faults: Mapping[type[Exception], Callable[[Turn, Any], list[Outgoing]]] = field(default_factory=dict)
