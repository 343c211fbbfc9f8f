"""`python -m bot invite`: a one-time code for the office or an institution."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--office", action="store_true")
    who.add_argument("--institution", metavar="NAME")
    parser.add_argument("--role", choices=["staff", "head"], default="staff")


def run(options: argparse.Namespace) -> int:
    """Print a code and whose it is; an institution that is new is made."""
    from datetime import datetime

    from bot.cli.opening import opened
    from bot.cli.problems import problem
    from bot.core.render import words
    from bot.features.institutions import name_lookup
    from policy.calendar.quarters import SHANGHAI, reporting_quarter
    from storage.database import transaction
    from storage.institutions import institutions
    from storage.people import people

    app, now = opened(makes=True), datetime.now(SHANGHAI)
    made, name = False, ""
    with transaction(app.engine) as connection:
        institution_id = None
        role = options.role
        if options.institution is not None:
            role, meant = "contact", name_lookup.meant(connection, options.institution)
            if meant.closed or meant.spelled:
                raise problem("closed" if meant.closed else "spelled", meant.one.name if meant.one else "")
            if meant.one is None and not meant.fits:
                raise problem("institution")
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
