"""Something small on another address of the same process: metrics and health checks for the inside."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.applications import Starlette


class _Beside(uvicorn.Server):
    """A second server in one process: the first one handles the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


@contextlib.asynccontextmanager
async def beside(asgi: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    """Serve it while the block runs."""
    server = _Beside(
        uvicorn.Config(asgi, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)
