"""The notice, cut into clauses with stable ids, and amendments to it by date."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from policy.files import PolicyError, as_day


def bare(text: str) -> str:
    """`text` without any white space: how quotations are compared with the notice."""
    return re.sub(r"\s+", "", text)


@dataclass(frozen=True)
class Clause:
    """One clause, verbatim. `section` is the heading it stands under ("" for none)."""

    id: str
    title: str
    text: str
    notice: str
    number: str
    section: str = ""

    def contains(self, quote: str) -> bool:
        """Whether `quote` stands in this clause to the letter, white space aside."""
        return bare(quote) in bare(self.text)

    def marked(self, quote: str) -> tuple[str, str, str]:
        """The text as (before, the quoted sentence, after); the middle is "" when not found.

        The quotation may differ in white space: it is found by its bare characters.
        """
        wanted = bare(quote)
        start = bare(self.text).find(wanted) if wanted else -1
        if start < 0:
            return self.text, "", ""
        places = [i for i, c in enumerate(self.text) if not c.isspace()]
        begin, end = places[start], places[start + len(wanted) - 1] + 1
        return self.text[:begin], self.text[begin:end], self.text[end:]


@dataclass(frozen=True)
class Notice:
    """A published notice. An amending one replaces whole clauses from `valid_from` on."""

    id: str
    name: str
    number: str
    issuer: str
    contact: str
    dated: date
    valid_from: date
    valid_until: date | None
    source: str
    clauses: tuple[Clause, ...]
    amends: str = ""
    sha256: str = ""

    def in_force(self, on: date) -> bool:
        """Whether the notice holds on that day (both ends included)."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)

    def text_hash(self) -> str:
        """sha256 of headings and clauses in order, white space removed."""
        parts, section = [], ""
        for clause in self.clauses:
            if clause.section != section and clause.section:
                parts.append(clause.section)
                section = clause.section
            parts.append(clause.text)
        return hashlib.sha256(bare("".join(parts)).encode()).hexdigest()


def parse_notice(name: str, data: dict[str, Any]) -> Notice:
    """A `Notice` from the content of its file.

    Raises:
        PolicyError: a field is missing or a clause id stands twice.
    """
    try:
        clauses = tuple(
            Clause(
                id=c["id"],
                title=c["title"],
                text=c["text"].strip(),
                section=c.get("section", ""),
                notice=data["id"],
                number=data["number"],
            )
            for c in data["clauses"]
        )
        notice = Notice(
            id=data["id"],
            name=data["name"],
            number=data["number"],
            issuer=data["issuer"],
            contact=data["contact"],
            dated=_day(data["dated"]),
            valid_from=_day(data["valid_from"]),
            valid_until=as_day(data.get("valid_until")),
            source=data["source"],
            clauses=clauses,
            amends=data.get("amends", ""),
            sha256=data.get("sha256", ""),
        )
    except KeyError as error:
        raise PolicyError(f"notices/{name}: 缺少字段 {error}") from error
    ids = [c.id for c in clauses]
    for clause_id in ids:
        if ids.count(clause_id) > 1:
            raise PolicyError(f"notices/{name}: 条款编号重复 {clause_id}")
    return notice


def _day(value: Any) -> date:
    day = as_day(value)
    if day is None:
        raise PolicyError("notices/: 没有写日期")
    return day


class Notices:
    """All notices; answers "what does clause X say on day D"."""

    def __init__(self, notices: list[Notice]) -> None:
        base = [n for n in notices if not n.amends]
        if len(base) != 1:
            raise PolicyError(f"notices/: 应有且只有一份基础通知，现有 {len(base)} 份")
        self.base = base[0]
        self.amendments = tuple(sorted((n for n in notices if n.amends), key=lambda n: n.valid_from))
        known = set(self.ids())
        for notice in self.amendments:
            for clause in notice.clauses:
                if clause.id not in known:
                    raise PolicyError(f"notices/{notice.id}: 修订了不存在的条款 {clause.id}")

    def ids(self) -> list[str]:
        """Clause ids in the order of the base notice."""
        return [c.id for c in self.base.clauses]

    def clause(self, clause_id: str, on: date | None = None) -> Clause:
        """The clause as it reads on that day (today's reading of the base without a date).

        Raises:
            KeyError: no clause has that id.
        """
        found = next((c for c in self.base.clauses if c.id == clause_id), None)
        if found is None:
            raise KeyError(clause_id)
        if on is not None:
            for notice in self.amendments:
                if notice.in_force(on):
                    found = next((c for c in notice.clauses if c.id == clause_id), found)
        return found

    def cited(self, clause_ids: Iterable[str], on: date) -> list[tuple[str, list[str]]]:
        """(number of the notice, its clauses), as they read on that day, the base notice first."""
        by_number: dict[str, list[str]] = {}
        for clause_id in self.order(set(clause_ids)):
            by_number.setdefault(self.clause(clause_id, on).number, []).append(clause_id)
        return sorted(by_number.items(), key=lambda pair: pair[0] != self.base.number)

    def order(self, clause_ids: set[str] | list[str]) -> list[str]:
        """The given ids in the notice's own order, each once."""
        return [i for i in self.ids() if i in set(clause_ids)]
