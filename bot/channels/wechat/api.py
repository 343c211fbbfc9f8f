"""The few calls to WeChat's server that are needed: access token, customer-service message, media, menu.

https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from bot.channels.tencent.calls import Caller


class Api(Caller):
    """One Official Account's calls."""

    stale_token = frozenset({40001, 40014, 42001})

    def __init__(self, base_url: str, appid: str, secret: str) -> None:
        super().__init__(base_url)
        self._given = {"grant_type": "client_credential", "appid": appid, "secret": secret}

    async def ask_token(self, force: bool) -> dict[str, Any]:
        """https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/getStableAccessToken.html."""
        return await self.post("/cgi-bin/stable_token", {**self._given, "force_refresh": force}, {})

    async def send_text(self, openid: str, text: str) -> None:
        """A customer-service message.

        Raises:
            NotTaken, Unreachable: it did not arrive, or (Unreachable) perhaps it did.
        """
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        await self.with_token(partial(self._sent, body))

    async def _sent(self, body: Mapping[str, Any], token: str) -> None:
        await self.post("/cgi-bin/message/custom/send", body, {"access_token": token})

    async def send_template(self, message: Mapping[str, Any]) -> None:
        """A template message (`touser`, `template_id`, `url`, `data`).

        Raises:
            NotTaken, Unreachable: it did not arrive, or (Unreachable) perhaps it did.
        """

        async def once(token: str) -> None:
            await self.post("/cgi-bin/message/template/send", message, {"access_token": token})

        await self.with_token(once)

    async def media(self, media_id: str, most: int) -> bytes:
        """The bytes of an image that a person sent, at most `most`.

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

    async def menu(self) -> dict[str, Any]:
        """The menu as it stands, made by whom ever: `is_menu_open`, `selfmenu_info`.

        Raises:
            NotTaken, Unreachable: it cannot be had.
        """

        async def once(token: str) -> dict[str, Any]:
            return await self.get("/cgi-bin/get_current_selfmenu_info", {"access_token": token})

        found: dict[str, Any] = await self.with_token(once)
        return found

    async def put_menu(self, buttons: Sequence[Mapping[str, Any]]) -> None:
        """Put these buttons in place of the menu; none: there is no menu then.

        Raises:
            NotTaken, Unreachable: it stays as it was, or (Unreachable) perhaps not.
        """

        async def once(token: str) -> None:
            query = {"access_token": token}
            if buttons:
                await self.post("/cgi-bin/menu/create", {"button": list(buttons)}, query)
            else:
                await self.get("/cgi-bin/menu/delete", query)

        await self.with_token(once)
