"""All dialogs by name."""

from __future__ import annotations

from bot.core.dialog_base import Dialog
from bot.dialogs.check import check_dialogs
from bot.dialogs.complaint import ComplaintDialog
from bot.dialogs.course import CourseDialog
from bot.dialogs.desk import NewEntryDialog, PhrasingDialog, ReplyDialog
from bot.dialogs.handover import HandoverDialog
from bot.dialogs.institution import InstitutionDialog
from bot.dialogs.lead import LeadDialog
from bot.dialogs.leeway import ExtendDialog, ReopenDialog
from bot.dialogs.note import NoteDialog
from bot.dialogs.opening import OpeningDialog
from bot.dialogs.page import PageDialog
from bot.dialogs.profile import OfficerNameDialog, ProfileDialog
from bot.dialogs.publish import PublishDialog, PublishFileDialog
from bot.dialogs.report import ReportDialog
from bot.dialogs.review import ReturnDialog
from bot.dialogs.subscribe import SubscribeDialog

DIALOGS: dict[str, Dialog] = {
    dialog.name: dialog
    for dialog in (
        *check_dialogs(),
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


def takes_numbers(name: str) -> bool:
    """Whether the dialog of that name takes what is typed unmasked."""
    return name in DIALOGS and DIALOGS[name].private
