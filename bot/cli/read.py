"""`python -m bot read KIND`: a text read exactly as the dialogs read it, without a conversation."""

from __future__ import annotations

import argparse
import json
import re
import sys

_ESCAPED = re.compile(r"\\([nt\\])")
_MEANT = {"n": "\n", "t": "\t", "\\": "\\"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("kind", metavar="KIND", help="count, money, date, line, mask, or a fact's id")
    parser.add_argument("text", nargs="*", help="the text; standard input when there is none")
    parser.add_argument("--on", help="as of a day, YYYY-MM-DD")
    parser.add_argument("--batch", action="store_true", help="a text a line from standard input")
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Print what was read, or with `--batch` one JSON line for each text."""
    from bot.cli.clock import day
    from bot.cli.problems import problem
    from bot.cli.reading import kinds, read
    from bot.core.render import words
    from policy.corpus import build_corpus

    corpus = build_corpus()
    if options.kind not in (known := kinds(corpus)):
        raise problem("kind", options.kind, "、".join(known))
    on = day(options.on)
    if options.batch:
        for line in sys.stdin:
            text = _ESCAPED.sub(lambda found: _MEANT[found[1]], line.rstrip("\r\n"))
            print(json.dumps(read(corpus, options.kind, text, on), ensure_ascii=False), flush=True)
        return 0
    text = " ".join(options.text) or ("" if sys.stdin.isatty() else sys.stdin.read().rstrip("\r\n"))
    if not text.strip():
        raise problem("text")
    found = read(corpus, options.kind, text, on)
    print(json.dumps(found, ensure_ascii=False) if options.json else words("cli/read.j2", {"found": found}))
    return 0
