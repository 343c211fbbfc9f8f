"""A loopback server that behaves as an OpenAI-compatible one: rightly, or wrongly in every way it can."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

SECONDS = 8.0  # how long a test waits for something before it fails
NOTHING = {"entry": "none", "depth": "near", "point": "none", "group": "none", "job": "none"}


@dataclass
class ModelServer:
    """Start it with `with ModelServer() as model`. `answer` gives the words for a question.

    `raw` is sent in place of an answer; `status` other than 200 with it. `held` lets it hang until it is
    released, `drips` send a byte at a time without an end, `before` do something before it answers.
    """

    answer: Callable[[str], Any] = lambda question: NOTHING
    raw: bytes | None = None
    status: int = 200
    location: str = ""
    drips: bool = False
    held: threading.Event | None = None
    before: Callable[[], object] = lambda: None
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def questions(self) -> list[str]:
        """The questions it was asked, as they came."""
        return [json.loads(body["messages"][-1]["content"])["question"] for body in self.requests]

    def says(self, **fields: str) -> None:
        """Answer every question with these ids."""
        self.answer = lambda question: {**NOTHING, **fields}

    def until_asked(self, times: int) -> None:
        """Wait until it was asked so often."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= times, SECONDS)

    def __enter__(self) -> ModelServer:
        self._changed = threading.Condition()
        self._over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer._take(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                pass  # the other side hung up: that is what is tested

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self.held is not None:
            self.held.set()
        self._server.shutdown()
        self._server.server_close()

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self._changed:
            self.requests.append(body)
            self.headers.append({"path": handler.path, **handler.headers})
            self._changed.notify_all()
        self.before()
        if self.held is not None:
            self.held.wait(SECONDS)
        content = self.raw
        if content is None:
            words = self.answer(self.questions[-1])
            said = words if isinstance(words, str) else json.dumps(words)
            content = json.dumps({"choices": [{"message": {"content": said}}]}).encode()
        handler.send_response(self.status)
        if self.location:
            handler.send_header("Location", self.location)
        handler.send_header("Content-Length", str(10**9 if self.drips else len(content)))
        handler.end_headers()
        while self.drips and not self._over.wait(0.02):
            handler.wfile.write(b" ")
        handler.wfile.write(content)
