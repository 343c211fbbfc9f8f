"""What the web chat's forms send: read within bounds, and told apart by message ids."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from bot.http.bodies import LONGEST_FILE, LONGEST_FORM, TooLarge, read_body, showable
from policy.reading.digits import whole_number

FORM_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True)
class Sent:
    """What a form sent. `of` is the outbox row whose button was pressed."""

    id: str = ""
    text: str = ""
    choice: str | None = None
    of: int = 0
    after: int = 0
    opening: bool = False
    file: tuple[str, bytes] | None = None


def is_short(request: Request) -> bool:
    """Whether the body says that it is a form of a few words, without a file."""
    length = whole_number(request.headers.get("content-length", ""))
    return length is not None and length <= LONGEST_FORM and not _with_file(request)


def _with_file(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def read_form(request: Request) -> Sent:
    """The form. What is missing or cannot be read is left empty; the door says so.

    Raises:
        TooLarge: over 64 KiB, or over 10 MiB with a file.
    """
    body = await read_body(request, LONGEST_FILE + LONGEST_FORM if _with_file(request) else LONGEST_FORM)

    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        whole = Request(request.scope, replay)
        form = await whole.form(max_files=1, max_fields=20, max_part_size=len(body) + 1)
    except (HTTPException, ValueError, LookupError, AssertionError):
        return Sent()
    upload = form.get("file")
    file = None
    if isinstance(upload, UploadFile) and upload.filename:
        file = (showable(upload.filename), await upload.read())
        if len(file[1]) > LONGEST_FILE:
            raise TooLarge

    def field(name: str) -> str:
        value = form.get(name, "")
        if not isinstance(value, str):
            return ""
        if len(value) > LONGEST_FORM:
            raise TooLarge
        return value.replace("\r\n", "\n")

    return Sent(
        field("id"),
        field("word") or field("text"),
        field("choice") or None,
        row_number(field("of")),
        row_number(field("after")),
        bool(field("opening")),
        file,
    )


def message_id(sent: Sent) -> str:
    """The form's id and a digest of what it says; "" when the id is none of ours.

    With the digest, going back in the browser and saying something else is another message.
    """
    if not FORM_ID.fullmatch(sent.id):
        return ""
    said = "\0".join([sent.text, sent.choice or "", str(sent.of)]).encode("utf-8", "backslashreplace")
    digest = hashlib.sha256(said + (sent.file[1] if sent.file else b""))
    return f"{sent.id}.{digest.hexdigest()[:12]}"


def row_number(text: str) -> int:
    """A row's number; 0, which no row has, for anything else."""
    return whole_number(text) or 0
