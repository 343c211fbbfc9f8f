"""企业微信: members write to the application and are written to at any time; the robot of the group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import func, select

from bot import server
from bot.app import App, open_app
from bot.channels import delivery
from bot.channels.wecom import transport
from bot.channels.wecom.api import Api
from bot.channels.wecom.menu import own_buttons
from bot.core.messages import Choice, Outgoing
from bot.core.reach import group, reachable
from bot.settings import Settings
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations import messages
from storage.schema.core import outbox, turn
from tests.conftest import contact_code
from tests.support.corpus import CORPUS
from tests.support.wechat_app import Clock, until
from tests.support.wecom_server import AGENT, CORP, KEY, ROBOT, SECRET, TOKEN, Envelope, Member, WeComServer

PUBLIC = "https://weihai.example"
LI = Address("wecom", f"{CORP}:{AGENT}", "wangfang")
Meet = Callable[..., Member]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(server, "now", made)
    monkeypatch.setattr(delivery, "FIRST_WAIT", 0.02)
    monkeypatch.setattr(delivery, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(transport, "AGAIN_SECONDS", 0.02)
    return made


@asynccontextmanager
async def listening(api: WeComServer) -> AsyncIterator[str]:
    """The platform's API on a port of this machine."""
    served = uvicorn.Server(uvicorn.Config(api.app, port=0, log_level="critical", lifespan="off"))
    task = asyncio.create_task(served.serve())
    await until(lambda: served.started)
    yield f"http://127.0.0.1:{served.servers[0].sockets[0].getsockname()[1]}"
    served.should_exit = True
    await task


@pytest.fixture
def api() -> WeComServer:
    return WeComServer()


@pytest.fixture
async def base(api: WeComServer) -> AsyncIterator[str]:
    async with listening(api) as found:
        yield found


@pytest.fixture
def app(base: str, sqlite_url: str, tmp_path: Path) -> Any:
    settings = Settings(
        _env_file=None,
        database_url=sqlite_url,
        data_dir=tmp_path / "data",
        secret_key="k" * 32,
        public_url=PUBLIC,
        wecom_corpid=CORP,
        wecom_agent=AGENT,
        wecom_secret=SECRET,
        wecom_token=TOKEN,
        wecom_aes_key=KEY,
        wecom_robot_key=ROBOT,
        wecom_base_url=base,
    )
    made = open_app(settings, CORPUS)
    yield made
    made.engine.dispose()


