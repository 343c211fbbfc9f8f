"""A one-time code, shown once: carried over to the next page sealed, for this session and a short time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from markupsafe import Markup

from bot.documents import qr
from bot.office.visit import Goto, Visit
from storage.people import people

SHOWN_FOR = timedelta(minutes=10)  # a reload by mistake still shows it
_PURPOSE = "code"


@dataclass(frozen=True)
class Shown:
    """A code that was just made. `role` as in `storage.people`; `district` of a reader.

    `link` hands it over, `picture` shows that link, `home` is our address; None where no address is known.
    """

    code: str
    role: str
    district: str
    expires: datetime
    link: str | None = None
    home: str | None = None
    picture: Markup | None = None


def give(
    visit: Visit,
    path: str,
    done: str,
    role: str,
    institution_id: int | None = None,
    district: str | None = None,
) -> Goto:
    """Make a code, and go to the page at `path`, which shows it."""
    code, expires = people.create_invite(
        visit.connection,
        visit.app.keys.codes,
        visit.now,
        role,
        institution_id,
        visit.officer.person_id,
        district=district,
    )
    values = [
        _PURPOSE,
        visit.officer.session_id,
        visit.now.isoformat(),
        code,
        role,
        district or "",
        expires.isoformat(),
    ]
    return Goto(f"{path}?{urlencode({'code': visit.app.keys.seal(json.dumps(values))})}", done)


def shown(visit: Visit) -> Shown | None:
    """The code that the address carries; None without one, in another session, or when it is too late."""
    opened = visit.app.keys.open(visit.query.get("code"))
    values = json.loads(opened) if opened and opened.startswith("[") else []
    if len(values) != 7 or values[:2] != [_PURPOSE, visit.officer.session_id]:
        return None
    if visit.now - datetime.fromisoformat(values[2]) > SHOWN_FOR:
        return None
    settings = visit.app.settings
    link = qr.invite_link(settings.public_url, settings.telegram_name, values[3])
    picture = Markup(qr.svg(link)) if link else None  # noqa: S704 - drawn by the library, no text in it
    expires = datetime.fromisoformat(values[6])
    return Shown(values[3], values[4], values[5], expires, link, settings.public_url, picture)
