"""Every template and macro is used, every name exists, and every call keeps to a macro's signature."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jinja2
import pytest
from jinja2 import nodes

from bot.core.dialogs.dialog import Problem
from bot.core.render import environment, plain_name, render, words
from tests.support.talk import NOON

BOT = Path(__file__).parents[2] / "bot"
TEMPLATES = BOT / "templates"
PAGES = ("office_web", "web", "pdf")  # HTML, each folder with an environment of its own
NAME = re.compile(r"([a-z_]+/)*[a-z_]+(\.xml)?\.(j2|html|svg)|(\w+/)?messages\.\w+")
# What a dialog or a problem offers its words: to be taken or left
OFFERED = {"question", "resumed", "again", "changing", "answered", "way"}
NO_TEMPLATES = {"route.html"}  # names of files that are handed over
SAYING = {"say", "render", "words", "rendered", "lines"}


@cache
def parsed() -> Mapping[str, nodes.Template]:
    """Every template by its name below `templates/`."""
    return {
        str(path.relative_to(TEMPLATES)): environment().parse(path.read_text(encoding="utf-8"))
        for path in sorted(TEMPLATES.rglob("*"))
        if path.suffix in (".j2", ".html", ".svg")
    }


@cache
def signatures() -> Mapping[str, tuple[str, ...]]:
    """The arguments of every macro of a `messages.j2`, by the macro's name as callers say it."""
    return {
        f"{file.removesuffix('.j2')}.{macro.name}": tuple(argument.name for argument in macro.args)
        for file, tree in parsed().items()
        if file.rpartition("/")[2] == "messages.j2"
        for macro in tree.find_all(nodes.Macro)
    }


@cache
def sources() -> Mapping[Path, ast.Module]:
    """Every module of `bot`."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(BOT.rglob("*.py"))}


def named() -> Iterator[tuple[str, str]]:
    """(where, the name) of everything in code that looks like a template's name."""
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
                yield f"{path.relative_to(BOT)}:{node.lineno}", node.value


def folder_of(name: str) -> str:
    """The folder that names in an environment of pages begin in."""
    return next((f"{pages}/" for pages in PAGES if name.startswith(f"{pages}/")), "")


def resolved(name: str, beside: str = "") -> list[str]:
    """The files and macros that a name may mean: names of pages leave out their folder."""
    known = [*parsed(), *signatures()]
    return [
        found
        for found in dict.fromkeys((beside + name, name, *(f"{p}/{name}" for p in PAGES)))
        if found in known
    ]


def inside(name: str) -> nodes.Node:
    """What a name's own words are: a file, or one macro of a file."""
    if name in parsed():
        return parsed()[name]
    file, _, macro = name.rpartition(".")
    return next(m for m in parsed()[f"{file}.j2"].find_all(nodes.Macro) if m.name == macro)


def referred(name: str) -> set[str]:
    """The files that a file or a macro includes, imports or extends, and the macros it says."""
    file = name if name in parsed() else f"{name.rpartition('.')[0]}.j2"
    tree = inside(name)
    found = {found for node in _tied(tree) for found in _files(node.template, folder_of(file))}
    if file != name:  # a macro may say what its file imports
        called = {node.name for node in tree.find_all(nodes.Name)}
        for node in _tied(parsed()[file]):
            if isinstance(node, nodes.Import | nodes.FromImport) and called & _bound(node):
                found |= set(_files(node.template, folder_of(file)))
        found |= {f"{file.removesuffix('.j2')}.{n}" for n in called} & signatures().keys()
    return found


def _tied(tree: nodes.Node) -> Iterator[nodes.Include | nodes.Extends | nodes.Import | nodes.FromImport]:
    """What ties a template to another file."""
    yield from tree.find_all(nodes.Include)
    yield from tree.find_all(nodes.Extends)
    yield from tree.find_all(nodes.Import)
    yield from tree.find_all(nodes.FromImport)


def _files(template: nodes.Expr, beside: str) -> Iterator[str]:
    for constant in [template, *template.find_all(nodes.Const)]:
        if isinstance(constant, nodes.Const) and isinstance(constant.value, str):
            yield from resolved(constant.value, beside)


def _bound(node: nodes.Import | nodes.FromImport) -> set[str]:
    if isinstance(node, nodes.Import):
        return {node.target}
    return {name if isinstance(name, str) else name[1] for name in node.names}


def reached() -> set[str]:
    """Every file and macro that some code leads to."""
    waiting = [found for _, name in named() for found in resolved(name)]
    waiting += [name for name in parsed() if name.startswith("docx/")]  # put together by their parts' names
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += referred(name)
    return seen


def test_every_name_in_code_exists() -> None:
    unknown = [(where, name) for where, name in named() if not resolved(name)]
    assert not [one for one in unknown if one[1] not in NO_TEMPLATES]


def test_every_name_in_a_template_exists() -> None:
    missing = []
    for name, tree in parsed().items():
        for node in _tied(tree):
            beside = folder_of(name)
            if isinstance(node.template, nodes.Const) and not resolved(node.template.value, beside):
                missing.append((name, node.template.value))
    assert not missing


