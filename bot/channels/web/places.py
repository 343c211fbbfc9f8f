"""Where the chat stands: at the root of our own address, or in a frame of somebody else's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from bot.channels.web.visitors import COOKIE, COOKIE_DAYS
from bot.http.responses import SAFE_HEADERS, same_site

FRAME = "/embed"
FRAME_COOKIE = "weihai_embed"


@dataclass(frozen=True)
class Place:
    """A path ("" at the root), the cookie that tells people apart there, and the headers of its pages.

    Who talks in a frame is somebody else than at the root: the browser keeps another cookie for every page
    that has the frame, so that no site can lead a person's own conversation before them.
    """

    path: str
    cookie: str
    headers: Mapping[str, str]

    @property
    def home(self) -> str:
        """Where its page is."""
        return self.path or "/"

    def same_site(self, request: Request, public_url: str | None) -> bool:
        """Whether a page of ours sent the form; in a frame a client has to say so."""
        if self.path and not {"origin", "sec-fetch-site"} & set(request.headers):
            return False
        return same_site(request, public_url)

    def keep(self, response: Response, value: str, secure: bool) -> None:
        """Set the cookie. `secure`: the browser came by https."""
        age = COOKIE_DAYS * 86_400
        if not self.path:
            response.set_cookie(self.cookie, value, max_age=age, httponly=True, samesite="lax", secure=secure)
            return
        # Browsers send a cookie into a frame only so; before Python 3.14 the library cannot write it.
        bounds = f"Max-Age={age}; Path={self.path}; HttpOnly; SameSite=None; Secure; Partitioned"
        response.headers.append("set-cookie", f"{self.cookie}={value}; {bounds}")


ROOT = Place("", COOKIE, SAFE_HEADERS)


def frame(origins: Sequence[str]) -> Place:
    """The place in a frame that pages of these origins may show."""
    policy = SAFE_HEADERS["Content-Security-Policy"]
    allowed = policy.replace("frame-ancestors 'none'", f"frame-ancestors {' '.join(origins)}")
    return Place(FRAME, FRAME_COOKIE, {**SAFE_HEADERS, "Content-Security-Policy": allowed})
