"""Files of strangers are read in a child process: bounded in memory and time, killed at its deadline.

A thread cannot be stopped, so a reader that never returns would be lost for ever. A child can: the next
file gets a fresh one. It has none of our settings, opens no file for writing and starts no process.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import importlib
import io
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, BinaryIO, TypeVar

SECONDS = 10.0  # for one file; an ordinary one takes a few hundredths
START_SECONDS = 60.0  # for a child to import what it needs
MEMORY = 512 * 1024 * 1024  # bytes beyond what a child has when it is ready
AT_ONCE = 2  # children
MOST_BYTES = 256 * 1024 * 1024  # of an answer
_LENGTH = struct.Struct(">Q")
_READY = "bot.documents.examination"  # imported before the memory is counted

Result = TypeVar("Result")


class TooCostly(Exception):
    """The file could not be read within its time and memory."""


class _Died(Exception):
    """The child ended before it answered."""


class ReaderProcess:
    """One child, started with its first file and again after it was killed."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, seconds: float, reader: Callable[..., Result], *given: Any) -> Result:
        """What `reader`, a function at the top of a module, makes of what is given; or what it raises.

        Raises:
            TooCostly: its time or memory was over; or the child could not go on, twice.
            OSError: no child could be started.
        """
        asked = pickle.dumps((reader.__module__, reader.__qualname__, given, seconds))
        for _ in range(2):  # a child may have ended while it waited
            fresh = self._process is None
            try:
                raised, value = self._ask(asked, seconds)
                break
            except _Died:
                self.close()
                if fresh:
                    raise TooCostly from None
        else:
            raise TooCostly
        if raised:
            raise value
        result: Result = value
        return result

    def _ask(self, asked: bytes, seconds: float) -> tuple[bool, Any]:
        process = self._process or self._start()
        if not process.stdin or not process.stdout:
            raise LookupError("the process has no pipes")
        late = threading.Event()
        timer = threading.Timer(seconds, _kill, (process, late))
        timer.daemon = True
        timer.start()
        try:
            _send(process.stdin, asked)
            answer = _receive(process.stdout)
        except (OSError, EOFError) as error:
            if late.is_set():
                self.close()
                raise TooCostly from None
            raise _Died from error
        finally:
            timer.cancel()
            if late.is_set():
                self.close()
        raised, value = _Plain(io.BytesIO(answer)).load()
        return bool(raised), value

    def _start(self) -> subprocess.Popen[bytes]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-B", "-m", __name__, str(self._memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback may quote what the file holds
            env={**kept, "PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path)},
            start_new_session=True,  # ^C is for us; the child ends with its pipe
        )
        self._process = process
        late = threading.Event()
        timer = threading.Timer(START_SECONDS, _kill, (process, late))
        timer.daemon = True
        timer.start()
        try:
            if not process.stdout:
                raise LookupError("the process has no pipe")
            _receive(process.stdout)
        except (OSError, EOFError) as error:
            self.close()
            raise OSError("no process to read files with") from error
        finally:
            timer.cancel()
        return process

    def close(self) -> None:
        """End the child, whatever it does."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if stream:
                    stream.close()


def _kill(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


class Readers:
    """A few children; who finds all at work waits for one. A file has `seconds`."""

    def __init__(self, at_once: int = AT_ONCE, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.seconds = seconds
        self._all = [ReaderProcess(memory) for _ in range(at_once)]
        self._free: queue.LifoQueue[ReaderProcess] = queue.LifoQueue()  # rather one that is warm
        for one in reversed(self._all):
            self._free.put(one)

    def read(self, reader: Callable[..., Result], *given: Any) -> Result:
        """As `ReaderProcess.read`, by the first child that is free."""
        one = self._free.get()
        try:
            return one.read(self.seconds, reader, *given)
        finally:
            self._free.put(one)

    def close(self) -> None:
        """End every child, also one at work: who waits for it gets `TooCostly`."""
        for one in self._all:
            one.close()


@lru_cache(maxsize=1)
def readers() -> Readers:
    """The children of this process, made once."""
    made = Readers()
    atexit.register(made.close)
    return made


class _Plain(pickle.Unpickler):
    """Opens answers that hold plain values, our dataclasses and our exceptions, and nothing that acts."""

    _OTHERS = frozenset({("datetime", n) for n in ("date", "datetime", "time", "timedelta", "timezone")}) | {
        ("decimal", "Decimal"),
        ("zoneinfo", "ZoneInfo._unpickle"),
        ("builtins", "MemoryError"),
        ("builtins", "ValueError"),
    }

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        if (module, name) in self._OTHERS:
            return found
        ours = module.partition(".")[0] in ("bot", "policy") and isinstance(found, type)
        if ours and (dataclasses.is_dataclass(found) or issubclass(found, Exception)):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no plain value")


def _send(stream: BinaryIO | Any, content: bytes) -> None:
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def _receive(stream: BinaryIO | Any) -> bytes:
    """The next message.

    Raises:
        EOFError: the other side is gone, or says more than anybody needs.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    if length > MOST_BYTES:
        raise EOFError
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return bytes(content)


def _limit(memory: int) -> None:
    """Bound this process: memory, no file written, no process started. Where a system has such limits."""
    try:
        import resource
    except ImportError:  # Windows: only the deadline holds
        return
    taken = 0
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm", encoding="ascii") as told:
        taken = int(told.read().split()[0]) * resource.getpagesize()
    for what, most in (
        (resource.RLIMIT_AS, taken + memory if taken else resource.RLIM_INFINITY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))


def _bound_time(seconds: float) -> None:
    """Die by the clock and by the processor's, should whoever waits for us have died first."""
    if not hasattr(signal, "alarm"):
        return
    import resource
    import time

    signal.alarm(int(seconds) + 2)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 2, hard))


def _main() -> None:
    """The child: one request after the other until the pipe is closed."""
    into = sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing that a library prints gets between
    importlib.import_module(_READY)
    _limit(int(sys.argv[1]))
    _send(into, b"")
    while True:
        try:
            asked = _receive(sys.stdin.buffer)
        except EOFError:
            return
        module, name, given, seconds = pickle.loads(asked)  # noqa: S301 - from our own parent
        _bound_time(seconds)
        try:
            answer = pickle.dumps((False, getattr(importlib.import_module(module), name)(*given)))
        except MemoryError:
            return  # nothing here can be relied on any more
        except Exception as error:  # noqa: BLE001 - raised again on the other side
            answer = pickle.dumps((True, error))
        if hasattr(signal, "alarm"):
            signal.alarm(0)
        _send(into, answer)


if __name__ == "__main__":
    _main()
