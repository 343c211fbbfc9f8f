"""How a message looks in a WeChat conversation: text, its choices as links one can tap, links to files.

A link answers like typed text, with an id of ours beside it: the outbox row and the choice's place. The
token is then taken from the stored row, never from what came in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.channels.tencent.xml import literal, without_control
from bot.core.channel_limits import channel_of, size, split
from bot.core.messages import Choice, FileRef, Outgoing
from bot.core.render import words

CHANNEL = channel_of("wechat")
MORE = "more"  # the id of the link to what comes next
LINK_BYTES = 200  # kept free for a file's address

_ID = re.compile(r"([0-9]{1,18})-([0-9]{1,3})")
# What means something in an address or a tag, as the wide form that reads the same.
_WIDE = str.maketrans({c: chr(ord(c) + 0xFEE0) for c in "\"'<>&#%?=+;\\"})
_WIDE |= str.maketrans(dict.fromkeys(" \t\n\r", "\u3000"))


@dataclass(frozen=True)
class View:
    """What a person's message depends on beside its words.

    `numbers`: (label, token) → the number that presses it when typed, where numbers do. `link`: row and
    place of a file → its address, None when there is none. `hours`: how long it works.
    """

    numbers: Mapping[tuple[str, str], int]
    link: Callable[[int, int], str | None]
    hours: int = 24


def tapped(given: str) -> tuple[int, int] | None:
    """Outbox row and place of the choice behind an id; None for an id that is not ours."""
    found = _ID.fullmatch(given)
    return (int(found[1]), int(found[2])) if found else None


def tap(label: str, menu_id: str, shown: str) -> str:
    """A link that says its label when it is tapped."""
    said = without_control(label).translate(_WIDE)
    return f'<a href="weixin://bizmsgmenu?msgmenucontent={said}&msgmenuid={menu_id}">{shown}</a>'


def _plain(choice: Choice, number: int | None) -> str:
    return f"{number}. {literal(choice.label)}" if number else f"· {literal(choice.label)}"


def _least(message: Outgoing) -> int:
    """Bytes that a message needs at least: choices without links."""
    lines = [literal(message.text), *(_plain(choice, 99) for choice in message.choices)]
    lines += [words("wechat/file.j2", _file(ref, "x" * LINK_BYTES, 24)) for ref in message.files]
    return size("\n".join(lines), CHANNEL)


def _file(ref: FileRef, link: str | None, hours: int) -> dict[str, object]:
    return {"name": literal(ref.name), "link": link, "hours": hours}


def lay(message: Outgoing) -> list[Outgoing]:
    """A message in as many as it needs; files and choices go after the text."""
    *before, last = split(literal(message.text), CHANNEL)
    pages = [Outgoing(text) for text in before]
    page = Outgoing(last)
    for ref in message.files:
        longer = replace(page, files=(*page.files, ref))
        if page != Outgoing("") and _least(longer) > CHANNEL.longest:
            pages.append(page)
            longer = Outgoing("", files=(ref,))
        page = longer
    for choice in message.choices:
        longer = replace(page, choices=(*page.choices, choice))
        if page != Outgoing("") and _least(longer) > CHANNEL.longest:
            pages.append(page)
            longer = Outgoing("", (choice,))
        page = longer
    return [*pages, page]


def show(row: int, message: Outgoing, view: View) -> str:
    """One stored message as text: choices are links as far as there is room, else typed."""
    parts = [literal(message.text)] if message.text else []
    for place, ref in enumerate(message.files):
        parts.append(words("wechat/file.j2", _file(ref, view.link(row, place), view.hours)))
    numbers = [view.numbers.get((c.label, c.token)) for c in message.choices]
    lines = [_plain(c, n) for c, n in zip(message.choices, numbers, strict=True)]
    room = CHANNEL.longest - size("\n".join([*parts, *lines]), CHANNEL)
    for place, (choice, number) in enumerate(zip(message.choices, numbers, strict=True)):
        shown = _plain(choice, number) if number else literal(choice.label)
        linked = tap(choice.label, f"{row}-{place}", shown)
        room -= size(linked, CHANNEL) - size(lines[place], CHANNEL)
        if room < 0:
            break
        lines[place] = linked
    return "\n".join([*parts, *lines])


def bundle(pages: Sequence[tuple[int, Outgoing]], view: View) -> tuple[str, list[int]]:
    """As many of the pages, from the first on, as one message holds; the text and their rows."""
    texts: list[str] = []
    for row, message in pages:
        text = show(row, message, view)
        if texts and size("\n\n".join([*texts, text]), CHANNEL) > CHANNEL.longest:
            break
        texts.append(text)
    return "\n\n".join(texts), [row for row, _ in pages[: len(texts)]]


def and_more(text: str) -> str:
    """The text with a way to what comes next under it."""
    word = words("wechat/messages.more_word")
    return f"{text}\n\n{words('wechat/messages.more', {'link': tap(word, MORE, word)})}"


def wants_more(text: str) -> bool:
    """Whether a person asks for what comes next."""
    return text.strip(" \t\r\n。.!！") == words("wechat/messages.more_word")
