"""What goes into the work group by the robot: shown in full, confirmed, and put into the outbox."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from html import unescape
from typing import Any

from bot.core.messages import Outgoing
from bot.core.reach import group
from bot.office import html
from bot.office.reports import missing
from bot.office.reports.board import counts
from bot.office.visit import Answer, Goto, NotFound, Page, Visit
from policy.calendar.quarters import Quarter, local, reporting_quarter
from policy.institutions.district_order import in_order
from storage import audit
from storage.conversations import messages
from storage.reports import board

KINDS = {"missing": "missing_words.html", "progress": "progress_words.html"}
STANDS = timedelta(minutes=30)  # how long what was shown may be sent


def show(visit: Visit) -> Answer:
    """The text as it would be sent: `quarter` and `kind` (missing, progress) in the query."""
    return _page(visit, visit.quarter(), visit.query.get("kind", "missing"))


def send(visit: Visit) -> Answer:
    """Send what was shown; where it reads otherwise by now, it is shown again."""
    kind, quarter, at = _seen(visit)
    stands = timedelta() <= visit.now - at <= STANDS  # first: a day at the end of time has no local one
    text = _text(visit, quarter, kind, at) if stands else ""
    if not text or _digest(text) != visit.form.get("digest") or not group.is_served(visit.connection):
        return _page(visit, quarter, kind, changed=True)
    messages.enqueue(visit.connection, group.ADDRESS, [Outgoing(text).body()], visit.now)
    who = visit.officer.person_id
    audit.record(visit.connection, visit.now, who, "group.send", f"quarter:{quarter}", kind=kind)
    return Goto(f"/office/missing?quarter={quarter}", "group_sent")


def _seen(visit: Visit) -> tuple[str, Quarter, datetime]:
    """What the form was about; what it does not say is as if it had been shown just now."""
    kind = visit.form.get("kind", "")
    try:
        quarter = Quarter.parse(visit.form.get("quarter", ""), visit.now)
        at = datetime.fromisoformat(visit.form.get("at", ""))
    except ValueError:
        quarter, at = reporting_quarter(visit.now), visit.now
    at = at if at.tzinfo else visit.now
    return kind if kind in KINDS else "missing", quarter, at


def _page(visit: Visit, quarter: Quarter, kind: str, *, changed: bool = False) -> Page:
    """The page.

    Raises:
        NotFound: there is no such text.
    """
    if kind not in KINDS:
        raise NotFound
    text = _text(visit, quarter, kind, visit.now)
    data: dict[str, Any] = {
        "quarter": quarter,
        "kind": kind,
        "text": text,
        "digest": _digest(text),
        "at": visit.now.isoformat(),
        "served": group.is_served(visit.connection),
        "changed": changed,
    }
    return Page("group.html", data, 409 if changed else 200)


def _text(visit: Visit, quarter: Quarter, kind: str, at: datetime) -> str:
    """The words, with names of institutions and counts alone; plain text."""
    data: dict[str, Any] = {"now": local(at), "form": visit.corpus.form_of(quarter)}
    if kind == "missing":
        data |= missing.about(visit, quarter, None)[0]
    else:
        due = visit.times.due(quarter)
        groups = board.groups(visit.connection, str(quarter), due)
        districts = in_order({one.district for one in groups})
        data |= {
            "quarter": quarter,
            "due": due,
            "counts": counts(groups),
            "districts": [(name, counts([g for g in groups if g.district == name])) for name in districts],
        }
    return unescape(html.environment().get_template(KINDS[kind]).render(data)).strip()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
