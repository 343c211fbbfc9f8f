"""`python -m bot invite`: a one-time code for the office or an institution."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--office", action="store_true")
    who.add_argument("--institution", metavar="NAME")
    parser.add_argument("--role", choices=["staff", "head"], default="staff")
    parser.add_argument("--qr", metavar="FILE", type=Path, help="a QR picture of the link, .png or .svg")
    parser.add_argument("--letter", metavar="FILE", type=Path, help="a sheet to print and hand over, .html")


def run(options: argparse.Namespace) -> int:
    """Print a code and whose it is; an institution that is new is made."""
    from datetime import datetime

    from markupsafe import Markup

    from bot.cli.opening import opened
    from bot.cli.problems import problem
    from bot.core.render import words
    from bot.documents import qr
    from bot.features.institutions import name_lookup
    from bot.office.html import page
    from policy.calendar.quarters import SHANGHAI, reporting_quarter
    from storage.connections.database import transaction
    from storage.institutions import institutions
    from storage.people import people

    app, now = opened(makes=True), datetime.now(SHANGHAI)
    settings = app.settings
    if options.qr and not (settings.public_url or settings.telegram_name):
        raise problem("qr_address")
    if options.qr and options.qr.suffix not in (".png", ".svg"):
        raise problem("qr_ending", str(options.qr))
    for path in (options.qr, options.letter):  # a code that is made and not shown would be lost
        if path and path.exists():
            raise problem("there", str(path))
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
    link = qr.invite_link(settings.public_url, settings.telegram_name, code)
    data = {"institution": name, "role": role, "made": made, "code": code, "expires": expires, "link": link}
    print(words("cli/invited.j2", data), flush=True)
    if options.qr and link:
        _write(options.qr, qr.png(link) if options.qr.suffix == ".png" else qr.svg_file(link))
    if options.letter:
        picture = Markup(qr.svg(link)) if link else None  # noqa: S704 - drawn by the library, no text in it
        whose = words("cli/messages.whose", {"institution": name, "role": role})
        more = {"whose": whose, "home": settings.public_url, "picture": picture}
        _write(options.letter, page("letter_page.html", {**data, **more}).encode())
    return 0


def _write(path: Path, content: bytes) -> None:
    from bot.cli.problems import problem

    try:
        with path.open("xb") as file:
            file.write(content)
    except OSError:
        raise problem("write", str(path)) from None
