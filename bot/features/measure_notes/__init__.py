"""填报口径: what counts for each measure of the form."""

from bot.core.feature import Button, Command, Feature
from bot.core.permissions import OFFICE, PUBLIC
from policy.corpus import Corpus


def feature(corpus: Corpus) -> Feature:
    """Return what the notes on measures add."""
    from bot.features.measure_notes import actions
    from bot.features.measure_notes.dialog import NoteDialog

    return Feature(
        "measure_notes",
        dialogs=(NoteDialog(),),
        commands=(
            Command("notes", "口径 填报口径 看口径", actions.read, PUBLIC, aside=True),
            Command("set_note", "设定口径 设定填报口径", actions.set_note, OFFICE, aside=True),
        ),
        buttons=(
            Button("note.new", lambda turn, _: actions.set_note(turn), OFFICE, alias="nt:new"),
            Button("note.list", lambda turn, _: actions.read(turn), OFFICE, alias="nt:l"),
            Button("note.ask", actions.ask_withdraw, OFFICE, alias="nt:w"),
            Button("note.withdraw", actions.withdraw_note, OFFICE, alias="nt:W"),
        ),
    )
