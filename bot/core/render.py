"""Everything the bot says is a Jinja2 template; templates also name their buttons.

A screen is a file of its own, `report/review.j2`. A message of one to three lines is a macro of its
feature's `messages.j2`: `report/messages.saved` is `saved` in `report/messages.j2`. Its signature is
kept to: what is missing and what it does not know are refused.

A template writes its words and calls `button(label, token)` (standing), `option(label, value)`
(an answer to the pending question) or `act(label, action)` (bound to this step). The marks these
leave are private-use characters, which the door takes out of everything people send, so what a
person typed is shown literally and can never become a button.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, TemplateNotFound
from jinja2.runtime import Macro

from bot.core.messages import Choice, FileRef, Outgoing
from policy.calendar.quarters import local

OPEN, MIDDLE, CLOSE = "\ue000", "\ue001", "\ue002"
_BUTTON = re.compile(f"{OPEN}(.*?){MIDDLE}(.*?){CLOSE}\n?", re.S)
_BLANKS = re.compile(r"\n{3,}")
_FILE = ".j2"
_MESSAGES = "messages"  # the file of a feature's macros
_NOTHING: Mapping[str, object] = {}


def _button(label: str, token: str) -> str:
    return f"{OPEN}{label}{MIDDLE}{token}{CLOSE}\n"


def _day(value: datetime) -> str:
    moment = local(value)
    return f"{moment.year}年{moment.month}月{moment.day}日"


def _monthday(value: datetime) -> str:
    moment = local(value)
    return f"{moment.month}月{moment.day}日"


def _deadline(value: datetime) -> str:
    """The first moment that is late, as people say it: the day before's 24:00 for a midnight."""
    moment = local(value)
    if moment.time() != time():
        return f"{moment.month}月{moment.day}日{moment:%H:%M}"
    before = moment - timedelta(days=1)
    return f"{before.month}月{before.day}日24:00"


def _dueday(value: datetime) -> str:
    """The same for a sentence: only the day where it is a whole one."""
    return _deadline(value).removesuffix("24:00")


def _minute(value: datetime) -> str:
    return f"{_day(value)} {local(value):%H:%M}"


def templates(folder: str, autoescape: bool, **options: Any) -> Environment:
    """An environment of a folder of ours: strict, with the filters that tell times."""
    env = Environment(
        loader=PackageLoader("bot", folder),
        autoescape=autoescape,  # noqa: S701 - chat is plain text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        **options,
    )
    env.filters.update(day=_day, monthday=_monthday, minute=_minute, deadline=_deadline, dueday=_dueday)
    return env


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The environment of everything said in chat, made once."""
    env = templates("templates", autoescape=False)  # plain text; the web page escapes it when it shows it
    env.globals.update(
        button=_button,
        option=lambda label, value: _button(label, f"@v:{value}"),
        act=lambda label, action: _button(label, f"@a:{action}"),
    )
    return env


@cache
def _template(name: str) -> Template:
    found = environment().get_template(name)
    found.globals = dict(found.globals)  # a chain of maps costs every rendering more than the words do
    return found


def _is_macro(name: str) -> bool:
    file = name.rpartition("/")[2]
    return file.startswith(f"{_MESSAGES}.") and not file.endswith(_FILE)


@cache
def _macro(name: str) -> Macro:
    """The macro that `report/messages.saved` names.

    Raises:
        TemplateNotFound: there is none.
    """
    file, _, macro = name.rpartition(".")
    found = getattr(_template(f"{file}{_FILE}").module, macro, None)
    if not isinstance(found, Macro):
        raise TemplateNotFound(name)
    return found


def prepare() -> None:
    """Compile every `messages.j2` now, so that no message waits for the whole of one."""
    for name in environment().list_templates(filter_func=lambda file: file.endswith(f"{_MESSAGES}{_FILE}")):
        _ = _template(name).module


def plain_name(template: str) -> str:
    """The name without its folder: saved for `report/messages.saved` and for `report/saved.j2`."""
    return template.rpartition("/")[2].removesuffix(_FILE).removeprefix(f"{_MESSAGES}.")


def _raw(template: str, data: Mapping[str, object], ambient: Mapping[str, object]) -> str:
    """What a template says, its buttons still marks in the text.

    Raises:
        TypeError: a macro's argument is missing, or one is given that it does not know.
    """
    if not _is_macro(template):
        return _template(template).render({**ambient, **data})
    macro = _macro(template)
    given = {name: ambient[name] for name in macro.arguments if name in ambient} | dict(data)
    if given.keys() != set(macro.arguments):
        missing = [name for name in macro.arguments if name not in given]
        unknown = [name for name in given if name not in macro.arguments]
        raise TypeError(f"{template}: missing {missing}, unknown {unknown}")
    return str(macro(**given))


def bind(token: str, serial: int) -> str:
    """A step-bound token tied to a conversation's step; standing tokens stay as they are."""
    return f"s{serial}:{token[1:]}" if token.startswith("@") else token


def render(
    template: str,
    serial: int = 0,
    files: tuple[FileRef, ...] = (),
    ambient: Mapping[str, object] = _NOTHING,
    **data: Any,
) -> Outgoing:
    """One message from a template. `serial` ties its step-bound buttons to the step.

    `ambient` are values that a macro may take or leave; `data` are its arguments.

    Raises:
        TypeError: `data` is not what the macro's signature names.
    """
    return _said(template, serial, files, data, ambient)


def _said(
    template: str,
    serial: int,
    files: tuple[FileRef, ...],
    data: Mapping[str, object],
    ambient: Mapping[str, object] = _NOTHING,
) -> Outgoing:
    raw = _raw(template, data, ambient)
    choices: tuple[Choice, ...] = ()
    if OPEN in raw:
        choices = tuple(Choice(label, bind(token, serial)) for label, token in _BUTTON.findall(raw))
        raw = _BUTTON.sub("", raw)
    text = _BLANKS.sub("\n\n", raw).strip()
    return Outgoing(text, choices, files, (template,))


def words(template: str, data: Mapping[str, object] | None = None) -> str:
    """Only the words of a template (labels, file names)."""
    return _said(template, 0, (), data or {}).text
