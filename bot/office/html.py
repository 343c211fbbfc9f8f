"""How the office's pages are rendered: their own autoescaping templates, the words' filters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment

from bot.core import render
from bot.http.static import static_url
from bot.office.visit import Visit
from policy.calendar.quarters import FIRST_YEAR, Quarter, local


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The HTML templates."""
    env = render.templates("templates/office_web", autoescape=True)
    env.filters.update(segment=_segment, clock=_clock, told_deadline=_told_deadline, date=_date)
    env.globals.update(static=static_url)
    return env


def _segment(text: object) -> str:
    """A part of an address: everything quoted."""
    return quote(str(text), safe="")


def _told_deadline(kept: object) -> str:
    """A first late moment as an audit row keeps it, in words; what is no moment stays as it is."""
    try:
        return str(environment().filters["deadline"](datetime.fromisoformat(str(kept))))
    except ValueError:
        return str(kept)


def _date(day: date) -> str:
    """A day of the calendar, in words."""
    return f"{day.year}年{day.month}月{day.day}日"


def _clock(moment: datetime) -> str:
    """The time of day, for lists whose day is stated above."""
    return f"{local(moment):%H:%M}"


def page(template: str, data: Mapping[str, Any], visit: Visit | None = None) -> str:
    """A page as HTML. `visit` is None for those who are not in."""
    shared: dict[str, Any] = {"visit": visit, "officer": visit.officer if visit else None}
    if visit is not None:
        corpus, quarter = visit.corpus, data.get("quarter")
        shared["form"] = corpus.form_of(quarter) if isinstance(quarter, Quarter) else corpus.form
        shared |= {"csrf": visit.csrf, "done": visit.query.get("done", ""), "now": local(visit.now)}
        shared["heard"] = visit.heard
    return environment().get_template(template).render({**shared, **data})


def quarters_until(now: Quarter) -> list[Quarter]:
    """The quarters one can choose from, newest first."""
    found: list[Quarter] = []
    one: Quarter | None = now
    while one is not None and one >= Quarter(FIRST_YEAR, 2):  # the notice's first quarter's end
        found.append(one)
        one = one.previous()
    return found
