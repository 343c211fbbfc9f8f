"""Word documents from DOCX files that a clerk edits: the same bytes for the same values.

The files stand in `templates/docx`; their fields are docxtpl's. Every value is escaped, and characters
that XML cannot hold are left out, so nothing that a person typed can become markup or a field.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

FOLDER = Path(__file__).parents[1] / "templates" / "docx"
FIXED = (2023, 5, 24, 0, 0, 0)  # the notice's date, as every part's own: any fixed one does
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# https://www.w3.org/TR/xml/#charsets; U+E000…U+E002 are our own marks of buttons
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue003-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """The text without what XML cannot hold."""
    return _ILLEGAL.sub("", text)


def _finalize(value: Any) -> Any:
    """A value as it may stand in a part: docxtpl reads `{_{` as `{{`, which nobody typed."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return Markup(str(escape(legal(value))).replace("_", "&#95;"))  # noqa: S704 - escaped just here


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(autoescape=True, undefined=StrictUndefined, finalize=_finalize)


def document(
    template: str, title: str, values: dict[str, Any], finish: Callable[[Any], None] | None = None
) -> bytes:
    """The DOCX `templates/docx/<template>.docx` with its fields filled; `finish` changes it afterwards.

    `finish` gets python-docx's document.
    """
    from docxtpl import DocxTemplate  # half a second, and only printing needs it

    made = DocxTemplate(FOLDER / f"{template}.docx")
    made.render(values, _environment(), autoescape=True)
    if finish is not None:
        finish(made.docx)
    properties = made.docx.core_properties
    properties.title = title
    properties.author = properties.last_modified_by = properties.comments = ""
    properties.created = properties.modified = datetime(*FIXED)
    properties.revision = 1
    saved = io.BytesIO()
    made.docx.save(saved)
    return _dated_alike(saved)


def _dated_alike(saved: io.BytesIO) -> bytes:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(saved) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
    ):
        for name in source.namelist():
            archive.writestr(entry(name), source.read(name))
    return buffer.getvalue()


def entry(name: str, stored: bool = False) -> zipfile.ZipInfo:
    """A file in an archive, dated always alike."""
    info = zipfile.ZipInfo(name, FIXED)
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    info.create_system = 3  # else it tells on which system it was made
    return info
