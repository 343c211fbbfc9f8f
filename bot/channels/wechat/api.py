"""The few calls to WeChat's server that are needed: access token, customer-service message, media, menu.

Errors come as `errcode` inside HTTP 200. Logs get codes only: the rest names people and secrets.
https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

log = logging.getLogger("bot")

STALE_TOKEN = frozenset({40001, 40014, 42001})
RENEW_BEFORE = 300.0  # seconds before the token expires; the platform renews it then too
FORCE_EVERY = 60.0  # a forced renewal ends the token of every other process: rarely
TRY_SECONDS = 10.0


class NotTaken(Exception):
    """The platform refused a call; `code` is its errcode."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Unreachable(Exception):
    """No answer, or one that is not WeChat's; trying again may help."""


class TooLarge(Exception):
    """A file has more bytes than asked for."""


class Api:
    """One account's calls. Safe to share between tasks."""

    def __init__(self, base_url: str, appid: str, secret: str) -> None:
        for name in ("httpx", "httpcore"):  # their lines hold the token
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._client = httpx.AsyncClient(base_url=base_url, timeout=TRY_SECONDS)
        self._given = {"grant_type": "client_credential", "appid": appid, "secret": secret}
        self._token = ""
        self._until = 0.0
        self._forced = -FORCE_EVERY
        self._renewing = asyncio.Lock()

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def send_text(self, openid: str, text: str) -> None:
        """A customer-service message.

        Raises:
            NotTaken, Unreachable: it did not arrive, or (Unreachable) perhaps it did.
        """
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}

        async def once(token: str) -> None:
            await self._post("/cgi-bin/message/custom/send", body, {"access_token": token})

        await self._with_token(once)

    async def media(self, media_id: str, most: int) -> bytes:
        """The bytes of an image that a person sent, at most `most`.

        Raises:
            NotTaken, Unreachable: it cannot be had.
            TooLarge: it is longer.
        """
        found = b""

        async def once(token: str) -> None:
            nonlocal found
            found = await self._download({"access_token": token, "media_id": media_id}, most)

        await self._with_token(once)
        return found

    async def menu(self) -> dict[str, Any]:
        """The menu as it stands, made by whom ever: `is_menu_open`, `selfmenu_info`.

        Raises:
            NotTaken, Unreachable: it cannot be had.
        """
        found: dict[str, Any] = {}

        async def once(token: str) -> None:
            nonlocal found
            found = await self._get("/cgi-bin/get_current_selfmenu_info", {"access_token": token})

        await self._with_token(once)
        return found

    async def put_menu(self, buttons: Sequence[Mapping[str, Any]]) -> None:
        """Put these buttons in place of the menu; none: there is no menu then.

        Raises:
            NotTaken, Unreachable: it stays as it was, or (Unreachable) perhaps not.
        """

        async def once(token: str) -> None:
            query = {"access_token": token}
            if buttons:
                await self._post("/cgi-bin/menu/create", {"button": list(buttons)}, query)
            else:
                await self._get("/cgi-bin/menu/delete", query)

        await self._with_token(once)

    async def _download(self, query: dict[str, str], most: int) -> bytes:
        content = bytearray()
        try:
            async with self._client.stream("GET", "/cgi-bin/media/get", params=query) as answer:
                if answer.status_code != 200:
                    raise Unreachable(str(answer.status_code))
                async for chunk in answer.aiter_bytes():
                    content += chunk
                    if len(content) > most:
                        raise TooLarge
                kind = answer.headers.get("content-type", "")
        except httpx.HTTPError as error:
            raise Unreachable(type(error).__qualname__) from error
        if kind.startswith(("application/json", "text/")):
            _check(bytes(content))
            raise Unreachable("no file")
        return bytes(content)

    async def _with_token(self, once: Any) -> None:
        token = await self._valid("")
        try:
            await once(token)
        except NotTaken as error:
            if error.code not in STALE_TOKEN:
                raise
            await once(await self._valid(token))

    async def _valid(self, stale: str) -> str:
        """An access token that is not the stale one, asked for once however many want it."""
        clock = asyncio.get_running_loop().time
        async with self._renewing:
            if self._token and self._token != stale and clock() < self._until:
                return self._token
            found = await self._ask(force=False)
            if found == stale and clock() - self._forced >= FORCE_EVERY:
                self._forced = clock()
                found = await self._ask(force=True)
            return found

    async def _ask(self, force: bool) -> str:
        """https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/getStableAccessToken.html."""
        told = await self._post("/cgi-bin/stable_token", {**self._given, "force_refresh": force}, {})
        token, lives = told.get("access_token"), told.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lives, (int, float)):
            raise Unreachable("no token")
        self._token = token
        self._until = asyncio.get_running_loop().time() + max(lives - RENEW_BEFORE, lives / 2)
        return token

    async def _post(self, path: str, body: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        # Not as \uXXXX: the platform would show those to people.
        raw = json.dumps(body, ensure_ascii=False).encode()
        return await self._told("POST", path, query, raw)

    async def _get(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        return await self._told("GET", path, query, None)

    async def _told(self, method: str, path: str, query: dict[str, str], raw: bytes | None) -> dict[str, Any]:
        try:
            answer = await self._client.request(method, path, content=raw, params=query)
        except httpx.HTTPError as error:
            raise Unreachable(type(error).__qualname__) from error
        if answer.status_code != 200:
            raise Unreachable(str(answer.status_code))
        return _check(answer.content)


def _check(raw: bytes) -> dict[str, Any]:
    try:
        told = json.loads(raw)
    except ValueError as error:
        raise Unreachable("not JSON") from error
    if not isinstance(told, dict):
        raise Unreachable("not JSON")
    code = told.get("errcode", 0)
    if code:
        raise NotTaken(code if isinstance(code, int) else 0)
    return told
