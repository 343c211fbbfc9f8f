"""What every response carries, and whose page sent a form."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from bot.documents import docx
from bot.documents.store import safe_name

Endpoint = Callable[[Request], Awaitable[Response]]

FILE_KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": docx.MEDIA_TYPE,
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "html": "text/html; charset=utf-8",
}

SAFE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # no-referrer would also hide the Origin of our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def same_site(request: Request, public_url: str | None) -> bool:
    """Whether a page of ours sent the form. Clients that say neither are no browsers of today."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    host = urlsplit(origin).netloc.lower()  # a proxy may have ended https, so schemes can differ
    ours = (request.headers.get("host", "").lower(), urlsplit(public_url or "").netloc.lower())
    return bool(host) and host in ours


def disposition(name: str) -> str:
    """A Content-Disposition header: RFC 5987 for the real name, plain ASCII for old clients."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("_") or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe_name(name), safe='')}"
