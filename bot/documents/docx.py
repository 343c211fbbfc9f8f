"""Word documents from Jinja2 templates of their XML parts: the same bytes for the same values.

Every value is escaped, and characters that XML cannot hold are left out, so nothing that a person
typed can become markup or break the file.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from bot.core.render import templates

FIXED = (2023, 5, 24, 0, 0, 0)  # the notice's date, as every part's own: any fixed one does
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_TWIPS = 1440 / 25.4  # of a millimetre
# https://www.w3.org/TR/xml/#charsets; U+E000…U+E002 are our own marks of buttons
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue003-\ufffd\U00010000-\U0010ffff]")

# part of the archive → template; the document's own is given with the call
_PARTS = {
    "[Content_Types].xml": "types",
    "_rels/.rels": "rels",
    "docProps/core.xml": "core",
    "word/_rels/document.xml.rels": "document_rels",
    "word/styles.xml": "styles",
    "word/fontTable.xml": "fonts",
    "word/settings.xml": "settings",
    "word/footer1.xml": "footer",
}


def legal(text: str) -> str:
    """The text without what XML cannot hold."""
    return _ILLEGAL.sub("", text)


def _finalize(value: Any) -> Any:
    return value if isinstance(value, Markup) or not isinstance(value, str) else legal(value)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    env = templates("templates", autoescape=True, finalize=_finalize)
    env.filters["twips"] = lambda millimetres: round(millimetres * _TWIPS)
    env.filters["half"] = lambda points: round(points * 2)
    return env


def document(template: str, title: str, layout: Mapping[str, Any], **data: Any) -> bytes:
    """A DOCX whose text is `docx/<template>.xml.j2`; every page's foot says `data["mark"]`."""
    shared = {"title": title, "layout": layout, **data}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for part, name in {**_PARTS, "word/document.xml": template}.items():
            text = _environment().get_template(f"docx/{name}.xml.j2").render(shared)
            archive.writestr(entry(part), text.strip().encode())
    return buffer.getvalue()


def entry(name: str, stored: bool = False) -> zipfile.ZipInfo:
    """A file in an archive, dated always alike."""
    info = zipfile.ZipInfo(name, FIXED)
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    info.create_system = 3  # else it tells on which system it was made
    return info
