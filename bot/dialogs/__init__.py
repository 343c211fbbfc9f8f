"""All dialogs by name."""

from __future__ import annotations

from bot.dialogs.base import Dialog
from bot.dialogs.check import check_dialogs
from bot.dialogs.institution import InstitutionDialog
from bot.dialogs.profile import ProfileDialog
from bot.dialogs.report import ReportDialog

DIALOGS: dict[str, Dialog] = {
    dialog.name: dialog
    for dialog in (
        *check_dialogs(),
        ReportDialog(),
        ProfileDialog(),
        InstitutionDialog(),
    )
}
