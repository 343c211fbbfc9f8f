"""The commands, a module each. The one that is typed is imported, so that `ask` answers at once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

# A module of the same name (`-` is `_`) stands beside each: `add_arguments(parser)` and `run(options)`.
COMMANDS = {
    "serve": "serve the web chat and the channels that are set (the same without a command)",
    "chat": "talk in the terminal; --json for JSON lines",
    "ask": "one answer and its clauses",
    "check": "one check decided as of a day, from the answers given",
    "read": "a text read as the dialogs read it",
    "remind": "send the reminders that are due",
    "policy": "check the policy data, train and evaluate the answers",
    "invite": "a one-time code for the office or an institution",
    "wechat": "the account's menu: shown, added to, replaced, put back",
    "wecom": "the application's menu: shown, set, removed",
    "export": "the aggregated form of a quarter",
    "events": "security events, for people or a syslog",
    "upgrade": "bring the database to the current schema",
    "backup": "database, attachments and a manifest in one file",
    "restore": "a backup into an empty place",
    "move": "everything into another database",
    "doctor": "what is set, reachable, odd",
    "forget": "delete a person's data",
    "rotate-key": "seal everything anew with the key in force",
}
DEFAULT = "serve"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it succeeded, 1 with a sentence on standard error when not."""
    _speak_utf8()
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments and arguments[0] in COMMANDS else DEFAULT
    command = import_module(f"bot.cli.{name.replace('-', '_')}")
    parser = _parser(name, command)
    options, behind = parser.parse_known_args(arguments)
    behind = [word for word in behind if word != "--"]
    if behind and (not hasattr(options, "text") or any(word.startswith("--") for word in behind)):
        parser.error(f"unrecognized arguments: {' '.join(behind)}")
    if behind:  # a text behind the options: read count --json 12
        options.text += behind
    os.umask(0o077)  # the database, the attachments and what is written beside them are the service's own
    try:
        status: int = command.run(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    except Exception as error:
        from bot.cli.problems import sentence_of

        if (sentence := sentence_of(error)) is None:
            raise
        print(sentence, file=sys.stderr)
        return 1
    return status


def _parser(name: str, command: ModuleType) -> argparse.ArgumentParser:
    """Return the command line: every command by name, with the arguments of the one that is typed."""
    root = argparse.ArgumentParser(
        prog="python -m bot", description="Weihai digital technology engineer assistant"
    )
    root.add_argument("--version", action=_Version, help="print the version and end")
    commands = root.add_subparsers(title="commands", metavar="COMMAND")
    for known, summary in COMMANDS.items():
        own = commands.add_parser(known, help=summary, description=summary)
        if known == name:
            command.add_arguments(own)
    return root


class _Version(argparse.Action):
    """Looks the version up when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from bot.cli.version import version

        print(version())
        parser.exit()


def _speak_utf8() -> None:
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                encoding="utf-8", errors="surrogateescape" if stream is sys.stdin else "replace"
            )
