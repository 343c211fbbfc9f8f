"""大字: larger letters on every page, for those who want them; works without scripts."""

from __future__ import annotations

import re
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.channels.web.visitors import COOKIE_DAYS
from bot.http.bodies import LONGEST_FORM, TooLarge, read_body
from bot.http.responses import SAFE_HEADERS

COOKIE = "weihai_letters"
BIG = "big"
_PAGES = re.compile(r"/(?:privacy|sheet/[0-9]{1,9}/[0-9]{4}Q[1-4])?", re.A)  # where there is the button


def are_big(request: Request) -> bool:
    """Whether this browser wants large letters."""
    return request.cookies.get(COOKIE) == BIG


async def choose(request: Request) -> Response:
    """Remember the letters' size in this browser, and go back to the page. Nothing else is kept."""
    try:
        given = await _form(request)
    except TooLarge:
        return Response(status_code=413, headers=SAFE_HEADERS)
    back = str(given.get("back", "/"))
    response = RedirectResponse(back if _PAGES.fullmatch(back) else "/", 303, headers=SAFE_HEADERS)
    secure = request.url.scheme == "https"
    if given.get("to") == BIG:
        age = COOKIE_DAYS * 86_400
        response.set_cookie(COOKIE, BIG, max_age=age, httponly=True, samesite="lax", secure=secure)
    else:
        response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=secure)
    return response


async def _form(request: Request) -> dict[str, Any]:
    body = await read_body(request, LONGEST_FORM)

    async def replay() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        return dict(await Request(request.scope, replay).form(max_files=0, max_fields=4))
    except (HTTPException, ValueError, LookupError, AssertionError):
        return {}
