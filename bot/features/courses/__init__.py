"""The course registry of an institution, and the filing of its classes."""

from bot.core.dialogs import dialog_manager
from bot.core.feature import Button, Command, Feature
from bot.core.messages import Outgoing, Replies
from bot.core.permissions import INSTITUTION_IF_ANY, OWN_INSTITUTION
from bot.core.turn import Turn
from policy.corpus import Corpus


def _begin(turn: Turn) -> list[Outgoing]:
    if not turn.institutions:
        return [turn.say("report/messages.no_institution")]
    return dialog_manager.start(turn, "course")


def feature(corpus: Corpus) -> Feature:
    """Return what the course registry adds."""
    from bot.core.paging import number
    from bot.features.courses import filing_dialog
    from bot.features.courses.dialog import CourseDialog
    from storage.desk import filings

    def file(turn: Turn) -> list[Outgoing]:
        return filing_dialog.begin(turn) or dialog_manager.start(turn, "class-filing")

    def material(turn: Turn, argument: str) -> Replies:
        found = filings.get(turn.connection, number(argument))
        if found is None or filing_dialog.theirs(turn, found.course_id) is None:
            return None
        if found.state not in filings.OPEN:
            return [turn.say("filing/messages.decided")]
        return dialog_manager.begin(turn, "class-material", filing=found.id)

    def again(turn: Turn, argument: str) -> Replies:
        found = filings.get(turn.connection, number(argument))
        course = filing_dialog.theirs(turn, found.course_id) if found else None
        if found is None or course is None:
            return None
        return dialog_manager.begin(turn, "class-filing", **filing_dialog.refile(found, course))

    return Feature(
        "courses",
        dialogs=(CourseDialog(), filing_dialog.FilingDialog(), filing_dialog.MaterialDialog()),
        commands=(
            Command("course", "课程登记 课程 登记课程 班次登记 /course", _begin, INSTITUTION_IF_ANY),
            Command("file", "开班备案 报备案 备案 班次备案 /filing", file, INSTITUTION_IF_ANY),
            Command("filings", "备案情况 我的备案 备案进度", filing_dialog.standing, INSTITUTION_IF_ANY),
        ),
        buttons=(
            Button("course", lambda turn, _: _begin(turn), INSTITUTION_IF_ANY, alias="go:course"),
            Button("file.new", lambda turn, _: file(turn), INSTITUTION_IF_ANY),
            Button("file.list", lambda turn, _: filing_dialog.standing(turn), INSTITUTION_IF_ANY),
            Button("file.add", material, OWN_INSTITUTION),
            Button("file.again", again, OWN_INSTITUTION),
        ),
        takers=(filing_dialog.take_file,),
    )
