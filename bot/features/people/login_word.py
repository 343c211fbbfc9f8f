"""口令: who comes by a browser shows now and then that it is still they, before the desk is opened."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.channel_limits import channel_of
from bot.core.dialogs import dialog_manager
from bot.core.dialogs.dialog import Outcome, PlainDialog, Problem, Question, Write
from bot.core.messages import Outgoing
from bot.core.security import login_words
from bot.core.turn import Turn
from storage.people import accounts, people, proofs


@dataclass(frozen=True)
class WriteWord(Write):
    """Six to eight digits."""

    new: bool = False

    def read(self, text: str) -> str:
        """The digits; a new word is none that everybody tries first."""
        word = login_words.read(text)
        if word is None:
            raise Problem("pin/messages.unreadable")
        if self.new and login_words.is_weak(word):
            raise Problem("pin/messages.weak")
        return word


@dataclass(frozen=True)
class WordSet(Outcome):
    """What is to be stored; "" when it was left out."""

    stored: str


@dataclass(frozen=True)
class Proved(Outcome):
    """Whether it was the right one."""

    right: bool


class SetWordDialog(PlainDialog[WordSet]):
    """Asks for a new login word."""

    name = "pin"
    park = False
    private = True
    secret = True

    async def run(self, context: None) -> WordSet:
        """One question, which can be skipped."""
        return WordSet(await WriteWord("word", "pin/messages.new", skippable=True, new=True))

    def store(self, turn: Turn, context: None, question: Question[object], value: object) -> list[Outgoing]:
        """Only what will be stored is ever kept."""
        kept = login_words.stored(str(value), turn.keys) if value else ""
        return super().store(turn, context, question, kept)

    def finish(self, turn: Turn, context: None, outcome: WordSet) -> list[Outgoing]:
        """Set it."""
        if outcome.stored:
            proofs.set_pin(turn.connection, turn.person_id, outcome.stored, turn.now)
        return [turn.say("pin/messages.kept", done=bool(outcome.stored))]


class ProveDialog(PlainDialog[Proved]):
    """Asks for the login word, and opens the desk."""

    name = "prove"
    park = False
    private = True
    secret = True

    async def run(self, context: None) -> Proved:
        """One question."""
        return Proved(await WriteWord("word", "pin/messages.ask") == "right")

    def store(self, turn: Turn, context: None, question: Question[object], value: object) -> list[Outgoing]:
        """Whether it was right is all that is kept; a wrong one is counted like a wrong code."""
        kept = proofs.pin(turn.connection, turn.person_id)
        slow = people.slow_until(turn.connection, turn.talk.account_id, turn.now) is not None
        right = kept is not None and not slow and login_words.fits(str(value), kept, turn.keys)
        if not right and not slow:
            at = (turn.talk.account_id, turn.person_id, turn.now)
            people.refuse_code(turn.connection, *at, "pin", always=True)
        return super().store(turn, context, question, "right" if right else "wrong")

    def finish(self, turn: Turn, context: None, outcome: Proved) -> list[Outgoing]:
        """Open the desk, or say what else there is."""
        until = people.slow_until(turn.connection, turn.talk.account_id, turn.now)
        if not outcome.right:
            return [turn.say("pin/messages.wrong", until=until)]
        proofs.prove(turn.connection, turn.talk.account_id, turn.now)
        return turn.start("workbench")


def is_needed(turn: Turn) -> bool:
    """Whether it may be somebody else's browser by now, so that a proof is asked for."""
    by_cookie = channel_of(turn.incoming.address.channel).cookie
    return by_cookie and not proofs.is_fresh(turn.connection, turn.talk.account_id, turn.now)


def prove(turn: Turn) -> list[Outgoing]:
    """验证口令: ask for the login word; without one, say how else to come in."""
    until = people.slow_until(turn.connection, turn.talk.account_id, turn.now)
    if until is not None:
        return [turn.say("pin/messages.wrong", until=until)]
    if proofs.pin(turn.connection, turn.person_id):
        return dialog_manager.begin(turn, "prove")
    others = [a for a in accounts.of_person(turn.connection, turn.person_id) if a.id != turn.talk.account_id]
    return [turn.say("pin/messages.other_ways", others=others)]


def set_word(turn: Turn) -> list[Outgoing]:
    """设口令: only who has just shown who they are may."""
    if not turn.memberships:
        return [turn.say("pin/messages.no_role")]
    return prove(turn) if is_needed(turn) else dialog_manager.begin(turn, "pin")
