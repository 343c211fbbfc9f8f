"""Reading posts within bounds."""

from __future__ import annotations

import re

from starlette.requests import Request

LONGEST_FILE = 10 * 1024 * 1024  # bytes

LONGEST_FORM = 64 * 1024  # bytes of a form without a file; 4,000 characters always fit

DRAINED = 10 * LONGEST_FILE  # bytes that are read at most before the connection is cut


class TooLarge(Exception):
    """The body is larger than this form may be."""


async def read_body(request: Request, longest: int) -> bytes:
    """The body, at most `longest` bytes of it.

    Raises:
        TooLarge: there is more. It is read and dropped, within reason, because a browser shows
            the answer only after it could send everything.
    """
    body = bytearray()
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total <= longest:
            body += chunk
        elif total > DRAINED:
            raise TooLarge
    if total > longest:
        raise TooLarge
    return bytes(body)


_BROKEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def showable(text: str) -> str:
    """A text that HTML can hold: NUL, other control characters and lone surrogates replaced."""
    return _BROKEN.sub("\ufffd", text.replace("\r\n", "\n"))
