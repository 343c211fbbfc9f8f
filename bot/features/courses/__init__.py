"""The course registry of an institution."""

from bot.core.dialogs import dialog_manager
from bot.core.feature import Button, Command, Feature
from bot.core.messages import Outgoing
from bot.core.permissions import INSTITUTION_IF_ANY
from bot.core.turn import Turn
from policy.corpus import Corpus


def _begin(turn: Turn) -> list[Outgoing]:
    if not turn.institutions:
        return [turn.say("report/messages.no_institution")]
    return dialog_manager.start(turn, "course")


def feature(corpus: Corpus) -> Feature:
    """Return what the course registry adds."""
    from bot.features.courses.dialog import CourseDialog

    return Feature(
        "courses",
        dialogs=(CourseDialog(),),
        commands=(Command("course", "课程登记 课程 登记课程 班次登记 /course", _begin, INSTITUTION_IF_ANY),),
        buttons=(Button("course", lambda turn, _: _begin(turn), INSTITUTION_IF_ANY, alias="go:course"),),
    )
