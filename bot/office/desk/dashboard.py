"""看板: what is asked and how deep it is answered, how far checks come, what reports take, who is reached."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.core.channel_limits import CHANNELS
from bot.core.render import words
from bot.documents.export_rows import harmless
from bot.documents.store import safe_name
from bot.office.desk.week_chart import FEW, drawn
from bot.office.reports.board import counts
from bot.office.visit import Answer, Download, Page, Visit
from policy.calendar.quarters import local, reporting_quarter
from policy.corpus import Corpus
from storage.desk.weeks import last_weeks
from storage.monitoring import counted
from storage.people import people
from storage.reports import board
from storage.totals import quarter_work

PATH = "/office/dashboard"
PERIODS = (4, 12, 52)  # weeks
BLOCK = 4  # weeks in a column where they would be too many
TOPICS = 10
ANSWERED = ("exact", "published")
PARTS = (ANSWERED, ("near",), ("unsure", "offered", "refused"))  # of a column, from below
DEPTHS = ("exact", "published", "near", "unsure", "offered", "refused", "other")


@dataclass(frozen=True)
class Way:
    """How far people came in one check; `left`: (what was asked, how often nobody answered it)."""

    name: str
    begun: int
    finished: int
    left: tuple[tuple[str, int], ...]


def show(visit: Visit) -> Answer:
    """The board of the last weeks: `weeks` and `channel` in the query."""
    chosen = next((w for w in PERIODS if str(w) == visit.query.get("weeks")), PERIODS[0])
    weeks = last_weeks(local(visit.now), chosen)
    connection, corpus = visit.connection, visit.corpus
    found = counted.by_week(connection, weeks, counted.KINDS)
    channels = sorted({channel for _, channel, _, _ in found})
    channel = visit.query.get("channel", "")
    channel = channel if channel in channels else ""
    here = {key: n for key, n in found.items() if not channel or key[1] == channel}
    topics = counted.by_topic(connection, weeks, "question", channel=channel)
    data: dict[str, Any] = {
        "path": PATH,
        "weeks": chosen,
        "periods": PERIODS,
        "since": _monday(visit.now, chosen),
        "until": local(visit.now).date(),
        "channel": channel,
        "channels": channels,
        "totals": _totals(here),
        "by_channel": {c: _totals({k: n for k, n in found.items() if k[1] == c}) for c in channels},
        "depths": DEPTHS,
        "chart": drawn(list(_columns(here, weeks, local(visit.now)))),
        "top": _top(corpus, topics, DEPTHS),
        "unanswered": _top(corpus, topics, counted.UNANSWERED),
        "disliked": _top(
            corpus, counted.by_topic(connection, weeks, "feedback", ("down",), channel), ("down",)
        ),
        "ways": _ways(corpus, counted.by_topic(connection, weeks, "dialog", channel=channel)),
        **_reports(visit, weeks, chosen),
    }
    return Page("dashboard.html", data)


def download(visit: Visit) -> Answer:
    """The counters of the last three years, or of `weeks`, as a table for a spreadsheet."""
    given = visit.query.get("weeks", "")
    chosen = next((w for w in PERIODS if str(w) == given), counted.WEEKS_KEPT)
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(words("office/messages.counters_head").split("，"))
    titles = {e.id: e.title for e in visit.corpus.answers.entries.values()}
    for *key, many in counted.rows(visit.connection, last_weeks(local(visit.now), chosen)):
        writer.writerow([*key, harmless(titles.get(key[3], "")), f"<{FEW}" if 0 < many < FEW else many])
    name = words("office/messages.counters_name", {"on": local(visit.now).date()})
    return Download(safe_name(f"{name}.csv"), table.getvalue().encode("utf-8-sig"))


def _totals(found: dict[tuple[str, str, str, str], int]) -> Counter[str]:
    total: Counter[str] = Counter()
    for (_, _, kind, depth), many in found.items():
        if kind == "question":
            total[depth] += many
            total["asked"] += many
            total["answered"] += many * (depth in ANSWERED)
        elif kind in ("feedback", "report"):
            total[depth] += many
    return total


def _columns(
    found: dict[tuple[str, str, str, str], int], weeks: list[str], now: datetime
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """(label, its parts) of each week, or of four together where there are many."""
    by_week: dict[str, Counter[str]] = {week: Counter() for week in weeks}
    for (week, _, kind, depth), many in found.items():
        if kind == "question":
            by_week[week][depth] += many
    block = BLOCK if len(weeks) > PERIODS[1] else 1
    for start in range(0, len(weeks), block):
        some = weeks[start : start + block]
        monday = _monday(now, len(weeks) - start)
        parts = tuple(sum(by_week[week][depth] for week in some for depth in part) for part in PARTS)
        yield f"{monday.month}/{monday.day}", parts


def _monday(now: datetime, weeks: int) -> date:
    """The first day of the earliest of so many weeks."""
    today = local(now).date()
    return today - timedelta(days=today.weekday() + 7 * (weeks - 1))


def _top(corpus: Corpus, sums: list[counted.Sum], depths: tuple[str, ...]) -> list[tuple[str, str, int]]:
    """(entry, its title, how often) of the commonest topics."""
    total: Counter[str] = Counter()
    for one in sums:
        if one.topic and one.depth in depths:
            total[one.topic] += one.count
    entries = corpus.answers.entries
    return [(i, entries[i].title if i in entries else i, many) for i, many in total.most_common(TOPICS)]


def _ways(corpus: Corpus, sums: list[counted.Sum]) -> list[Way]:
    """How far people came, check by check, the whole route first."""
    far: dict[str, Counter[str]] = {}
    for one in sums:
        far.setdefault(one.topic, Counter())[one.depth] += one.count
    found = []
    for name, steps in sorted(far.items(), key=lambda item: -item[1]["begun"]):
        check = corpus.checks.get(name.removeprefix("check-"))
        left: Counter[str] = Counter()
        for step, many in steps.items():
            kind, _, asked = step.partition(":")
            if kind == "asked" and (gone := many - steps[f"told:{asked}"]) > 0:
                fact = corpus.facts.get(asked)
                left[fact.short if fact else asked] += gone
        title = check.title if check else ""
        found.append(Way(title, steps["begun"], steps["finished"], tuple(left.most_common(3))))
    return found


def _reports(visit: Visit, weeks: list[str], many: int) -> dict[str, Any]:
    """The quarter's reports, what they took, and whom the office can write to."""
    connection, quarter = visit.connection, reporting_quarter(visit.now)
    since = local(visit.now) - timedelta(weeks=many)
    spoken = counted.by_topic(connection, weeks, "report")
    sent = quarter_work.sent_since(connection, since)
    messages = sum(one.count for one in spoken)
    reach = people.reach_of_institutions(connection)
    pushed = sum(any(CHANNELS[r.address.channel].pushes for r in ways) for ways in reach.values())
    expected = counts(board.groups(connection, str(quarter), visit.times.due(quarter)))
    return {
        "quarter": quarter,
        "expected": expected,
        "work": quarter_work.of_quarter(connection, str(quarter)),
        "each": round(messages / sent) if sent and messages else None,
        "reminded": quarter_work.reminded(connection, str(quarter)),
        "reach": {"pushed": pushed, "visits": len(reach) - pushed},
    }
