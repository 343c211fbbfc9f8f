"""Result cards: shown with every verdict, kept only where that is asked for, opened by their owner."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from bot.core import permissions
from bot.core.dialogs.dialog_manager import Stage
from bot.core.dialogs.vocabulary import tidy
from bot.core.feature import Reader, Reading
from bot.core.messages import FileRef, Outgoing, Replies
from bot.core.published import of_turn
from bot.core.render import words
from bot.core.turn import Turn
from bot.documents import pdf
from bot.documents.store import SAVED_CARD
from bot.features.checks.ask_fact import CheckContext
from bot.features.checks.decision_record import Decides, Record, record
from policy.answers.publications import ONE_YEAR, one_year_reading
from policy.calendar.quarters import local
from policy.checks.record import differences
from storage.data_kinds import kept_for
from storage.people import cards
from storage.people.cards import Card
from storage.people.facts import SELF

_LETTERS, _DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789"  # none that is taken for another
_HALF = f"((?:[{_LETTERS}][{_DIGITS}]){{2}})"
_NUMBER = re.compile(f"(?<![A-Z0-9]){_HALF}-?{_HALF}(?![A-Z0-9])")
_LONGEST = 40  # characters of a message that names a card
_KEEP = frozenset("保存 保存结果 保存一下 保存下来 帮我保存 存下来 存一下 保存结果卡 我要保存".split())
_PRINT = frozenset("打印 打印结果 我要打印 打印出来 下载结果 导出结果 结果页".split())
PAGE, PDF = "card", "card-pdf"  # the kinds of file


def number_of(turn: Turn, subject: str, told: Mapping[str, str], on: date) -> str:
    """Return the number of a result: the same person, answers and day give the same one.

    Letters and figures take turns, so that it is no telephone number and no document's.
    """
    values = json.dumps([turn.person_id, subject, sorted(told.items()), on.isoformat()])
    digest = hmac.new(turn.keys.derive("cards"), values.encode(), hashlib.sha256).digest()
    signs = [(_LETTERS, _DIGITS)[i % 2][digest[i] % (24, 8)[i % 2]] for i in range(8)]
    return f"{''.join(signs[:4])}-{''.join(signs[4:])}"


def page_ref(turn: Turn, dialog: Decides, told: Mapping[str, str], context: CheckContext) -> FileRef:
    """Return the page of a result that is not kept: made from what was told, whenever it is opened."""
    number = number_of(turn, dialog.name, told, context.on)
    args: dict[str, Any] = {
        "subject": dialog.name,
        "facts": dict(told),
        "on": context.on.isoformat(),
        "about": context.about,
        "number": number,
    }
    if context.reading:
        args["reading"] = context.reading
    return FileRef(PAGE, _file_name(number), args)


def _file_name(number: str) -> str:
    return f"{words('check/messages.card_name', {'number': number})}.html"


def show(
    turn: Turn, dialog: Decides, told: Mapping[str, str], context: CheckContext, save: bool
) -> list[Outgoing]:
    """Show the card of the verdict that stands here; with `save` keep it. Of others nothing is kept."""
    decided = record(dialog, turn.corpus, told, context)
    number = number_of(turn, dialog.name, told, context.on)
    mine = context.about == SELF
    kept = save and mine and _save(turn, number, decided)
    data = {"card": decided, "number": number, "mine": mine, "kept": kept, "full": save and mine and not kept}
    return [
        turn.say(
            "check/card.j2",
            files=(page_ref(turn, dialog, told, context),),
            until=turn.now + kept_for("cards"),
            most=cards.MOST,
            **data,
        )
    ]


def as_pdf(turn: Turn, dialog: Decides, told: Mapping[str, str], context: CheckContext) -> list[Outgoing]:
    """Hand over the page as PDF, or say why there is none here."""
    if missing := pdf.lacks():
        return [turn.say("check/messages.no_pdf", lacks=missing)]
    page = page_ref(turn, dialog, told, context)
    file = FileRef(PDF, page.name.removesuffix(".html") + ".pdf", page.args)
    return [turn.say("check/messages.card_pdf", files=(file,))]


def _save(turn: Turn, number: str, decided: Record) -> bool:
    kept = Card(number, decided["subject"], decided["on"], decided, turn.now)
    return cards.save(turn.connection, turn.person_id, kept)


def list_kept(turn: Turn) -> list[Outgoing]:
    """我的结果: the cards that were kept, newest first."""
    kept = cards.of_person(turn.connection, turn.person_id, turn.now)
    return [turn.say("check/cards.j2", cards=[(one, one.saved_at + kept_for("cards")) for one in kept])]


def open_kept(turn: Turn, argument: str) -> Replies:
    """Show a card that was kept, with the page to print."""
    one = _mine(turn, argument)
    if one is None:
        return [turn.say("check/messages.card_gone")]
    ref = FileRef(SAVED_CARD, _file_name(one.number), {"person": turn.person_id, "number": one.number})
    return [
        turn.say(
            "check/card_kept.j2",
            files=(ref,),
            card=one.record,
            number=one.number,
            until=one.saved_at + kept_for("cards"),
        )
    ]


def again(turn: Turn, argument: str) -> Replies:
    """按现在的规定再看一次: the same answers by the rules of today, with what is other."""
    one = _mine(turn, argument)
    dialog = turn.dialogs.get(one.subject) if one else None
    if one is None or dialog is None:
        return [turn.say("check/messages.card_gone")]
    on = local(turn.now).date()
    reading = one_year_reading(of_turn(turn)((ONE_YEAR,), on))
    context = CheckContext(on, SELF, (), reading)
    told = {fact: value for fact, value in one.record["facts"].items() if dialog.takes(fact, value, on)}
    decided = record(dialog, turn.corpus, told, context)
    return [
        turn.say(
            "check/card_again.j2",
            number=one.number,
            subject=one.subject,
            then=one.record,
            now=decided,
            differences=differences(one.record["decisions"], decided["decisions"]),
            asks=dialog.still_asks(told, context),
        )
    ]


def ask_delete(turn: Turn, argument: str) -> Replies:
    """Ask before a card is deleted."""
    one = _mine(turn, argument)
    return [
        turn.say("check/messages.card_delete", number=one.number)
        if one
        else turn.say("check/messages.card_gone")
    ]


def delete(turn: Turn, argument: str) -> Replies:
    """Delete a card, and say so."""
    gone = cards.drop(turn.connection, turn.person_id, argument) if _NUMBER.fullmatch(argument) else 0
    return [
        turn.say("check/messages.card_deleted", number=argument)
        if gone
        else turn.say("check/messages.card_gone")
    ]


def _mine(turn: Turn, number: str) -> Card | None:
    one = cards.find(turn.connection, turn.person_id, number) if number else None
    return one if one is not None and one.saved_at > turn.now - kept_for("cards") else None


def _read_number(turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    """Understand the number of a card."""
    found = _NUMBER.search(tidy(text).upper()) if len(text) <= _LONGEST else None
    if found is None:
        return None
    return Reading("command", partial(open_kept, turn, f"{found[1]}-{found[2]}"))


def _read_keep(turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    """Understand 保存 and 打印 where a verdict stands."""
    action = "save" if tidy(text) in _KEEP else "card" if tidy(text) in _PRINT else ""
    if not action or stage is None or stage.question is not None:
        return None
    return Reading("command", lambda: stage.dialog.aside(turn, stage.context, stage.step.outcome, action))


NUMBER = Reader("number of a card", _read_number, permissions.SELF)
KEEP = Reader("keeping a result", _read_keep, permissions.SELF)
