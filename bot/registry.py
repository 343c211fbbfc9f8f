"""All dialogs by name."""

from __future__ import annotations

from bot.core.dialog import Dialog
from bot.documents.store import FileMaker
from bot.features.checks.dialog import check_dialogs
from bot.features.checks.route_page import route_file
from bot.features.courses.dialog import CourseDialog
from bot.features.institutions.dialog import InstitutionDialog
from bot.features.measure_notes.dialog import NoteDialog
from bot.features.opening.dialog import OpeningDialog
from bot.features.people.profile_dialog import OfficerNameDialog, ProfileDialog
from bot.features.publications.dialogs import PublishDialog, PublishFileDialog
from bot.features.publications.subscribe_dialog import SubscribeDialog
from bot.features.questions.complaint_dialog import ComplaintDialog
from bot.features.questions.desk_dialogs import NewEntryDialog, PhrasingDialog, ReplyDialog
from bot.features.questions.handover_dialog import HandoverDialog
from bot.features.report.dialog import ReportDialog
from bot.features.report.lead.dialog import LeadDialog
from bot.features.report.page_dialog import PageDialog
from bot.features.review.leeway_dialogs import ExtendDialog, ReopenDialog
from bot.features.review.return_dialog import ReturnDialog

DIALOGS: dict[str, Dialog] = {
    dialog.name: dialog
    for dialog in (
        *check_dialogs().values(),
        ReportDialog(),
        ProfileDialog(),
        OfficerNameDialog(),
        PageDialog(),
        LeadDialog(),
        InstitutionDialog(),
        OpeningDialog(),
        NoteDialog(),
        CourseDialog(),
        ReturnDialog(),
        ReopenDialog(),
        ExtendDialog(),
        HandoverDialog(),
        ComplaintDialog(),
        ReplyDialog(),
        PhrasingDialog(),
        NewEntryDialog(),
        PublishDialog(),
        PublishFileDialog(),
        SubscribeDialog(),
    )
}


# Files that features make from values alone: kind → maker.
FILES: dict[str, FileMaker] = {"route": route_file}


def takes_numbers(name: str) -> bool:
    """Whether the dialog of that name takes what is typed unmasked."""
    return name in DIALOGS and DIALOGS[name].private
