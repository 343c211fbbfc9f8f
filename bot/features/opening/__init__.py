"""期初数: figures from before the first quarter reported here."""

from bot.core.dialogs import dialog_manager
from bot.core.feature import Command, Feature
from bot.core.messages import Outgoing
from bot.core.permissions import INSTITUTION_IF_ANY
from bot.core.turn import Turn
from policy.corpus import Corpus


def _begin(turn: Turn) -> list[Outgoing]:
    """期初数: enter or correct them."""
    if not turn.institutions:
        return [turn.say("opening/messages.office" if turn.office_role else "report/messages.no_institution")]
    return dialog_manager.start(turn, "opening")


def feature(corpus: Corpus) -> Feature:
    """Return what opening figures add."""
    from bot.features.opening.dialog import OpeningDialog

    return Feature(
        "opening",
        dialogs=(OpeningDialog(),),
        commands=(
            Command("opening", "期初数 期初 录入期初数 更正期初数", _begin, INSTITUTION_IF_ANY, aside=True),
        ),
    )
