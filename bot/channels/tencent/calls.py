"""Calls with an access token, as WeChat's and 企业微信's servers take them.

Errors come as `errcode` inside HTTP 200. Logs get codes only: the rest names people and secrets.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

RENEW_BEFORE = 300.0  # seconds before the token expires; the platform renews it then too
FORCE_EVERY = 60.0  # a forced renewal ends the token of every other process: rarely
TRY_SECONDS = 10.0


class NotTaken(Exception):
    """The platform refused a call; `code` is its errcode."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Unreachable(Exception):
    """No answer, or one that is not the platform's; trying again may help."""


class TooLarge(Exception):
    """A file has more bytes than asked for."""


class Caller(ABC):
    """One account's calls, safe to share between tasks. `ca`: whose certificates count, None: the usual."""

    stale_token: frozenset[int]  # errcodes that say that the token is no longer good

    def __init__(self, base_url: str, ca: ssl.SSLContext | None = None) -> None:
        for name in ("httpx", "httpcore"):  # their lines hold the token
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._client = httpx.AsyncClient(
            base_url=base_url, timeout=TRY_SECONDS, verify=True if ca is None else ca
        )
        self._token = ""
        self._until = 0.0
        self._forced = -FORCE_EVERY
        self._renewing = asyncio.Lock()

    @abstractmethod
    async def ask_token(self, force: bool) -> dict[str, Any]:
        """Ask for an access token; what was told, with `access_token` and `expires_in`."""

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def with_token(self, once: Callable[[str], Awaitable[Any]]) -> Any:
        """Call with a valid token, with another one where the platform says that it no longer is.

        Raises:
            NotTaken, Unreachable: as the call does.
        """
        token = await self._valid("")
        try:
            return await once(token)
        except NotTaken as error:
            if error.code not in self.stale_token:
                raise
            return await once(await self._valid(token))

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
        told = await self.ask_token(force)
        token, lives = told.get("access_token"), told.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lives, (int, float)):
            raise Unreachable("no token")
        self._token = token
        self._until = asyncio.get_running_loop().time() + max(lives - RENEW_BEFORE, lives / 2)
        return token

    async def post(self, path: str, body: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
        """POST a JSON object; what was told.

        Raises:
            NotTaken, Unreachable: as their names say.
        """
        # Not as \uXXXX: the platform would show those to people.
        return await self._told("POST", path, query, json.dumps(body, ensure_ascii=False).encode())

    async def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """GET; what was told.

        Raises:
            NotTaken, Unreachable: as their names say.
        """
        return await self._told("GET", path, query, None)

    async def upload(self, path: str, query: Mapping[str, str], name: str, content: bytes) -> dict[str, Any]:
        """POST a file as the part `media`; what was told.

        Raises:
            NotTaken, Unreachable: as their names say.
        """
        files = {"media": (name, content, "application/octet-stream")}
        return await self._answered(self._client.post(path, params=dict(query), files=files))

    async def download(self, path: str, query: Mapping[str, str], most: int) -> bytes:
        """The bytes of a file, at most `most`.

        Raises:
            NotTaken, Unreachable, TooLarge: as their names say.
        """
        content = bytearray()
        try:
            async with self._client.stream("GET", path, params=dict(query)) as answer:
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

    async def _told(
        self, method: str, path: str, query: Mapping[str, str], raw: bytes | None
    ) -> dict[str, Any]:
        return await self._answered(self._client.request(method, path, content=raw, params=dict(query)))

    async def _answered(self, request: Awaitable[httpx.Response]) -> dict[str, Any]:
        try:
            answer = await request
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
