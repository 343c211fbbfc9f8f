"""删除我的数据: asked once, then done on every channel."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.dialogs.dialog import Choose, Dialog, Outcome
from bot.core.messages import Outgoing
from bot.core.turn import Answers, Memory, Turn
from bot.features.privacy.actions import DELETE_DATA
from storage import data_kinds
from storage.people import accounts
from storage.privacy import personal_data


@dataclass(frozen=True)
class Answered(Outcome):
    """Whether it is to be done."""

    sure: bool


@dataclass(frozen=True)
class DeleteContext:
    """What the person is told beforehand."""

    institutions: bool
    roles: bool


class DeleteDataDialog(Dialog[DeleteContext, Answered]):
    """One question; its button acts at this step only."""

    name = DELETE_DATA
    park = False

    def load(self, turn: Turn, answers: Answers) -> tuple[DeleteContext, Answers]:
        """Whether the person has roles, which stay."""
        return DeleteContext(bool(turn.institutions), bool(turn.memberships)), answers

    async def run(self, context: DeleteContext) -> Answered:
        """Ask whether they are sure."""
        said = await Choose(
            "sure",
            "privacy/ask_delete.j2",
            values=("yes", "no"),
            typed={"确认删除": "yes", "先不删": "no"},
            data={**vars(context), "file_days": data_kinds.kept_for("files").days},
        )
        return Answered(said == "yes")

    def finish(self, turn: Turn, context: DeleteContext, outcome: Answered) -> list[Outgoing]:
        """Delete, and say what is gone and what is not."""
        if not outcome.sure:
            return [turn.say("privacy/messages.kept_all")]
        submitted = personal_data.has_submitted(turn.connection, turn.person_id)
        personal_data.erase(turn.connection, turn.person_id, turn.now, turn.incoming.address, turn.id)
        vars(turn.memory).update(vars(Memory(greeted=turn.memory.greeted)))
        turn.read_again("")
        turn.step()
        return [
            turn.say(
                "privacy/deleted.j2",
                accounts=len(accounts.of_person(turn.connection, turn.person_id)),
                roles=context.roles,
                institutions=context.institutions,
                submitted=submitted,
                turn_days=data_kinds.kept_for("conversation").days,
            )
        ]