def test_every_template_and_macro_is_reached() -> None:
    files = {name for name in parsed() if name.rpartition("/")[2] != "messages.j2"}
    assert not sorted((files | signatures().keys()) - reached())


def test_every_shared_part_is_said_somewhere() -> None:
    said = {node.attr for tree in parsed().values() for node in tree.find_all(nodes.Getattr)}
    said |= {node.name for tree in parsed().values() for node in tree.find_all(nodes.Name)}
    defined = {
        (name, macro.name)
        for name, tree in parsed().items()
        if name.rpartition("/")[2] != "messages.j2"
        for macro in tree.find_all(nodes.Macro)
    }
    assert not sorted(f"{name}: {macro}" for name, macro in defined if macro not in said)


def test_macros_ask_for_every_argument_and_use_it() -> None:
    wrong = []
    for name in signatures():
        macro = inside(name)
        assert isinstance(macro, nodes.Macro)
        given = {argument.name for argument in macro.args}
        loaded = {n.name for n in macro.find_all(nodes.Name) if n.ctx == "load"}
        included = any(True for _ in macro.find_all(nodes.Include))
        if macro.defaults or (given - loaded and not included):
            wrong.append(name)
    assert not wrong


def test_short_messages_are_macros() -> None:
    short = [
        name
        for name, tree in parsed().items()
        if name.endswith(".j2")
        and not name.startswith(("docx/", "web/"))
        and not name.endswith("messages.j2")
        if len((TEMPLATES / name).read_text(encoding="utf-8").splitlines()) <= 3
        if any(found == name for _, called in named() for found in resolved(called))
        if not any(name in referred(other) for other in [*parsed(), *signatures()])
    ]
    assert not short, "make it a macro of its folder's messages.j2"


class Call(NamedTuple):
    """A call that says a macro: the arguments it names, and whether these are all it gives."""

    where: str
    macro: str
    given: set[str]
    whole: bool
    function: str


def calls() -> Iterator[Call]:
    """Every call in code that says a macro."""
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            said = [(at, name) for at, argument in enumerate(node.args) for name in _macros(argument)]
            call = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for at, name in said:
                keywords = {k.arg for k in node.keywords if k.arg} - {"files", "serial"}
                whole = all(k.arg for k in node.keywords)
                if call not in ("say", "render", "lines", "Problem"):  # words, and the classes of prompts
                    data = node.args[at + 1] if len(node.args) > at + 1 else ast.Dict([], [])
                    keys = data.keys if isinstance(data, ast.Dict) else [None]
                    keywords |= {str(k.value) for k in keys if isinstance(k, ast.Constant)}
                    whole = None not in keys and call != "of"
                where = f"{path.relative_to(BOT)}:{node.lineno}"
                yield Call(where, name, keywords, whole, call)


def _macros(argument: ast.expr) -> list[str]:
    """The macros that an argument names: one, or one of two."""
    either = [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
    return [str(c.value) for c in either if isinstance(c, ast.Constant) and c.value in signatures()]


def test_every_call_gives_a_macro_what_it_asks_for() -> None:
    wrong, seen = [], 0
    for call in calls():
        seen += 1
        asked = set(signatures()[call.macro])
        unknown, missing = call.given - asked, asked - call.given
        if call.function == "Problem":
            unknown, missing = unknown - Problem.NOTES, missing - OFFERED
        elif call.function not in SAYING:  # a prompt, whose data are offered
            unknown, missing = set(), missing - OFFERED
        if unknown or (missing and call.whole):
            wrong.append(f"{call.where} {call.macro}: unknown {sorted(unknown)}, missing {sorted(missing)}")
    assert seen > 150
    assert not wrong, "\n".join(wrong)


def test_a_missing_and_an_unknown_argument_are_refused() -> None:
    assert words("check/messages.reminder_kept", {"day": NOON})
    with pytest.raises(TypeError, match="missing"):
        render("check/messages.reminder_kept")
    with pytest.raises(TypeError, match="unknown"):
        render("check/messages.reminder_kept", day=NOON, hour=3)
    with pytest.raises(jinja2.TemplateNotFound):
        render("check/messages.nothing_of_this_name")


def test_a_file_is_one_whatever_its_ending() -> None:
    files = [name for name in parsed() if not name.startswith((*PAGES, "docx/")) and not name.endswith(".j2")]
    assert files
    for name in files:
        with pytest.raises(jinja2.UndefinedError):  # it is found, and asks for its values
            render(name)


def test_what_is_offered_is_taken_or_left() -> None:
    assert render("check/messages.reminder_kept", ambient={"day": NOON, "hour": 3}).templates == (
        "check/messages.reminder_kept",
    )


def test_a_name_without_its_folder() -> None:
    assert [plain_name(name) for name in ("problem/messages.choose", "report/review.j2")] == [
        "choose",
        "review",
    ]
