"""`python -m bot export`: the aggregated form of a quarter, or the rows behind it."""

from __future__ import annotations

import argparse
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("quarter")
    parser.add_argument("--to", required=True, metavar="FILE.xlsx", help="or FILE.csv: the rows behind")
    parser.add_argument("--accepted", action="store_true", help="accepted revisions only")


def run(options: argparse.Namespace) -> int:
    """Write the files and print what was counted."""
    from datetime import datetime
    from pathlib import Path

    from bot.cli.opening import opened
    from bot.cli.problems import problem
    from bot.core.render import words
    from bot.documents import export
    from policy.calendar.quarters import SHANGHAI, Quarter, reporting_quarter
    from storage import audit
    from storage.connections.database import transaction
    from storage.totals import coverage

    now = datetime.now(SHANGHAI)
    try:
        quarter = Quarter.parse(options.quarter, now)
    except ValueError:
        raise problem("quarter", options.quarter, str(reporting_quarter(now))) from None
    if Path(options.to).suffix.lower() not in export.ENDINGS:
        raise problem("ending", options.to)
    app, name = opened(), str(quarter)
    with transaction(app.engine, read_only=True) as connection:
        try:
            made = export.export_to(
                connection,
                app.corpus.form_of(quarter),
                name,
                options.accepted,
                app.settings.report_basis,
                app.keys,
                Path(options.to),
                app.settings.times,
            )
        except OSError:
            raise problem("write", options.to) from None
        counted = coverage.turnout(connection, name, options.accepted)
    with transaction(app.engine) as connection:
        audit.record(connection, now, None, "export", f"quarter:{name}", accepted_only=options.accepted)
    data = {"quarter": quarter, "turnout": counted, "accepted_only": options.accepted}
    print(words("cli/messages.exported", {**data, "paths": [str(path) for path in made]}))
    if app.keys.unread:
        print(words("cli/messages.unread", {"count": app.keys.unread}), file=sys.stderr)
    return 0
