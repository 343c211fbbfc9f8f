"""What a file that came with a message is: the form, something to attach, or why it is not taken."""

from __future__ import annotations

import hashlib

from bot.core.messages import Arrived
from bot.documents import media_type, sheet_reader
from bot.documents.media_type import BadFile
from bot.documents.sheet_reader import BadSheet, Grid
from policy.form.form import Form
from policy.form.sheet import MOST_ROWS, Base, FormFile, is_ours, read_form

_OLD_NAMES = (".doc", ".xls", ".wps", ".et", ".dps")


def examine(form: Form, name: str, content: bytes) -> Arrived:
    """What a file is: the form, something to attach, or why it is not taken."""
    digest, size = hashlib.sha256(content).hexdigest(), len(content)
    try:
        if not content:
            raise BadFile("empty")
        if size > media_type.LONGEST:
            raise BadFile("large")
        kind = _kind(name, content)
        if kind == "csv" and size > sheet_reader.LONGEST:
            raise BadFile("large")  # no table of ours
        media_type.refuse_roster(kind, content)
        forms = _forms(form, kind, content, name)
        if not forms and kind == "csv":
            raise BadFile("kind")  # a table of ours or nothing
    except (BadFile, BadSheet) as error:
        return Arrived(name, digest, size, refused=error.reason)
    return Arrived(media_type.with_suffix(name, kind), digest, size, kind, forms=forms)


def _kind(name: str, content: bytes) -> str:
    """The media; formats that neither we nor every office can open are told from unknown ones."""
    try:
        kind = media_type.media_of(name, content)
    except BadFile as error:
        if error.reason == "kind" and name.lower().endswith(_OLD_NAMES):
            raise BadFile("old") from error
        raise
    if kind in ("doc", "xls"):
        raise BadFile("old")
    return kind


def _forms(form: Form, kind: str, content: bytes, file: str) -> tuple[FormFile, ...]:
    """The forms in a file, one a sheet; of several those that hold anything."""
    if kind not in ("xlsx", "csv") or len(content) > sheet_reader.LONGEST:
        return ()
    sheets: list[tuple[str, Grid]]
    base: Base | None = None
    if kind == "xlsx":
        sheets, base = sheet_reader.read_sheets(content)
    else:
        sheets = [("", sheet_reader.read_csv(content))]
    found = []
    handed_out = base.quarter if base and base.quarter in dict(sheets) else sheets[0][0] if sheets else ""
    for name, grid in sheets:
        if read := read_form(form, grid, base if name == handed_out else None, name, file):
            if len(grid) > MOST_ROWS:
                raise BadSheet("rows")
            found.append(read)
    if not found and (base is not None or any(is_ours(form, grid) for _, grid in sheets)):
        raise BadSheet("heads")  # it was meant to be the form: never an attachment by mistake
    return tuple(one for one in found if not one.is_empty) or tuple(found[:1])
