"""An official text as it is pasted, cut into clauses by the numbers it bears itself."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 60_000  # characters
MOST = 300  # clauses
PREFACE = "前言"
_NUMBER = "一二三四五六七八九十百零〇"
_ARTICLE = re.compile(rf"\s*(第[{_NUMBER}0-9]+条)(?!第)")
_CHAPTER = re.compile(rf"\s*第[{_NUMBER}0-9]+[章节编]")
_SECTION = re.compile(rf"\s*([{_NUMBER}]{{1,4}})、\s*")
_ITEM = re.compile(rf"\s*[（(]([{_NUMBER}]{{1,4}})[）)]")
_TITLE = re.compile(r"[^。；;：:]{1,30}")
_ANNEX = re.compile(r"附\s*件\s*[0-9一二三四五六七八九十]{0,2}\s*(?:[：:].*)?$")
ANNEX = "附件"


class TooLong(ValueError):
    """The text is longer than a document may be, or has more clauses."""


@dataclass(frozen=True)
class Cut:
    """One clause: its number in the document, its heading where it has one, and its words."""

    label: str
    title: str
    text: str


def cut(text: str) -> list[Cut]:
    """Return the clauses of a text: its 第X条, else its 一、 and （一）; what stands before them is 前言.

    Raises:
        TooLong: it is too long, or has too many clauses.
    """
    if len(text) > LONGEST:
        raise TooLong
    lines = [line.strip() for line in unicodedata.normalize("NFC", text).splitlines()]
    lines = [line for line in lines if line]
    articles = any(_ARTICLE.match(line) for line in lines)
    found = list(_by_article(lines) if articles else _by_section(lines))
    if len(found) > MOST:
        raise TooLong
    return found


def _by_article(lines: list[str]) -> list[Cut]:
    clauses: list[tuple[str, list[str]]] = [(PREFACE, [])]
    for line in lines:
        if _CHAPTER.match(line):
            continue  # a heading over articles; they bear their numbers through the whole document
        head = _ARTICLE.match(line)
        if head:
            clauses.append((head[1], []))
        clauses[-1][1].append(line)
    return _joined([(label, "", words) for label, words in clauses])


def _by_section(lines: list[str]) -> list[Cut]:
    clauses: list[tuple[str, str, list[str]]] = [(PREFACE, "", [])]
    section = ""
    for line in lines:
        head, item = _SECTION.match(line), _ITEM.match(line)
        if _ANNEX.match(line):
            section = ""
            if clauses[-1][0] != ANNEX:
                clauses.append((ANNEX, "", []))
        elif head:
            section = head[1]
            rest = line[head.end() :]
            is_heading = _TITLE.fullmatch(rest) is not None
            clauses.append((section, rest if is_heading else "", [] if is_heading else [line]))
            continue
        elif item and section:
            clauses.append((f"{section}（{item[1]}）", _heading(line[item.end() :]), []))
        clauses[-1][2].append(line)
    return _joined(clauses)


def _heading(rest: str) -> str:
    """What an item is called: its words up to the first full stop, if they are few."""
    head, stop, _ = rest.partition("。")
    return head.strip() if stop and _TITLE.fullmatch(head) else ""


def _joined(clauses: list[tuple[str, str, list[str]]]) -> list[Cut]:
    """The clauses that have words, the same number never twice."""
    seen: dict[str, int] = {}
    found = []
    for label, title, words in clauses:
        if not words:
            continue
        seen[label] = seen.get(label, 0) + 1
        mark = f"{label}（第{seen[label]}处）" if seen[label] > 1 else label
        found.append(Cut(mark, title, "\n".join(words)))
    return found
