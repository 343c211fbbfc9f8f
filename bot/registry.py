"""The one list of features, and what they add, looked up by name, by word and by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from bot.core import permissions
from bot.core.dialogs import vocabulary
from bot.core.dialogs.dialog import AnyDialog
from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Button, Command, Feature, Reader, Reading
from bot.core.messages import FileMaker, Outgoing, Replies
from bot.core.permissions import BadRight, Right
from bot.core.turn import Turn
from bot.features import (
    checks,
    courses,
    institutions,
    measure_notes,
    opening,
    people,
    privacy,
    publications,
    questions,
    reminders,
    report,
    review,
)
from policy.corpus import Corpus

# Readers are asked in this order; whoever answers questions comes last.
FEATURES: tuple[Callable[[Corpus], Feature], ...] = (
    privacy.feature,  # who is a child is heard before anything is made of it
    courses.feature,  # a file that it asked for is none of a report's
    report.feature,
    reminders.feature,  # what is missing is told before anything is offered
    checks.feature,
    opening.feature,
    measure_notes.feature,
    people.feature,
    institutions.feature,
    review.feature,
    publications.feature,
    questions.feature,
)


class BadTable(Exception):
    """Two features claim the same name or word."""


class Registry:
    """Everything that features add, in tables."""

    def __init__(self, features: Iterable[Feature]) -> None:
        self.features = tuple(features)

    @cached_property
    def dialogs(self) -> dict[str, AnyDialog]:
        """Every dialog by name."""
        return _unique((d.name, d) for f in self.features for d in f.dialogs)

    @cached_property
    def owners(self) -> dict[str, Feature]:
        """The feature of each dialog, by the dialog's name."""
        return {d.name: f for f in self.features for d in f.dialogs}

    @cached_property
    def commands(self) -> dict[str, Command]:
        """Every command by name."""
        return _unique((c.name, c) for f in self.features for c in f.commands)

    @cached_property
    def words(self) -> dict[str, Command]:
        """The commands of features by the words that start them."""
        return _unique((word, c) for c in self.commands.values() for word in c.words.split())

    @cached_property
    def buttons(self) -> dict[str, Button]:
        """Every button by name, and by the name it had in earlier versions."""
        every = [b for f in self.features for b in f.buttons]
        return _unique([*((b.name, b) for b in every), *((b.alias, b) for b in every if b.alias)])

    @cached_property
    def jobs(self) -> dict[str, Right]:
        """Who may have each job done, by the job's name."""
        return _unique((name, right) for f in self.features for name, right in f.jobs.items())

    def rights(self) -> Iterator[tuple[str, str, Right]]:
        """Yield every row of the table: its kind (command, button, reader, job), its name, who may.

        Raises:
            BadRight: a row names nobody.
        """
        rows: list[tuple[str, str, Right]] = [
            *(("command", c.name, c.right) for c in self.commands.values()),
            *(("button", b.name, b.right) for f in self.features for b in f.buttons),
            *(("reader", r.name, r.right) for f in self.features for r in f.readers),
            *(("job", name, right) for name, right in self.jobs.items()),
        ]
        for kind, name, right in rows:
            if not isinstance(right, Right):
                raise BadRight(f"the {kind} {name!r} names nobody who may")
            yield kind, name, right

    @cached_property
    def makers(self) -> dict[str, FileMaker]:
        """What makes files from values alone, by the kind of file."""
        return _unique((kind, make) for f in self.features for kind, make in f.makers.items())

    @cached_property
    def faults(self) -> Mapping[type[Exception], Callable[[Turn, Any], list[Outgoing]]]:
        """What faults mean to people."""
        return _unique((kind, say) for f in self.features for kind, say in f.faults.items())

    def takes_numbers(self, dialog: str) -> bool:
        """Tell whether the dialog of that name takes what is typed unmasked."""
        return dialog in self.dialogs and self.dialogs[dialog].private

    def is_secret(self, dialog: str) -> bool:
        """Tell whether what is typed into the dialog of that name is kept nowhere."""
        return dialog in self.dialogs and self.dialogs[dialog].secret

    def command(self, text: str) -> Command | None:
        """Find the command that a text names and says nothing else."""
        return self.words.get(vocabulary.command_word(text))

    def readers(self, stage: Stage | None) -> list[Reader]:
        """List the readers, those of the feature whose dialog is open first."""
        owner = self.owners.get(stage.dialog.name) if stage else None
        ordered = [owner, *(f for f in self.features if f is not owner)] if owner else list(self.features)
        return [reader for feature in ordered for reader in feature.readers]

    def press(self, turn: Turn, token: str) -> Replies:
        """Do what a button does; None when it names nothing that exists."""
        name, _, rest = token.partition(":")
        second, _, argument = rest.partition(":")
        old = self.buttons.get(f"{name}:{second}")
        button, given = (old, argument) if old else (self.buttons.get(name), rest)
        if button is None:
            return None
        return refusal(turn, button.name, button.right) or button.act(turn, given)

    def start(self, turn: Turn, command: Command) -> list[Outgoing]:
        """Do what a command does, for those who may."""
        return refusal(turn, command.name, command.right) or command.act(turn)

    def bind(self, turn: Turn, code: str) -> Replies:
        """Use a one-time code."""
        take = next(f.codes for f in self.features if f.codes)
        return take(turn, code)

    def ask(self, turn: Turn, stage: Stage | None, text: str) -> Reading:
        """Read a text as a question, whatever is pending."""
        asked = next(f.asking for f in self.features if f.asking)
        return asked(turn, stage, text)

    def menu(self, turn: Turn, hello: bool) -> Outgoing:
        """Return what this person can do here."""
        roles = {m.role for m in turn.memberships}
        return turn.say(
            "menu.j2",
            hello=hello,
            checks=list(turn.corpus.checks.values()),
            institutions=turn.institutions,
            office=turn.office_role is not None,
            reader="district" in roles,
            lead="lead" in roles,
        )


def refusal(turn: Turn, name: str, right: Right) -> list[Outgoing] | None:
    """Return the words of a refusal; None for those whom the right allows."""
    return permissions.refused(turn, name, right)


def _unique(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, value in pairs:
        if key in found and found[key] is not value:
            raise BadTable(str(key))
        found[key] = value
    return found


def build_registry(corpus: Corpus) -> Registry:
    """Build the tables of all features over one policy.

    Raises:
        BadRight: something names nobody who may.
        BadTable: two features claim the same name or word.
    """
    made = Registry(feature(corpus) for feature in FEATURES)
    list(made.rights())  # what names nobody does not start
    return made
