"""`python -m bot read KIND`: a text read exactly as the dialogs read it, without a conversation."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from datetime import date, datetime

from bot.core.render import words
from policy.calendar.quarters import SHANGHAI

_ESCAPED = re.compile(r"\\([nt\\])")
_MEANT = {"n": "\n", "t": "\t", "\\": "\\"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("kind", metavar="KIND", help="count, money, date, line, mask, or a fact's id")
    parser.add_argument("text", nargs="*")
    parser.add_argument("--on", help="as of a day, YYYY-MM-DD")
    parser.add_argument("--batch", action="store_true", help="a text a line from standard input")
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Print what was read; 1 with a sentence on standard error when the command cannot be carried out."""
    from bot.reading import kinds, read
    from policy.corpus import build_corpus

    corpus = build_corpus()
    if options.kind not in (known := kinds(corpus)):
        return _fail("kind", options.kind, known)
    try:
        on = date.fromisoformat(options.on) if options.on else datetime.now(SHANGHAI).date()
    except ValueError:
        return _fail("on", options.on)
    if options.batch:
        for line in sys.stdin:
            text = _ESCAPED.sub(lambda found: _MEANT[found[1]], line.rstrip("\r\n"))
            print(json.dumps(read(corpus, options.kind, text, on), ensure_ascii=False), flush=True)
        return 0
    text = " ".join(options.text)
    if not text.strip():
        return _fail("text", options.kind)
    found = read(corpus, options.kind, text, on)
    print(json.dumps(found, ensure_ascii=False) if options.json else words("cli/read.j2", {"found": found}))
    return 0


def _fail(kind: str, detail: str, known: Sequence[str] = ()) -> int:
    print(words("cli/read_problem.j2", {"kind": kind, "detail": detail, "kinds": known}), file=sys.stderr)
    return 1
