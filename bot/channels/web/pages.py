"""How the web chat looks: its own HTML templates, its static files, and a history as a page."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import dropwhile, takewhile
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from bot.core.messages import Choice, Outgoing
from bot.core.render import render, templates, words
from bot.core.responsible import Responsible
from bot.features.report.sheet.view import RowView, SheetView
from bot.http.bodies import showable
from bot.http.static import static_url
from policy.calendar.quarters import local
from policy.checks.rules import Check
from storage.conversations.history import Line
from storage.data_kinds import KINDS

OPENING = "/start"  # what opens a conversation; the person did not say it, so it is not shown

_MARKED = re.compile(r"▶([^▶◀]+)◀")
_ADDRESS = r"https?://[A-Za-z0-9][A-Za-z0-9.-]*[^\s<>\"'“”‘’（）()【】《》，。；：、！？]*"
_SPECIAL = re.compile(rf"(▶[^▶◀]+◀)|({_ADDRESS})")


@dataclass(frozen=True)
class Bubble:
    """One line of the conversation as shown: what the person said, or a message of ours.

    `id` is the outbox row it belongs to; `newest` whether it came after the last thing said, or
    is that; `form` the message id its buttons send.
    """

    id: int
    said: str | None
    message: Outgoing | None
    at: datetime | None
    newest: bool
    form: str


def fresh_id() -> str:
    """A message id for a form: 128 random bits."""
    return secrets.token_urlsafe(16)


def bubbles(
    lines: Iterable[Line], read: Callable[[Mapping[str, Any]], Outgoing] = Outgoing.from_body
) -> list[Bubble]:
    """A history, oldest first, ready to show; `read` opens a stored message."""
    shown = [line for line in lines if line.said != OPENING]
    last_said = max((i for i, line in enumerate(shown) if line.said is not None), default=0)
    return [
        Bubble(
            line.outbox_id,
            line.said,
            read(line.body) if line.body is not None else None,
            local(line.at),
            i >= last_said,
            fresh_id(),
        )
        for i, line in enumerate(shown)
    ]


def greeting(checks: Iterable[Check]) -> Bubble:
    """What somebody new sees. Stored only once they say something: a crawler leaves no trace."""
    message = render("menu.j2", hello=True, checks=list(checks), institutions=[], office=False)
    return Bubble(0, None, message, None, True, fresh_id())


def rich(text: str) -> Markup:
    """A text of ours as HTML: everything literal, but `▶…◀` marked and addresses linked."""
    pieces: list[Markup] = []
    end = 0
    for found in _SPECIAL.finditer(text):
        pieces.append(escape(text[end : found.start()]))
        if found[1]:
            pieces.append(Markup("<mark><i>▶</i>{}<i>◀</i></mark>").format(found[1][1:-1]))
        else:
            link = '<a href="{0}" rel="noopener noreferrer nofollow" target="_blank">{0}</a>'
            pieces.append(Markup(link).format(found[2]))  # noqa: S704 - a constant; the address is escaped
        end = found.end()
    return Markup("").join([*pieces, escape(text[end:])])


def paragraphs(text: str) -> list[str]:
    """The lines of a text; a mark that runs over several is closed and opened at each end."""
    whole = _MARKED.sub(lambda found: f"▶{found[1]}◀".replace("\n", "◀\n▶"), text)
    return whole.replace("▶◀\n", "\n").split("\n")


def blocks(text: str) -> list[list[str]]:
    """A text's lines, those of a table together: two or more in a row whose cells are parted by ｜."""
    found: list[list[str]] = []
    for line in paragraphs(text):
        if line.count("｜") > 1 and found and found[-1][0].count("｜") == line.count("｜"):
            found[-1].append(line)
        else:
            found.append([line])
    return found


def foremost(choices: Sequence[Choice]) -> list[Choice]:
    """The choices to set off from the others: the first answers that stand together.

    An answer that comes after something else (加一个职业 behind 改数, after 提交) is none of them.
    """
    shown = dropwhile(lambda c: ":v:" not in c.token, choices)
    return list(takewhile(lambda c: ":v:" in c.token, shown))


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The HTML templates, autoescaping."""
    env = templates("templates/web", autoescape=True)
    env.filters.update(rich=rich, blocks=blocks, showable=showable, foremost=foremost)
    env.filters.update(lines=lines, sheet_of=sheet_of)
    env.globals.update(static=static_url)
    return env


def lines(text: str) -> Markup:
    """A sentence of ours, its lines kept."""
    return Markup("<br>").join(escape(line) for line in showable(text).strip().split("\n"))


def sheet_of(choice: Choice) -> str:
    """The address of the sheet that a button opens; "" for any other button."""
    name, _, place = choice.token.partition(":")
    institution, _, quarter = place.partition(":")
    return f"/sheet/{institution}/{quarter}" if name == "sheet" and quarter else ""


def sheet(shown: SheetView, big: bool = False) -> str:
    """A sheet as a page."""
    return environment().get_template("sheet.html").render(sheet=shown, form_id=fresh_id(), big=big)


def sheet_rows(shown: SheetView, rows: Sequence[RowView]) -> str:
    """Only these rows, for the script."""
    places = {row.occupation: n for n, row in enumerate(shown.rows)}
    return environment().get_template("sheet_rows.html").render(sheet=shown, rows=rows, places=places)


@dataclass(frozen=True)
class Whose:
    """Who somebody is in a browser after a link: the name given, and for whom they speak."""

    name: str
    institutions: tuple[str, ...]


def entrance(whose: Whose | None, code: str, to: str, big: bool = False) -> str:
    """What a link from another channel opens; without `whose` it does not work any more."""
    data = {"whose": whose, "code": code, "to": to, "form_id": fresh_id(), "big": big}
    return environment().get_template("entrance.html").render(data)


def problem(sentence: str, big: bool = False) -> str:
    """A page that says what could not be done."""
    return environment().get_template("problem.html").render(sentence=sentence, big=big)


def page(shown: list[Bubble], now: datetime, **more: Any) -> str:
    """The whole page. Further values are as in `chat.html`; each has a quiet default."""
    data: dict[str, Any] = {"notice": None, "typed": "", "form_id": fresh_id(), "again": None, "at": ""}
    data |= {"opening": False, "cut": False, "big": False}
    return environment().get_template("chat.html").render({**data, **more, "shown": shown, "now": local(now)})


def privacy_page(model: bool, by: Responsible, big: bool = False) -> str:
    """What is kept of people, as the chat tells it.

    `model`: whether one may read their questions; `by`: who answers for it.
    """
    told = render("privacy/page.j2", kinds=KINDS, model=model, by=by).text
    return environment().get_template("privacy.html").render(text=told, big=big)


def fragment(shown: list[Bubble], oldest: int, at: str = "") -> str:
    """Only the new lines, for the script to append, with the next message's id.

    `oldest` is the first outbox row there still is: lines before it were forgotten. `at` is where the chat
    stands ("" at the root).
    """
    template = environment().get_template("fragment.html")
    return template.render(shown=shown, oldest=oldest, form_id=fresh_id(), at=at)


def notice(kind: str, **data: Any) -> str:
    """A sentence about what could not be done."""
    return words("web/notice.j2", {"kind": kind, **data})
