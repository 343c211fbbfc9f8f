"""The calls of a self-built application: access token, messages, files, menu; and the robot of a group.

https://developer.work.weixin.qq.com/document/path/90236
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels.tencent.calls import Caller


class NoMember(Exception):
    """The application may not write to this member, or there is no such one."""


class Api(Caller):
    """One application's calls. `login` is the path by which the access token is had."""

    stale_token = frozenset({40014, 42001})

    def __init__(
        self, base_url: str, corp: str, agent: int, secret: str, login: str, ca: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(base_url, ca)
        self._given = {"corpid": corp, "corpsecret": secret}
        self._agent = agent
        self._login = login

    async def ask_token(self, force: bool) -> dict[str, Any]:
        """https://developer.work.weixin.qq.com/document/path/91039: there is no way to force a new one."""
        return await self.get(self._login, self._given)

    async def send_text(self, user: str, text: str) -> None:
        """A text message.

        Raises:
            NoMember, NotTaken, Unreachable: it did not arrive, or (Unreachable) perhaps it did.
        """
        await self._send(user, {"msgtype": "text", "text": {"content": text}})

    async def send_file(self, user: str, name: str, content: bytes) -> None:
        """A file: uploaded, then sent.

        Raises:
            NoMember, NotTaken, Unreachable: it did not arrive, or (Unreachable) perhaps it did.
        """

        async def once(token: str) -> str:
            query = {"access_token": token, "type": "file"}
            return str((await self.upload("/cgi-bin/media/upload", query, name, content)).get("media_id", ""))

        media_id = await self.with_token(once)
        await self._send(user, {"msgtype": "file", "file": {"media_id": media_id}})

    async def _send(self, user: str, message: Mapping[str, Any]) -> None:
        body = {"touser": user, "agentid": self._agent, **message}

        async def once(token: str) -> dict[str, Any]:
            return await self.post("/cgi-bin/message/send", body, {"access_token": token})

        told = await self.with_token(once)
        if told.get("invaliduser") or told.get("unlicenseduser"):
            raise NoMember

    async def media(self, media_id: str, most: int) -> bytes:
        """The bytes of a picture that a member sent, at most `most`.

        Raises:
            NotTaken, Unreachable: it cannot be had.
            TooLarge: it is longer.
        """

        async def once(token: str) -> bytes:
            return await self.download(
                "/cgi-bin/media/get", {"access_token": token, "media_id": media_id}, most
            )

        found: bytes = await self.with_token(once)
        return found

    async def menu(self) -> list[dict[str, Any]]:
        """The application's menu; [] for none.

        Raises:
            NotTaken, Unreachable: it cannot be had.
        """

        async def once(token: str) -> dict[str, Any]:
            return await self.get("/cgi-bin/menu/get", {"access_token": token, "agentid": str(self._agent)})

        told = await self.with_token(once)
        found = told.get("button")
        return found if isinstance(found, list) else []

    async def put_menu(self, buttons: Sequence[Mapping[str, Any]]) -> None:
        """Put these buttons in place of the menu; none: there is no menu then.

        Raises:
            NotTaken, Unreachable: it stays as it was, or (Unreachable) perhaps not.
        """

        async def once(token: str) -> None:
            query = {"access_token": token, "agentid": str(self._agent)}
            if buttons:
                await self.post("/cgi-bin/menu/create", {"button": list(buttons)}, query)
            else:
                await self.get("/cgi-bin/menu/delete", query)

        await self.with_token(once)


class Robot(Caller):
    """The robot of a group: it only sends, by a key instead of a token."""

    stale_token = frozenset()

    def __init__(self, base_url: str, key: str, ca: ssl.SSLContext | None = None) -> None:
        super().__init__(base_url, ca)
        self._key = key

    async def ask_token(self, force: bool) -> dict[str, Any]:
        """There is none."""
        raise NotImplementedError

    async def send_text(self, text: str) -> None:
        """Write to the group (https://developer.work.weixin.qq.com/document/path/91770).

        Raises:
            NotTaken, Unreachable: it did not arrive, or (Unreachable) perhaps it did.
        """
        await self.post(
            "/cgi-bin/webhook/send", {"msgtype": "text", "text": {"content": text}}, {"key": self._key}
        )
