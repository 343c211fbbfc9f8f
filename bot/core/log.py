"""The log: one line for what an operator has to know, as text or as JSON.

Nothing that people typed stands in it, and no figure, number or key: an error is told by its type and
the places in the code, never by its words.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from datetime import datetime
from types import TracebackType
from typing import Any, TextIO

from policy.calendar.quarters import SHANGHAI

FORMATS = ("text", "json")
LEVELS = ("debug", "info", "warning", "error")
# What uvicorn and the Telegram library say by themselves stays below these.
QUIET = {"uvicorn": logging.WARNING, "httpx": logging.WARNING, "httpcore": logging.WARNING}

AGAIN_SECONDS = 60.0
_PLACES: dict[str, float] = {}  # the places of a fault → when they were last told

log = logging.getLogger("bot")


def set_up(wanted: str, stream: TextIO | None = None) -> None:
    """Send every line to standard error: `wanted` is one of `FORMATS` and, from there on, one of `LEVELS`."""
    form, level = wanted.split()
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    handler.addFilter(first_line)
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(least, root.level))
        logging.getLogger(name).handlers.clear()  # they reach the root


def first_line(record: logging.LogRecord) -> bool:
    """Cut what asyncio appends to its messages: the representation of an exception has its words."""
    if record.name == "asyncio":
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
    return True


def event(name: str, level: int = logging.INFO, **fields: object) -> None:
    """Log that something happened, with plain fields: numbers, names of ours, never what was typed."""
    told = " ".join(f"{key}={value}" for key, value in fields.items() if value is not None)
    log.log(level, "%s", f"{name} {told}".rstrip(), extra={"event": name, "fields": fields})


def incident(number: str, where: str, error: BaseException) -> None:
    """Log a fault of ours under the number that was shown: its type and places, not its words.

    Every number has its line; the same places are told in full once a minute.
    """
    kind, found, now = type(error).__qualname__, places(error.__traceback__), time.monotonic()
    if now - _PLACES.get(found, -AGAIN_SECONDS) < AGAIN_SECONDS:
        found = "the places told before"
    elif len(_PLACES) < 1000:
        _PLACES[found] = now
    log.error(
        "incident %s: %s in %s\n%s",
        number,
        kind,
        where,
        found,
        extra={"event": "incident", "fields": {"number": number, "where": where, "error": kind}},
    )


def places(found: TracebackType | None) -> str:
    """Return the places in the code, a line of it each."""
    return "".join(traceback.format_tb(found))


def _time(record: logging.LogRecord) -> str:
    """Return when, to the millisecond, with the zone: Asia/Shanghai."""
    return datetime.fromtimestamp(record.created, SHANGHAI).isoformat(timespec="milliseconds")


def _error(record: logging.LogRecord) -> str:
    """Return the exception that a library hands over, without its words."""
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    return f"{record.exc_info[0].__qualname__}\n{places(record.exc_info[2])}".rstrip()


class TextLines(logging.Formatter):
    """`2026-11-30T21:00:00.000+08:00 INFO bot start version=…`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; an exception follows on lines of its own."""
        line = f"{_time(record)} {record.levelname} {record.name} {record.getMessage()}".rstrip()
        error = _error(record)
        return f"{line}: {error}" if error else line


class JsonLines(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `message`, `process`, `event` and its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        message, _, rest = record.getMessage().partition("\n")
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
            "process": os.getpid(),
        }
        if name := getattr(record, "event", None):
            fields = {key: value for key, value in record.fields.items() if value is not None}  # type: ignore[attr-defined]
            line = {**fields, **line, "event": name}
        error = _error(record)
        if places := (error.partition("\n")[2] or rest).rstrip():
            line["places"] = places.splitlines()
        if error:
            line["error"] = error.partition("\n")[0]
        return json.dumps(line, ensure_ascii=False, default=str)
