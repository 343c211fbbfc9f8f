"""The wire to an OpenAI-compatible server: one question out, one JSON object back, or nothing.

It runs on a thread of its own with an event loop, so that a call ends at its deadline whatever the server
does: not answering, answering byte by byte, answering without end. Nothing of what is sent or came back
is logged.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError
from typing import Any

import httpx

log = logging.getLogger("bot")

SECONDS = 2.5  # a call in all: WeChat waits five for the whole message
AT_ONCE = 4  # calls under way; one more is not made, so that nobody waits for others' questions
MOST_BYTES = 64 * 1024  # of an answer; one is a few hundred
MOST_TOKENS = 160
FAILURES, REST = 3, 30.0  # after so many failures in a row nobody is asked for so many seconds
PATH = "/chat/completions"


class Unread(Exception):
    """The server gave no answer that can be used; the message says of what kind, never what it held."""


class Endpoint:
    """One model on one server. Safe to call from several threads."""

    def __init__(
        self,
        url: str,
        name: str,
        key: str | None = None,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        for logger in ("httpx", "httpcore"):  # their lines name the server, and headers hold the key
            logging.getLogger(logger).setLevel(logging.CRITICAL + 1)
        self._url = url.rstrip("/") + PATH
        self._name = name
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._seconds = seconds
        self._clock = clock
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        # No proxy of the environment: the question goes to the server that was named, and nowhere else.
        tls = ssl.create_default_context()  # with the certificates that the operator's system trusts
        self._client = httpx.AsyncClient(trust_env=False, verify=tls, timeout=seconds)
        self._under_way = 0
        self._failed = 0
        self._rests_until = 0.0

    def read(self, instructions: str, question: str, schema: Mapping[str, Any]) -> object | None:
        """The JSON that the model gives for a question; None where there is none, or none in time.

        Blocks for `seconds` at most. `instructions` and `schema` are the same for every question, so
        that a server can keep what it made of them.
        """
        if not self._take():
            return None
        try:
            return self._called(self._ask(instructions, question, schema))
        except Unread as failure:
            self._note(str(failure))
            return None
        finally:
            with self._guard:
                self._under_way -= 1

    def close(self) -> None:
        """End what is under way."""
        with self._guard:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)

    def _take(self) -> bool:
        with self._guard:
            if self._under_way >= AT_ONCE or self._clock() < self._rests_until:
                return False
            self._under_way += 1
            return True

    def _note(self, failure: str) -> None:
        with self._guard:
            self._failed += 1
            rests = self._failed >= FAILURES
            if rests:
                self._failed, self._rests_until = 0, self._clock() + REST
        if rests:
            log.warning("the model is not asked for %d seconds: %s", REST, failure)

    def _called(self, ask: Coroutine[Any, Any, object]) -> object:
        future = asyncio.run_coroutine_threadsafe(ask, self._running())
        try:
            found = future.result(self._seconds * 2)  # its own deadline comes first
        except (TimeoutError, CancelledError):
            future.cancel()
            raise Unread("closed") from None
        with self._guard:
            self._failed = 0
        return found

    def _running(self) -> asyncio.AbstractEventLoop:
        """The loop, on its thread; started with the first question."""
        with self._guard:
            if self._loop is None:
                loop = self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._serve, args=(loop,), name="model", daemon=True).start()
            return self._loop

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(self._end(asyncio.all_tasks(loop)))
            loop.close()

    async def _end(self, under_way: set[asyncio.Task[Any]]) -> None:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._client.aclose()

    async def _ask(self, instructions: str, question: str, schema: Mapping[str, Any]) -> object:
        body = {
            "model": self._name,
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": json.dumps({"question": question}, ensure_ascii=False)},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "reading", "strict": True, "schema": schema},
            },
            "temperature": 0,
            "max_tokens": MOST_TOKENS,
            "stream": False,
        }
        try:
            async with asyncio.timeout(self._seconds):
                return _content(await self._answer(body))
        except TimeoutError:
            raise Unread("too slow") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Unread(type(error).__name__) from None

    async def _answer(self, body: Mapping[str, Any]) -> bytes:
        content = bytearray()
        async with self._client.stream("POST", self._url, json=body, headers=self._headers) as answer:
            if answer.status_code != 200:
                raise Unread(f"status {answer.status_code}")
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > MOST_BYTES:
                    raise Unread("too long")
        return bytes(content)


def _content(answer: bytes) -> object:
    """The object in the first choice's words; what may stand around it is left away."""
    try:
        words = json.loads(answer)["choices"][0]["message"]["content"]
        start, end = words.index("{"), words.rindex("}") + 1
        return json.loads(words[start:end])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise Unread("not the JSON that was asked for") from None
