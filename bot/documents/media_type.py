"""What a file is, told from its bytes; and whether it is a student roster, which we do not take."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from collections.abc import Iterator
from html import unescape

from bot.documents.sheet_reader import BadSheet, check_archive, decode

LONGEST = 10 * 1024 * 1024  # bytes of an attachment
MOST_NUMBERS = 3  # so many ID-card numbers make a roster
MOST_TELEPHONES = 5
MOST_TEXT = 4 * 1024 * 1024  # bytes of the text parts of an Office file, unpacked

_WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".et")
_HEAD = 4096  # bytes in which a web page says that it is one
_HTML = re.compile(rb"<\s*(?:!doctype\s+html|html|head|body|table|meta)\b", re.I)
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ID_CARD = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?!\d)")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)")
_HEADING = re.compile(r"(?:身份证(?:号码?|件号码?)|证件号码|公民身份号码)")
_TAG = re.compile(r"<(?:/w:p|/w:tr|w:tab)\b[^>]*>")
_ANY_TAG = re.compile(r"<[^>]*>")


class BadFile(Exception):
    """The file is not taken.

    reason: large, empty, kind, macro, password, broken, roster, html or text (called a workbook, but a
    web page or plain text).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def media_of(name: str, content: bytes) -> str:
    """pdf, docx, xlsx, doc, xls, jpg, png or csv.

    Raises:
        BadFile: none of these, or one with macros.
    """
    if content.startswith(b"%PDF-"):
        return "pdf"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    if content.startswith(_OLE):
        return _old_office(content)
    if name.lower().endswith((".csv", ".txt")) and _is_text(content):
        return "csv"
    if name.lower().endswith(_WORKBOOKS) and _is_text(content):
        raise BadFile("html" if _HTML.search(content[:_HEAD]) else "text")
    raise BadFile("kind")


def _is_text(content: bytes) -> bool:
    return content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" not in content


def _office(content: bytes) -> str:
    try:
        names = check_archive(content)
    except BadSheet as error:
        raise BadFile(error.reason) from error
    if any("\\" in name for name in names):
        raise BadFile("broken")  # no program that follows the format writes such names
    if "[Content_Types].xml" in names:
        if "word/document.xml" in names:
            return "docx"
        if "xl/workbook.xml" in names:
            return "xlsx"
    raise BadFile("kind")


def _old_office(content: bytes) -> str:
    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in content

    if holds("EncryptedPackage"):
        raise BadFile("password")
    if holds("_VBA_PROJECT") or holds("Macros"):
        raise BadFile("macro")
    if holds("WordDocument"):
        return "doc"
    if holds("Workbook") or holds("Book"):
        return "xls"
    raise BadFile("kind")


def with_suffix(name: str, media: str) -> str:
    """The name with the ending that fits what the file is."""
    fits = {"jpg": (".jpg", ".jpeg"), "csv": (".csv", ".txt")}.get(media, (f".{media}",))
    if name.lower().endswith(fits):
        return name
    stem = name.rpartition(".")[0] or name
    return f"{stem[:90]}.{media}"


def refuse_roster(media: str, content: bytes) -> None:
    """Raise `BadFile` for what looks like a list of students."""
    numbers, telephones = set[str](), set[str]()
    for text in _texts(media, content):
        if media in ("xlsx", "csv", "docx") and _HEADING.search(text):
            raise BadFile("roster")
        numbers.update(_ID_CARD.findall(text))
        telephones.update(_MOBILE.findall(text))
        if len(numbers) >= MOST_NUMBERS or len(telephones) >= MOST_TELEPHONES:
            raise BadFile("roster")


def _texts(media: str, content: bytes) -> Iterator[str]:
    if media == "csv":
        try:
            yield decode(content)
        except BadSheet:
            return
    elif media in ("xlsx", "docx"):
        left = MOST_TEXT
        prefix = "xl/" if media == "xlsx" else "word/"
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for part in archive.namelist():
                if part.startswith(prefix) and part.endswith(".xml") and "theme" not in part:
                    with archive.open(part) as stream:
                        packed = stream.read(left + 1)
                    left -= len(packed)
                    if left < 0:
                        raise BadFile("large")
                    text = _without(_TAG, "\n", packed.decode("utf-8", "replace"))
                    # In a document a number may be cut into runs; in a sheet each cell stands alone.
                    text = _without(_ANY_TAG, " " if media == "xlsx" else "", text)
                    yield unescape(text) if "&#" in text else text  # some programs write no Chinese as it is


def _without(tag: re.Pattern[str], instead: str, text: str) -> str:
    """The text with tags replaced. Looked for only before the last `>`, where each `<` has its end."""
    end = text.rfind(">") + 1
    return tag.sub(instead, text[:end]) + text[end:]