@pytest.fixture
async def client(app: App, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    asgi = server.application(app)
    async with asgi.router.lifespan_context(asgi):
        over = httpx.ASGITransport(asgi)
        async with httpx.AsyncClient(transport=over, base_url=PUBLIC) as made:
            yield made


@pytest.fixture
def wang(client: httpx.AsyncClient, clock: Clock) -> Member:
    return Member("WangFang", client, lambda: clock().timestamp())


def push(app: App, address: Address, message: Outgoing, clock: Clock) -> None:
    with transaction(app.engine) as connection:
        messages.enqueue(connection, address, [message.body()], clock())


def rows(app: App, *where: Any, table: Any = outbox) -> int:
    with transaction(app.engine, read_only=True) as connection:
        return connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()


async def told(api: WeComServer, count: int) -> list[Any]:
    await until(lambda: len(api.to("wangfang")) >= count)
    return api.to("wangfang")


async def test_the_console_verifies_the_address(client: httpx.AsyncClient, clock: Clock) -> None:
    envelope, stamp = Envelope(), str(int(clock().timestamp()))
    word = envelope.seal("4567890123")
    query = envelope.query(stamp, word)
    right = await client.get("/wecom", params={**query, "echostr": word})
    assert (right.status_code, right.text) == (200, "4567890123")
    other = Envelope(receiver="wwother").seal("1")
    old = str(int(stamp) - 900)
    for wrong in (
        {**query, "echostr": word, "msg_signature": "0" * 40},
        {**query, "echostr": envelope.seal("1")},  # signed, but not over this
        {**envelope.query(stamp, other), "echostr": other},  # of another corporation
        {**envelope.query(old, word), "echostr": word},
        {"echostr": word},
    ):
        assert (await client.get("/wecom", params=wrong)).status_code == 403


async def test_a_member_asks_and_a_number_answers(wang: Member, api: WeComServer, app: App) -> None:
    done = await wang.says("我能不能参加培训")
    assert (done.status_code, done.content) == (200, b"")
    (asked,) = await told(api, 1)
    assert "1. " in asked
    post = wang.post(Content="1")
    for _ in range(2):  # the platform asks again: nothing is applied twice
        assert (await wang.sends(post)).status_code == 200
    await told(api, 2)
    assert rows(app, table=turn) == 2
    await wang.says("退休了能报吗")
    await until(lambda: any("不可以" in text for text in api.to("wangfang")))


async def test_a_contact_is_written_to_at_any_time_and_gets_files(
    wang: Member, api: WeComServer, app: App, clock: Clock
) -> None:
    for text in (f"绑定 {contact_code(app)}", "王芳", "跳过"):
        await wang.says(text)
    before = len(await told(api, 3))
    clock.forward(days=20)
    push(app, LI, Outgoing("季度情况表请在月底前报", (Choice("填报", "report"),)), clock)
    assert "季度情况表" in (await told(api, before + 1))[-1]
    await wang.says("下载表格")
    await until(lambda: any(kind == "file" for _, kind, _ in api.sent))
    name, content = next(what for _, kind, what in api.sent if kind == "file")
    assert name.endswith((".xlsx", ".docx"))
    assert content.startswith(b"PK")
    await until(lambda: rows(app, outbox.c.sent_at.is_(None)) == 0)


async def test_pictures_are_taken_of_contacts_and_the_rest_gets_a_sentence(
    wang: Member, api: WeComServer, app: App
) -> None:
    api.media["m1"] = b"\xff\xd8\xff\xe0" + b"x" * 2000
    await wang.sends(wang.post("image", MediaId="m1", PicUrl="http://x"))
    assert "get" not in api.calls  # of a stranger it is not even fetched
    for text in (f"绑定 {contact_code(app)}", "王芳", "跳过"):
        await wang.says(text)
    await wang.sends(wang.post("image", MediaId="m1", PicUrl="http://x"))
    assert "get" in api.calls
    for kind in ("voice", "video", "location", "link"):
        assert (await wang.sends(wang.post(kind, MediaId="m1"))).status_code == 200
    refused = [text for text in api.to("wangfang") if "没有保存" in text]
    await until(lambda: sum("没有保存" in text for text in api.to("wangfang")) == 5)  # and the stranger's
    assert all("请打字" in text and "菜单" in text for text in refused)


async def test_the_menu_and_scanned_codes(wang: Member, api: WeComServer, app: App, base: str) -> None:
    await wang.does("subscribe")
    await wang.does("click", EventKey="菜单")
    code = contact_code(app)
    scanned = {"ScanType": "qrcode", "ScanResult": f"{PUBLIC}/#bind={code}"}
    await wang.does("scancode_waitmsg", EventKey="scan", ScanCodeInfo=scanned)
    assert "威海数字培训学校" in (await told(api, 3))[-1]
    assert (await wang.does("enter_agent")).status_code == 200
    calls = Api(base, CORP, AGENT, SECRET, "/cgi-bin/gettoken")
    await calls.put_menu(own_buttons())
    assert [one["type"] for one in await calls.menu()] == ["click", "click", "scancode_waitmsg"]
    await calls.put_menu([])
    assert await calls.menu() == []
    await calls.close()


async def test_a_member_out_of_sight_counts_as_reached_by_nobody_and_loses_nothing(
    wang: Member, api: WeComServer, app: App, clock: Clock
) -> None:
    def reached() -> bool:
        with transaction(app.engine, read_only=True) as connection:
            return LI in reachable(connection, [LI], clock())

    await wang.says("帮助")
    before = len(await told(api, 1))
    await until(reached)
    api.hidden.add("wangfang")
    push(app, LI, Outgoing("一"), clock)
    await until(lambda: not reached())
    api.hidden.clear()
    await wang.says("帮助")
    assert "一" in (await told(api, before + 2))[before:]
    assert reached()


async def test_a_token_that_is_no_longer_good_is_asked_for_again(wang: Member, api: WeComServer) -> None:
    await wang.says("帮助")
    await told(api, 1)
    api.token = "t2"
    await wang.says("帮助")
    await told(api, 2)
    assert api.calls.count("gettoken") == 2


async def test_an_account_that_may_send_nothing_says_so_and_goes_on_later(
    wang: Member, api: WeComServer, app: App, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 0.2)
    api.fail("send", 60020, -1)
    await wang.says("帮助")
    assert len(await told(api, 1)) == 1
    await until(lambda: rows(app, outbox.c.sent_at.is_(None)) == 0)


async def test_what_is_not_sealed_for_us_is_refused(client: httpx.AsyncClient, wang: Member) -> None:
    wang.envelope = Envelope(receiver="wwother")
    assert (await wang.says("帮助")).status_code == 403
    wang.envelope = Envelope(token="another")
    assert (await wang.says("帮助")).status_code == 403
    assert (await client.post("/wecom", content=b"<xml/>")).status_code == 403
    assert (await client.post("/wecom", content=b"no xml")).status_code == 400
    assert (await client.post("/wecom", content=b"x" * 200_000)).status_code == 413
    wang.envelope = Envelope()
    assert (await wang.sends({"MsgType": "text", "Content": "x"})).status_code == 400
    assert (await wang.sends(wang.post(Content="帮助", AgentID=7))).status_code == 200


async def test_the_robot_writes_into_the_group(
    client: httpx.AsyncClient, api: WeComServer, app: App, clock: Clock
) -> None:
    api.fail("send", -1)
    push(app, group.ADDRESS, Outgoing("各机构：\n" + "环翠学校\n" * 300), clock)
    await until(lambda: rows(app, outbox.c.sent_at.is_not(None)) == 1)
    assert len(api.group) > 1
    assert "".join(api.group).count("环翠学校") == 300
