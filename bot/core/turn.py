"""One message being applied: what it says, whose it is, and what the conversation remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from bot.core.counting import OfTurn
from bot.core.messages import Arrived, Incoming, Outgoing, Table
from bot.core.render import render
from bot.core.responsible import Responsible
from bot.core.security.flood import Tally
from bot.core.security.keys import Keys
from policy.calendar.quarters import Quarter, Times
from policy.corpus import Corpus
from policy.index.outside_reading import OutsideReading

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.conversations.messages import Conversation
    from storage.people import people

Answers = dict[str, Any]  # question id → its answer, as JSON keeps it
Read = TypeVar("Read")


class NoDialog(LookupError):
    """Something was to be kept in a dialog, and none is under way."""


@dataclass
class DialogState:
    """A dialog under way: its answers, and the question being answered anew, if any."""

    name: str
    version: int
    answers: Answers = field(default_factory=dict)
    revisit: str | None = None


@dataclass(frozen=True)
class Kept:
    """A text that may not have been meant as the answer: it waits for one tap at this step.

    `meant` is what else it may be: figures, question, command, button (`token` is its), former.
    `sealed` is the text, encrypted: a telephone number may stand in it.
    """

    serial: int
    meant: str
    sealed: str
    token: str = ""


@dataclass
class Memory:
    """What a conversation remembers between messages.

    `parked` keeps dialogs that were left for another; `offers` are the buttons last shown, in
    order, so that a typed label or number presses one; `topic` is the last answer given; `about` is
    whom the checks are about (self, family, employee), `told` what was told about them if it is not
    oneself, each with the day (it is kept nowhere else); `asked` is the turn of the last question, and
    the entry that answered it ("" for none); `greeted` is the day on which what is missing was last told;
    `kept` is a text about which it is asked what it was meant for; `waiting` is a form, by its hash,
    that waits to be told where it belongs; `joining` is a one-time code, sealed, that waits to be confirmed.
    """

    dialog: DialogState | None = None
    parked: dict[str, DialogState] = field(default_factory=dict)
    offers: list[tuple[str, str]] = field(default_factory=list)
    topic: str | None = None
    about: str = "self"
    told: dict[str, list[str]] = field(default_factory=dict)  # fact → [answer, day]
    asked: tuple[int, str] | None = None
    greeted: str = ""
    kept: Kept | None = None
    waiting: dict[str, Any] | None = None
    joining: str = ""

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Memory:
        """From the stored state; an empty one is a fresh conversation."""
        dialog = raw.get("dialog")
        return cls(
            DialogState(**dialog) if dialog else None,
            {name: DialogState(**state) for name, state in raw.get("parked", {}).items()},
            [(label, token) for label, token in raw.get("offers", [])],
            raw.get("topic"),
            raw.get("about", "self"),
            raw.get("told", {}),
            (raw["asked"][0], raw["asked"][1]) if raw.get("asked") else None,
            raw.get("greeted", ""),
            Kept(**raw["kept"]) if raw.get("kept") else None,
            raw.get("waiting"),
            raw.get("joining", ""),
        )

    def to_json(self) -> dict[str, Any]:
        """For storing."""
        return {
            "dialog": vars(self.dialog) if self.dialog else None,
            "parked": {name: vars(state) for name, state in self.parked.items()},
            "offers": self.offers,
            "topic": self.topic,
            "about": self.about,
            "told": self.told,
            "asked": self.asked,
            "greeted": self.greeted,
            "kept": vars(self.kept) if self.kept else None,
            "waiting": self.waiting,
            "joining": self.joining,
        }


@dataclass
class Turn:
    """The message, the open transaction and the conversation; `text` is cleaned, not masked.

    `table` is a small table of the office's that came with the message, read before the transaction;
    `url` is where a browser reaches us, `times` when reports are due; `corpus` is what the policy says.
    """

    connection: Connection
    incoming: Incoming
    talk: Conversation
    memory: Memory
    keys: Keys
    id: int
    text: str
    corpus: Corpus
    table: Table | None = None
    url: str = ""
    times: Times = field(default_factory=Times)
    dialogs: Mapping[str, Any] = field(default_factory=dict)  # every dialog there is, by name
    # What a language model read in this message's question, if one was asked; and whether any ever is.
    outside: OutsideReading | None = None
    model_reads: bool = False
    responsible: Responsible = field(default_factory=Responsible)  # who answers for people's data
    tally: Tally = field(default_factory=Tally)  # how often who did what, in this process
    counted: OfTurn = field(default_factory=OfTurn)  # what this message is counted for
    arrived: Arrived | None = None  # a file of somebody who speaks for an institution, looked at before
    # How a command is started by its name and a button pressed by its token, set by the router.
    start: Callable[[str], list[Outgoing]] = lambda name: []
    press: Callable[[str], list[Outgoing] | None] = lambda token: None
    command: str | None = None  # the command whose word the text is, and nothing else
    small_talk: bool = False  # the message was a hello or a thank-you and nothing else
    replayed: tuple[object, object] | None = None  # (step, the dialog replayed there)
    _read: dict[str, object] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """When the message arrived, aware."""
        return self.incoming.now

    @property
    def person_id(self) -> int:
        """The person behind the account."""
        return self.talk.person_id

    @cached_property
    def memberships(self) -> list[people.Membership]:
        """The person's roles in force, read once: with the conversation."""
        from storage.people import people

        known = self.talk.memberships
        return people.memberships(self.connection, self.person_id) if known is None else known

    @property
    def office_role(self) -> people.Membership | None:
        """The person's role in the office, if any."""
        return next((m for m in self.memberships if m.office), None)

    @property
    def institutions(self) -> list[people.Membership]:
        """The institutions the person speaks for."""
        return [m for m in self.memberships if m.institution_id is not None]

    def closes(self, quarter: str) -> datetime | None:
        """When a quarter usually closes."""
        return self.times.closes(Quarter.parse(quarter))

    def read_outside(self, text: str) -> OutsideReading | None:
        """What a language model read in just these words; None where none did."""
        return self.outside if self.outside is not None and self.outside.text == text.strip() else None

    def forget_roles(self) -> None:
        """Read the roles anew (after a code was used)."""
        self.talk.memberships = None
        self.__dict__.pop("memberships", None)

    def once(self, key: str, read: Callable[[], Read]) -> Read:
        """Something that this message cannot change, read once; a key is always read the same way."""
        if key not in self._read:
            self._read[key] = read()
        return cast(Read, self._read[key])

    def read_again(self, prefix: str) -> None:
        """Forget what was read under keys that begin so: this message changed it."""
        for key in [k for k in self._read if k.startswith(prefix)]:
            del self._read[key]

    @property
    def state(self) -> DialogState:
        """The dialog under way.

        Raises:
            NoDialog: there is none.
        """
        if self.memory.dialog is None:
            raise NoDialog
        return self.memory.dialog

    @property
    def kept(self) -> Kept | None:
        """The text about which it is asked here what it was meant for."""
        kept = self.memory.kept
        return kept if kept is not None and kept.serial == self.talk.serial else None

    def step(self) -> None:
        """The conversation moved on: buttons of the step before no longer act."""
        self.talk.serial += 1

    def say(self, template: str, **data: Any) -> Outgoing:
        """One message from a template, its buttons bound to the present step; `render` says the rest."""
        return render(template, self.talk.serial, **data)
