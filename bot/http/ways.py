"""Ways in beside the chat's own page and the office: addresses, who may, and whose data they reach.

Served from this table and printed from it with the other rights.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.permissions import OWN_INSTITUTION, PUBLIC, SELF, Right


@dataclass(frozen=True)
class Way:
    """An address, by the name it is printed under. `right`: who may, and whose data it reaches."""

    name: str
    path: str
    method: str
    right: Right


FRAME = (
    Way("embed.home", "/embed", "GET", SELF),
    Way("embed.say", "/embed", "POST", SELF),
    Way("embed.new", "/embed/new", "GET", SELF),
    Way("embed.file", "/embed/file/{row}/{number}", "GET", SELF),
)
ASK = Way("api.ask", "/api/ask", "POST", PUBLIC)
CLAUSES = Way("api.clauses", "/api/clauses", "GET", PUBLIC)
OPENAPI = Way("api.openapi", "/api/openapi.json", "GET", PUBLIC)
SHEET = Way("sheet.show", "/sheet/{institution}/{quarter}", "GET", OWN_INSTITUTION)
SHEET_SENT = Way("sheet.take", "/sheet/{institution}/{quarter}", "POST", OWN_INSTITUTION)
WORKER = Way("sheet.worker", "/sheet/worker.js", "GET", PUBLIC)
OPENID = Way("openid.ask", "/wechat/enter", "GET", SELF)
OPENID_TOLD = Way("openid.told", "/wechat/entered", "GET", SELF)
SIZE = Way("letters.choose", "/size", "POST", PUBLIC)
ENTER = Way("enter.show", "/enter/{code}", "GET", SELF)
ENTERED = Way("enter.take", "/enter/{code}", "POST", SELF)
WAYS = (*FRAME, SHEET, SHEET_SENT, WORKER, ENTER, ENTERED, OPENID, OPENID_TOLD, SIZE, ASK, CLAUSES, OPENAPI)
