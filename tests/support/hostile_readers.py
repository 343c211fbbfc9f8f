"""What a child that reads files is told to do in tests; a module of its own, quick to import."""

from __future__ import annotations

import os
import time
from pathlib import Path

from bot.documents.media_type import BadFile


def hang(*_: object) -> None:
    while True:
        pass


def sleep(*_: object) -> None:
    time.sleep(3600)


def swallow(*_: object) -> int:
    return len(b"x" * (2 * 1024**3))


def crash(*_: object) -> None:
    os.abort()


def refuse(*_: object) -> None:
    raise BadFile("macro")


def write(path: str) -> str:
    try:
        Path(path).write_text("x", encoding="ascii")
    except OSError as error:
        return type(error).__name__
    return ""


def start() -> str:
    try:
        os.fork()
    except OSError as error:
        return type(error).__name__
    os._exit(0)


def settings() -> list[str]:
    return [name for name in os.environ if name.startswith("BOT_")]


class _Sly:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


def answer_slyly() -> object:
    return _Sly()
