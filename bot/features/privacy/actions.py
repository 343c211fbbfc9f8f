"""What people may do with their own data; 退出并清除, for a borrowed phone."""

from __future__ import annotations

from bot.core.channel_limits import channel_of
from bot.core.dialogs import dialog_manager
from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.documents.my_data import my_data_ref
from policy.checks.standards import with_standards
from policy.corpus import Corpus
from policy.reading.dates import Period
from storage import data_kinds
from storage.conversations import messages
from storage.desk import publications, questions
from storage.people import cards, facts, proofs
from storage.privacy import personal_data

DELETE_DATA = "delete-data"  # the dialog that asks before it deletes
MOST = 8  # lines of one kind shown in chat; the file has all
_END_SHOWN, _START_SHOWN = 4, 3  # digits of a telephone number


def clear(turn: Turn, sure: bool = False) -> list[Outgoing]:
    """Forget facts, what was said here, reminders asked for and subscriptions.

    A browser is parted from the person as well: who has a role there is asked first.
    """
    by_cookie = channel_of(turn.incoming.address.channel).cookie
    if by_cookie and turn.memberships and not sure:
        return [turn.say("privacy/messages.ask_part")]
    facts.forget(turn.connection, turn.person_id)
    saved = cards.drop(turn.connection, turn.person_id)
    turn.read_again("facts")
    questions.forget(turn.connection, turn.talk.account_id, turn.incoming.address)
    publications.unsubscribe(turn.connection, turn.talk.account_id, turn.person_id, turn.now)
    messages.forget_history(turn.connection, turn.incoming.address, turn.id)
    memory = turn.memory
    memory.asked = None
    memory.dialog, memory.parked, memory.topic, memory.about, memory.told = None, {}, None, "self", {}
    turn.step()
    data = {"institutions": turn.institutions, "saved": saved, "parted": by_cookie}
    said = turn.say("messages.cleared", **data)
    if by_cookie:
        proofs.part(turn.connection, turn.person_id, turn.talk.account_id, turn.now)
    return [said]


def privacy(turn: Turn) -> list[Outgoing]:
    """Tell what is kept, on what basis and for how long."""
    return [turn.say("privacy/page.j2", kinds=data_kinds.KINDS, model=turn.model_reads, by=turn.responsible)]


def my_data(turn: Turn) -> list[Outgoing]:
    """Show what is kept about the person, and hand all of it over as a file."""
    kept = personal_data.collect(turn.connection, turn.person_id)
    number = turn.keys.open(kept["profile"][0]["telephone"]) or ""
    return [
        turn.say(
            "privacy/my_data.j2",
            files=(my_data_ref(turn.person_id),),
            kept=kept,
            told=_told(turn.corpus, kept["results"]),
            telephone=_partly(number),
            most=MOST,
        )
    ]


def delete_data(turn: Turn) -> list[Outgoing]:
    """Ask before everything is deleted."""
    return dialog_manager.begin(turn, DELETE_DATA)


def withdraw_consent(turn: Turn) -> list[Outgoing]:
    """Delete what rests on consent; say what does not."""
    gone = personal_data.withdraw(turn.connection, turn.person_id, turn.now)
    turn.memory.about, turn.memory.told = "self", {}
    turn.read_again("facts")
    _leave_checks(turn)
    counted = [(kind, count) for kind, count in gone.items() if count]
    days = data_kinds.kept_for("conversation").days
    return [turn.say("privacy/withdrawn.j2", gone=counted, roles=turn.memberships, turn_days=days)]


def _leave_checks(turn: Turn) -> None:
    """End a check under way: its answers are gone, so it would begin again in the middle."""
    state = turn.memory.dialog
    if state is not None and (state.name == "route" or state.name.startswith("check-")):
        turn.memory.dialog = None
        turn.step()


def _told(corpus: Corpus, rows: personal_data.Rows) -> list[tuple[str, str, str]]:
    """(about whom, what was asked, what was answered) of the facts kept, in a few words."""
    every = [with_standards(check, corpus.standards, corpus.form) for check in corpus.checks.values()]
    asked = {fact.id: fact for check in every for fact in check.facts.values()}
    told = []
    for row in rows:
        fact, value = asked.get(row["fact"]), row["value"]
        answer = Period.parse(value).words if "/" in value else fact.label(value) if fact else value
        told.append((row["about"], fact.short if fact else row["fact"], answer))
    return told


def _partly(number: str) -> str:
    """A telephone number as it may stand in a conversation."""
    hidden = len(number) - _START_SHOWN - _END_SHOWN
    return f"{number[:_START_SHOWN]}{'*' * hidden}{number[-_END_SHOWN:]}" if hidden > 0 else number
