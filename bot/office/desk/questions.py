"""提问: what people asked and did not get, by meaning; one reply, phrasing, entry or publication for many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bot.core import input_limits
from bot.core.render import render
from bot.office.desk.groups import Group, Grouped, work_out
from bot.office.visit import Answer, Goto, NotFound, Page, Visit
from policy.calendar.quarters import local
from policy.corpus import Corpus
from policy.reading.digits import whole_number
from storage.address import Address
from storage.conversations import messages
from storage.desk import question_groups

__all__ = ["act", "index", "show", "work_out"]

PATH = "/office/questions"
PAGE = 30  # groups
OFFERED = 8  # entries to choose from
MOST_CARRIED = 40  # questions taken along to another page
LONGEST, SHORTEST = 1000, 2  # of a reply
REASONS = ("handed", "disliked", "refused", "unsure", "near")
FIELD = "q:"  # q:17: the question of that number is meant too


def index(visit: Visit) -> Answer:
    """The groups, those with somebody who waits for a person first; `why` and `page` in the query."""
    found = _grouped(visit)
    why = visit.query.get("why", "")
    why = why if why in REASONS else ""
    groups = [g for g in found.groups if not why or why in g.kinds]
    here = visit.pager(PAGE).cut(groups)
    counts = {reason: sum(g.kinds.get(reason, 0) for g in found.groups) for reason in REASONS}
    data: dict[str, Any] = {
        "path": PATH,
        "groups": [(g, _title(visit.corpus, g)) for g in here.shown],
        "total": found.total,
        "looked_at": found.looked_at,
        "many": len(groups),
        "counts": counts,
        "why": why,
        "page": here.page + 1,
        "more": here.more,
    }
    return Page("questions.html", data)


def show(visit: Visit) -> Answer:
    """One group: its questions, what they would be answered with now, and what can be done with them."""
    return _page(visit, _group(visit))


def act(visit: Visit) -> Answer:
    """Do with the ticked questions of a group what `do` says."""
    group = _grouped(visit).of(visit.number("question"))
    if group is None:
        return Goto(PATH, "questions_gone")
    chosen = [one.id for one in group.asked if visit.form.get(f"{FIELD}{one.id}")]
    if not chosen:
        return _page(visit, group, 422, "none")
    wanted = visit.form.get("do", "")
    if wanted == "reply":
        return _reply(visit, group, chosen)
    if wanted == "drop":
        return _drop(visit, chosen)
    taken = ".".join(map(str, chosen[:MOST_CARRIED]))
    if wanted == "phrasing":
        entry = visit.form.get("entry", "")
        if entry not in visit.corpus.answers.entries:
            return _page(visit, group, 422, "entry")
        return Goto(f"/office/knowledge/{entry}?from={taken}")
    if wanted == "entry":
        return Goto(f"/office/knowledge/new?from={taken}")
    if wanted == "publication":
        return Goto(f"/office/publications/new?from={taken}")
    raise NotFound


def _reply(visit: Visit, group: Group, chosen: list[int]) -> Answer:
    text = "\n".join(line.strip() for line in input_limits.clean(visit.form.get("reply", "")).splitlines())
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        return _page(visit, group, 422, "reply")
    closed = question_groups.close(visit.connection, chosen, visit.officer.person_id, visit.now, text)
    told: dict[Address, list[str]] = {}
    for one in closed:
        for address, _ in one.told:
            told.setdefault(address, []).append(one.text)
    for address, asked in told.items():  # one message for all that a person asked
        message = render("desk/pushed.j2", texts=asked, reply=text, at=visit.now)
        messages.enqueue(visit.connection, address, [message.body()], visit.now)
    if not closed:
        return Goto(PATH, "questions_gone")
    return Goto(f"{PATH}?many={len(closed)}&people={len(told)}", "questions_replied")


def _drop(visit: Visit, chosen: list[int]) -> Answer:
    closed = question_groups.close(visit.connection, chosen, visit.officer.person_id, visit.now, None)
    told = 0
    for one in closed:
        for address, handed in one.told:
            if handed:  # who asked for a person waits for word
                message = render("desk/messages.dropped_push", text=one.text, at=visit.now)
                messages.enqueue(visit.connection, address, [message.body()], visit.now)
                told += 1
    if not closed:
        return Goto(PATH, "questions_gone")
    return Goto(f"{PATH}?many={len(closed)}&people={told}", "questions_dropped")


def _grouped(visit: Visit) -> Grouped:
    if not isinstance(visit.found, Grouped):
        raise NotFound
    return visit.found


def _group(visit: Visit) -> Group:
    group = _grouped(visit).of(visit.number("question"))
    if group is None:
        raise NotFound
    return group


def _title(corpus: Corpus, group: Group) -> str:
    entry = corpus.answers.entries.get(group.about.entry)
    return entry.title if entry else ""


def _page(visit: Visit, group: Group, status: int = 200, problem: str = "") -> Page:
    corpus, on = visit.corpus, local(visit.now).date()
    ids = [one.id for one in group.asked]
    search = visit.query.get("find", "")[:60]
    ranked = (
        corpus.answers.get(i, on) for i, _ in corpus.index.rank(search or group.asked[0].text)[:OFFERED]
    )
    near = corpus.answers.get(group.about.entry, on) if group.about.entry else None
    answered = corpus.answers.get(group.about.answered, on) if group.about.answered else None
    offered = {e.id: e for e in (near if not search else None, *ranked) if e is not None}
    chosen = {one.id: bool(visit.form.get(f"{FIELD}{one.id}")) for one in group.asked}
    data: dict[str, Any] = {
        "path": PATH,
        "group": group,
        "title": _title(corpus, group),
        "near": near,
        "answered": answered,
        "offered": list(offered.values()),
        "search": search,
        "chosen": chosen if visit.form else dict.fromkeys(ids, True),
        "doubts": question_groups.doubts(visit.connection, ids),
        "proposed": question_groups.proposed(visit.connection, ids),
        "entries": corpus.answers.entries,
        "reply": visit.form.get("reply", answered.answer if answered else ""),
        "problem": problem,
        "longest": LONGEST,
    }
    return Page("question_group.html", data, status)


def carried(visit: Visit) -> Mapping[int, str]:
    """Return number → words of the questions that `from` in the address or the form names."""
    given = visit.form.get("from") or visit.query.get("from", "")
    numbers = [n for part in given.split(".")[:MOST_CARRIED] if (n := whole_number(part)) is not None]
    return question_groups.texts(visit.connection, numbers) if numbers else {}


def carrying(asked: Mapping[int, str]) -> str:
    """Return the questions as an address names them."""
    return quote(".".join(map(str, asked)))
