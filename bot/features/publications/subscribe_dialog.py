"""有班通知我: by occupation, with consent."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.channel_limits import channel_of
from bot.core.dialogs import vocabulary
from bot.core.dialogs.dialog import Choose, Dialog, Leave, Outcome, Question
from bot.core.messages import Outgoing
from bot.core.published import of_turn
from bot.core.render import words as rendered
from bot.core.turn import Answers, Turn
from bot.features.publications.dialogs import NONE, AskOccupation
from policy.answers.publications import OPEN_CLASS, wanted_by
from policy.calendar.quarters import local
from policy.form.form import Form
from storage.desk import publications

_AGREED = {"同意": "yes", **dict.fromkeys(vocabulary.YES, "yes"), "不同意": "no", "不用了": "no"}
_AGREED.update(dict.fromkeys(vocabulary.NO, "no"))


@dataclass(frozen=True)
class Consented(Outcome):
    """Wants to be told of classes in this occupation ("": any)."""

    occupation: str


@dataclass(frozen=True)
class SubscribeContext:
    """The form, and whether the channel can bring a message by itself."""

    form: Form
    pushes: bool


class SubscribeDialog(Dialog[SubscribeContext, Consented]):
    """Which occupation, then consent in so many words."""

    name = "subscribe"
    park = False

    async def run(self, context: SubscribeContext) -> Consented | Leave:
        """Two questions."""
        occupation = await AskOccupation.of("subscribe/messages.occupation", context.form)
        occupation = "" if occupation == NONE else occupation
        data = {"occupation": occupation, "pushes": context.pushes}
        agreed = await Choose(
            "consent",
            "subscribe/consent.j2",
            data,
            values=("yes", "no"),
            typed=_AGREED,
        )
        return Consented(occupation) if agreed == "yes" else Leave()

    def load(self, turn: Turn, answers: Answers) -> tuple[SubscribeContext, Answers]:
        """What the channel can do."""
        return SubscribeContext(turn.corpus.form, channel_of(turn.incoming.address.channel).pushes), answers

    def finish(self, turn: Turn, context: SubscribeContext, outcome: Consented) -> list[Outgoing]:
        """Keep the consent; what is open already is shown at once, since it will not be announced again."""
        publications.subscribe(
            turn.connection, turn.talk.account_id, outcome.occupation, turn.person_id, turn.now
        )
        on = local(turn.now).date()
        classes = [
            one for one in of_turn(turn)((OPEN_CLASS,), on) if wanted_by(one.occupation, outcome.occupation)
        ]
        data = {"occupation": outcome.occupation, "classes": classes, "pushes": context.pushes}
        return [turn.say("subscribe/kept.j2", **data)]

    def label(self, question: Question[object], value: object) -> tuple[str, str]:
        """In a few words."""
        shown = rendered("subscribe/messages.shown", {"value": value})
        return rendered("subscribe/messages.label", {"id": question.id}), shown
