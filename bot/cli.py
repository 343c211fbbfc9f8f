"""The commands. Imports are late so that `ask` answers at once."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import TYPE_CHECKING

from bot import cli_read
from bot.core.render import words
from policy.calendar.quarters import SHANGHAI, Quarter, read_moment, reporting_quarter

if TYPE_CHECKING:
    from bot.app import App
    from bot.core.published import Reader
    from policy.answers.publications import Publication
    from policy.corpus import Corpus


class Failed(Exception):
    """The command cannot be carried out; the message is for the person who typed it."""


def _problem(kind: str, detail: str = "", example: str = "") -> Failed:
    return Failed(words("cli/problem.j2", {"kind": kind, "detail": detail, "example": example}))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(
        prog="python -m bot", description="Weihai digital technology engineer assistant"
    )
    commands = root.add_subparsers(dest="command")
    chat = commands.add_parser("chat", help="talk in the terminal; --json for JSON lines")
    chat.add_argument("--user", default="me")
    chat.add_argument("--now", help="injected clock, ISO 8601")
    chat.add_argument("--json", action="store_true")
    ask = commands.add_parser("ask", help="one answer and its clauses")
    ask.add_argument("question", nargs="*")
    ask.add_argument("--json", action="store_true")
    ask.add_argument("--batch", action="store_true", help="a question a line from standard input")
    ask.add_argument("--on", help="as of a day, YYYY-MM-DD")
    cli_read.add_arguments(commands.add_parser("read", help="a text read as the dialogs read it"))
    remind = commands.add_parser("remind", help="send the reminders that are due")
    remind.add_argument("--now", help="ISO 8601")
    policy = commands.add_parser("policy", help="check the policy data, train and evaluate the answers")
    policy.add_argument("action", choices=["check", "train", "evaluate", "diagram", "proposals"])
    policy.add_argument("arguments", nargs=argparse.REMAINDER)
    invite = commands.add_parser("invite", help="a one-time code for the office or an institution")
    who = invite.add_mutually_exclusive_group(required=True)
    who.add_argument("--office", action="store_true")
    who.add_argument("--institution", metavar="NAME")
    invite.add_argument("--role", choices=["staff", "head"], default="staff")
    export = commands.add_parser("export", help="the aggregated form of a quarter")
    export.add_argument("quarter")
    export.add_argument("--to", required=True, metavar="FILE.xlsx", help="or FILE.csv: the rows behind")
    export.add_argument("--accepted", action="store_true", help="accepted revisions only")
    commands.add_parser("upgrade", help="bring the database to the current schema")
    return root


def clock(now: str | None) -> Callable[[], datetime]:
    """The system's clock, or one that stands at `now`.

    Raises:
        Failed: `now` is no ISO 8601 time.
    """
    if now is None:
        return lambda: datetime.now(SHANGHAI)
    try:
        fixed = read_moment(now)
    except ValueError:
        raise _problem("now", now) from None
    return lambda: fixed


def _ask(options: argparse.Namespace) -> int:
    from bot.features.questions import answer as policy_answer
    from policy.corpus import build_corpus

    corpus = build_corpus()
    published = _published(corpus)
    try:
        on = date.fromisoformat(options.on) if options.on else datetime.now(SHANGHAI).date()
    except ValueError:
        raise _problem("on", options.on) from None
    if options.batch:
        for line in sys.stdin:
            if question := line.strip():
                said = policy_answer.as_json(corpus, question, on, published)
                print(json.dumps(said, ensure_ascii=False), flush=True)
        return 0
    question = " ".join(options.question).strip()
    if not question:
        raise _problem("question")
    if options.json:
        said = policy_answer.as_json(corpus, question, on, published)
        print(json.dumps(said, ensure_ascii=False))
    else:
        message = policy_answer.reply(corpus, question, on, buttons=False, published=published).message
        print("\n".join([message.text, *(f"· {c.label}" for c in message.choices)]))
    return 0


def _published(corpus: Corpus) -> Reader:
    """For a command without a conversation: from the database if there is one, never making one.

    Opened at the first question that the office may have published something about. Whatever is
    wrong with the database, the notice can still be asked.
    """

    def read(kinds: Collection[str], on: date) -> list[Publication]:
        from sqlalchemy import make_url
        from sqlalchemy.exc import SQLAlchemyError

        from bot.core.published import reader
        from bot.settings import BadSetting, load_settings
        from storage.database import StorageUnavailable, connect, exists, transaction

        try:
            url = load_settings().database_url
            if not exists(make_url(url)):
                return corpus.published(kinds, on)
            engine = connect(url)
            try:
                with transaction(engine, read_only=True) as connection:
                    return reader(connection, corpus)(kinds, on)
            finally:
                engine.dispose()
        except (BadSetting, StorageUnavailable, SQLAlchemyError):
            return corpus.published(kinds, on)

    return read


def _chat(options: argparse.Namespace) -> int:
    from bot.channels import jsonl, terminal

    app = _open()
    now = clock(options.now)
    if options.json:
        for line in jsonl.run(sys.stdin, app.assistant, app.files, now):
            print(line, flush=True)
    else:
        terminal.run(app.assistant, app.files, options.user, now)
    return 0


def _remind(options: argparse.Namespace) -> int:
    from bot.channels.wechat import window
    from bot.features.publications import announcements
    from bot.features.reminders import send as reminder_sender
    from policy.calendar.reminders import due_now, sending_hours

    app, now = _open(), clock(options.now)()
    announcements.send_due(app.engine, now)
    reachable = window.reachable if app.settings.wechat_secret else None
    times, holidays = app.settings.times, app.corpus.holidays
    sent, _ = reminder_sender.send_due(app.engine, holidays, now, reachable, times)
    calls = reminder_sender.unreachable(app.engine, holidays, now, reachable, times)
    due = due_now(now, holidays)
    data = {
        "sent": sent,
        "calls": calls,
        "due": due is not None,
        "hours": sending_hours(now, holidays),
        "quarter": due.quarter if due else reporting_quarter(now),
    }
    print(words("cli/reminded.j2", data))
    return 0


def _policy(options: argparse.Namespace) -> int:
    from policy.corpus import build_corpus

    if options.action == "check":
        from policy.consistency import report

        checked = report(build_corpus())
        print(words("cli/checked.j2", vars(checked)))
        if not checked.problems:
            print(checked.table)
        return 1 if checked.problems else 0
    if options.action == "proposals":
        return _proposals(options.arguments)
    if options.action == "diagram":
        from policy.checks.diagram import main as draw

        return draw(options.arguments, build_corpus().checks)
    try:
        from policy import model_commands
    except ImportError:
        raise _problem("development") from None
    return model_commands.main([options.action, *options.arguments], build_corpus())


def _proposals(arguments: list[str]) -> int:
    from pathlib import Path

    from bot.features.questions import proposals
    from storage import questions
    from storage.database import transaction

    wanted = argparse.ArgumentParser(prog="python -m bot policy proposals")
    wanted.add_argument("--to", required=True, metavar="DIR", type=Path)
    folder = wanted.parse_args(arguments).to
    app = _open()
    with transaction(app.engine, read_only=True) as connection:
        found = questions.proposals(connection)
    try:
        made = proposals.write(found, folder, app.corpus)
    except OSError:
        raise _problem("write", str(folder)) from None
    print(words("cli/proposals.j2", vars(made)))
    return 0


def _invite(options: argparse.Namespace) -> int:
    from bot.features.institutions import name_lookup
    from storage.database import transaction
    from storage.institutions import institutions
    from storage.people import people

    app, now = _open(), datetime.now(SHANGHAI)
    made, name = False, ""
    with transaction(app.engine) as connection:
        institution_id = None
        role = options.role
        if options.institution is not None:
            role, meant = "contact", name_lookup.meant(connection, options.institution)
            if meant.closed or meant.spelled:
                raise _problem("closed" if meant.closed else "spelled", meant.one.name if meant.one else "")
            if meant.one is None and not meant.fits:
                raise _problem("institution")
            made = meant.one is None
            name = meant.one.name if meant.one else meant.name
            institution_id = (
                meant.one.id
                if meant.one
                else institutions.create(connection, name, str(reporting_quarter(now)), now, None).id
            )
        code, expires = people.create_invite(connection, app.keys.codes, now, role, institution_id, None)
    data = {"institution": name, "role": role, "made": made, "code": code, "expires": expires}
    print(words("cli/invited.j2", data))
    return 0


def _export(options: argparse.Namespace) -> int:
    from pathlib import Path

    from bot.documents import export
    from storage.database import transaction
    from storage.totals import coverage

    try:
        quarter = Quarter.parse(options.quarter, datetime.now(SHANGHAI))
    except ValueError:
        raise _problem("quarter", options.quarter, str(reporting_quarter(datetime.now(SHANGHAI)))) from None
    if Path(options.to).suffix.lower() not in export.ENDINGS:
        raise _problem("ending", options.to)
    app, name = _open(), str(quarter)
    with transaction(app.engine, read_only=True) as connection:
        try:
            made = export.export_to(
                connection,
                app.corpus.form,
                name,
                options.accepted,
                app.settings.report_basis,
                app.keys,
                Path(options.to),
                app.settings.times,
            )
        except OSError:
            raise _problem("write", options.to) from None
        counted = coverage.turnout(connection, name, options.accepted)
    data = {"quarter": quarter, "turnout": counted, "accepted_only": options.accepted}
    print(words("cli/exported.j2", {**data, "paths": [str(path) for path in made]}))
    return 0


def _upgrade(options: argparse.Namespace) -> int:
    from bot.settings import load_settings
    from storage.database import connect, schema_state, upgrade

    engine = connect(load_settings().database_url)
    schema_state(engine)
    upgrade(engine)
    print(words("cli/upgraded.j2", {"number": schema_state(engine)}))
    return 0


def _serve(options: argparse.Namespace) -> int:
    from bot.app import open_app
    from bot.server import run

    _warn()
    return run(open_app())


def _open() -> App:
    from bot.app import open_app

    _warn()
    return open_app()


def _warn() -> None:
    """Say which settings are misspelt: they would be ignored in silence."""
    from bot.settings import load_settings, unknown_settings

    load_settings()  # a file that cannot be read is said first
    if names := unknown_settings():
        print(words("cli/unknown_settings.j2", {"names": names}), file=sys.stderr)


_COMMANDS: dict[str | None, Callable[[argparse.Namespace], int]] = {
    None: _serve,
    "chat": _chat,
    "ask": _ask,
    "read": cli_read.run,
    "remind": _remind,
    "policy": _policy,
    "invite": _invite,
    "export": _export,
    "upgrade": _upgrade,
}


def main(argv: list[str] | None = None) -> int:
    """Run a command; 0 when it succeeded, 1 with a sentence on standard error when not."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                encoding="utf-8", errors="surrogateescape" if stream is sys.stdin else "replace"
            )
    options = parser().parse_args(argv)
    try:
        return _COMMANDS[options.command](options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    except Exception as error:
        sentence = _start_problem(error)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
        return 1


def _start_problem(error: Exception) -> str | None:
    """The sentence for a fault the operator can mend; None for any other."""
    from policy.files import PolicyError

    if isinstance(error, PolicyError):
        return str(error)
    from bot.settings import BadSetting
    from storage.database import SchemaTooNew, SchemaTooOld, StorageUnavailable

    if isinstance(error, BadSetting):
        return str(error)
    kinds = {SchemaTooOld: "old", SchemaTooNew: "new", StorageUnavailable: "closed"}
    kind = kinds.get(type(error))
    return words("cli/start_problem.j2", {"kind": kind, "detail": error}) if kind else None
