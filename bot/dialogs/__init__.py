"""All dialogs by name."""

from __future__ import annotations

from bot.dialogs.base import Dialog
from bot.dialogs.check import CheckDialog
from bot.dialogs.institution import InstitutionDialog
from bot.dialogs.profile import ProfileDialog
from bot.dialogs.report import ReportDialog
from policy.checks import checks

DIALOGS: dict[str, Dialog] = {
    dialog.name: dialog
    for dialog in (
        *(CheckDialog(check) for check in checks().values()),
        ReportDialog(),
        ProfileDialog(),
        InstitutionDialog(),
    )
}
