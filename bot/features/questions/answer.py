"""Free text about the policy: the entry it asks for, the clauses it rests on, what to offer next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.core.messages import Outgoing
from bot.core.published import Reader, nothing, of_turn
from bot.core.render import render
from bot.core.turn import Turn
from bot.features.questions import jobs
from policy.answers.entries import Entry
from policy.calendar.quarters import local
from policy.corpus import Corpus
from policy.index.index import Found
from policy.index.outside_reading import OutsideReading, applied
from policy.index.parts import Part, Topic, Understood
from policy.jobs.reading import CERTAIN
from policy.notice.clause_names import clauses_named


@dataclass(frozen=True)
class Reply:
    """What was found for a question, and how it is said.

    `named`: the clauses shown to the letter because the message named them and asked nothing else;
    no entry then, and those on these clauses are near. `beside`: entries that may be the topic just as
    well, each with the clause of its quotation.
    """

    found: Found
    entries: tuple[Entry, ...]
    message: Outgoing
    named: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    beside: Mapping[str, tuple[Entry, str]] = field(default_factory=dict)

    @property
    def near(self) -> bool:
        """Whether a question's topic is answered, and its point is not written or was not recognised."""
        return bool(self.parts) and any(part.near(entry) for entry, part in self.told)

    @property
    def unsure(self) -> bool:
        """Whether a question was answered with the words of the notice only, not being recognised."""
        return any(part.kind == "unsure" for part in self.parts)

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses that the answer rests on."""
        told = [c for e, p in self.told for c in _clauses(e, p)]
        return tuple(dict.fromkeys([*self.named, *told, *(clause for _, clause in self.beside.values())]))

    @property
    def told(self) -> list[tuple[Entry, Part]]:
        """Each entry with how it is told."""
        parts = self.parts or tuple(Part(e.id, "exact") for e in self.entries)
        return list(zip(self.entries, parts, strict=True))

    @property
    def sure(self) -> bool:
        """Whether it answers or offers something of ours."""
        return self.found.kind != "refuse"


def _held(corpus: Corpus, entry_ids: Iterable[str], on: date) -> tuple[Entry, ...]:
    found = (corpus.answers.get(i, on) for i in entry_ids)
    return tuple(e for e in found if e is not None)


def reply(
    corpus: Corpus,
    text: str,
    on: date,
    last: str | None = None,
    buttons: bool = True,
    published: Reader = nothing,
    turn_id: int | None = None,
    outside: OutsideReading | None = None,
) -> Reply:
    """The answer to a question as of a day; `last` is what the conversation was about (`Topic`).

    `published` reads what the office published; `turn_id` is the turn that feedback will be about;
    `outside` is what a language model read where the index is unsure.
    """
    if named := clauses_named(text, corpus.notices):
        every = corpus.answers.entries.values()
        near = tuple(e.id for e in every if e.clauses[:1] and e.clauses[0] in named)[:3]
        shown = _original(corpus, named, "", on, _held(corpus, near, on) if buttons else ())
        return Reply(Found("answer", (), near), (), shown, named)
    understood = corpus.questions.understand(text, Topic.unpack(last))
    understood = applied(corpus.questions, understood, outside, last)
    found, parts = understood.found, _held_parts(corpus, understood, on)
    entries = tuple(entry for entry, _ in parts)
    if found.kind == "answer" and parts:
        ways = tuple(part for _, part in parts)
        said = tell(corpus, entries, on, buttons, published, turn_id, found.left, found.near, ways)
        return Reply(found, entries, said, parts=ways, beside=_beside(corpus, ways, on))
    if found.kind == "choose" and (offered := _held(corpus, found.entries, on)):
        return Reply(found, offered, render("policy/messages.choose", entries=offered, turn_id=turn_id))
    refusal = Found("refuse", (), neighbour=found.neighbour)
    said = render("policy/refuse.j2", neighbour=found.neighbour, buttons=buttons, turn_id=turn_id)
    return Reply(refusal, (), said)


def _held_parts(corpus: Corpus, understood: Understood, on: date) -> list[tuple[Entry, Part]]:
    """The parts whose entry holds on that day, with it."""
    held = ((corpus.answers.get(part.entry, on), part) for part in understood.parts)
    return [(entry, part) for entry, part in held if entry is not None]


def _clauses(entry: Entry, part: Part) -> tuple[str, ...]:
    """The clauses that one answer rests on: the group's step, or the entry's own."""
    return part.clauses or entry.clauses


def _beside(corpus: Corpus, parts: Sequence[Part], on: date) -> dict[str, tuple[Entry, str]]:
    """The entries that may be the topic just as well, each with the clause its quotation stands in."""
    held = ((part, corpus.answers.get(part.also, on)) for part in parts if part.also)
    return {part.also: (e, _at(corpus, e, Part(e.id, "exact"), on)) for part, e in held if e and e.quote}


def tell(
    corpus: Corpus,
    entries: tuple[Entry, ...],
    on: date,
    buttons: bool = True,
    published: Reader = nothing,
    turn_id: int | None = None,
    left: tuple[str, ...] = (),
    next_up: tuple[str, ...] = (),
    parts: Sequence[Part] = (),
) -> Outgoing:
    """One or two entries as a message: conclusion first, then the clauses, then what to ask next.

    `left` are further questions of the same message, named and not answered; their entries
    (`next_up`) are then the first to be offered. `parts` say of each entry how deep its answer goes;
    without them every entry was asked for itself.
    """
    parts = parts or [Part(entry.id, "exact") for entry in entries]
    told = list(zip(entries, parts, strict=True))
    beside = _beside(corpus, parts, on)
    cited = dict.fromkeys(c for entry, part in told for c in _clauses(entry, part))
    cited |= dict.fromkeys(clause for _, clause in beside.values())
    ahead = _held(corpus, next_up, on) if left else ()
    named = (r for entry in entries for r in corpus.answers.related(entry, on))
    related = {r.id: r for r in (*ahead, *(e for e, _ in beside.values()), *named)}
    base = corpus.notices.base
    return render(
        "policy/answer.j2",
        entries=entries,
        told=[(entry, part, _at(corpus, entry, part, on)) for entry, part in told],
        beside=beside,
        unsure=any(part.kind == "unsure" for part in parts),
        left=left,
        published={e.id: published(e.publishable, on) for e in entries if e.publishable},
        cited=corpus.notices.cited(list(cited), on),
        dated=base.dated,
        issued=None if base.in_force(on) else base.valid_from,
        turn_id=turn_id if buttons else None,
        related=[r for r in related.values() if r not in entries][:3] if buttons else [],
        checks=[corpus.checks[e.check] for e in entries if e.check and e.check in corpus.checks][:1],
        buttons=buttons,
    )


def _at(corpus: Corpus, entry: Entry, part: Part, on: date) -> str:
    """The clause in which the entry's quotation stands."""
    if not entry.quote:
        return ""
    found = (c for c in (*part.clauses, *entry.clauses) if corpus.notices.clause(c, on).contains(entry.quote))
    return next(found, entry.clauses[0])


def look_up(turn: Turn, text: str) -> Reply:
    """Find the answer within a conversation, once a message; nothing is remembered."""
    found: Reply = turn.once(
        f"answer {text}",
        lambda: reply(
            turn.corpus,
            text,
            local(turn.now).date(),
            turn.memory.topic,
            published=of_turn(turn),
            turn_id=turn.id,
            outside=turn.read_outside(text),
        ),
    )
    return found


def answer(turn: Turn, text: str) -> Reply:
    """Answer within a conversation; what was answered is remembered for a follow-up."""
    found = look_up(turn, text)
    own = found.entries if found.found.kind == "answer" else ()  # none: a clause shown to the letter
    turn.small_talk = bool(own) and all(e.smalltalk for e in own)
    if own and own[0].clauses:
        turn.memory.topic = _topic(found)
    return found


def _topic(found: Reply) -> str | None:
    """What the conversation is about after an answer, as it is remembered."""
    entry, part = found.told[-1]
    return Topic(entry.replaces or entry.id, part.group).pack()


def entry(turn: Turn, entry_id: str) -> Outgoing | None:
    """One entry, asked for by a button; None when it no longer exists."""
    on = local(turn.now).date()
    held = _held(turn.corpus, [entry_id], on)
    if not held:
        return None
    turn.memory.topic = held[0].replaces or entry_id
    if held[0].clauses:
        turn.memory.asked = (turn.id, entry_id)
    return tell(turn.corpus, held, on, published=of_turn(turn), turn_id=turn.id)


def original(turn: Turn, entry_id: str) -> Outgoing | None:
    """The clauses of an entry verbatim, the sentence that matters marked."""
    on = local(turn.now).date()
    topic = Topic.unpack(entry_id)
    held = _held(turn.corpus, [topic.entry], on) if topic else ()
    return _original(turn.corpus, held[0].clauses, held[0].quote, on) if held else None


def clause(turn: Turn, clause_id: str) -> Outgoing | None:
    """One clause verbatim; None when there is no such clause."""
    if clause_id not in turn.corpus.notices.ids():
        return None
    return _original(turn.corpus, (clause_id,), "", local(turn.now).date())


def _original(
    corpus: Corpus, clause_ids: tuple[str, ...], quote: str, on: date, related: tuple[Entry, ...] = ()
) -> Outgoing:
    found = [corpus.notices.clause(i, on) for i in clause_ids]
    return render(
        "policy/original.j2",
        numbers=list(dict.fromkeys(c.number for c in found)),
        clauses=[(c, c.marked(quote)) for c in found],
        marked=bool(quote),
        related=related,
    )


def topics(turn: Turn, number: int | None) -> Outgoing | None:
    """The list of topics, or the questions of one; None when there is no such topic."""
    by_topic = list(turn.corpus.answers.by_topic.items())
    if number is None:
        return turn.say("messages.topics", topics=[topic for topic, _ in by_topic])
    if not 0 <= number < len(by_topic):
        return None
    topic, entries = by_topic[number]
    held = _held(turn.corpus, [entry.id for entry in entries], local(turn.now).date())
    return turn.say("messages.topic", topic=topic, entries=held)


def as_json(
    corpus: Corpus, text: str, on: date, published: Reader = nothing, outside: OutsideReading | None = None
) -> dict[str, Any]:
    """The answer, or the job that is asked for, as `python -m bot ask --json` prints it.

    A job that is only likely gives way to an answer of just the point that was asked.
    """
    job = jobs.as_json(corpus, text, outside)
    if job is not None and job["sure"] == CERTAIN:
        return job
    said, _ = in_order(corpus, text, on, None, published, outside)
    return said if job is None or said.get("point") == "exact" else job


def in_order(
    corpus: Corpus,
    text: str,
    on: date,
    last: str | None,
    published: Reader = nothing,
    outside: OutsideReading | None = None,
) -> tuple[dict[str, Any], str | None]:
    """The answer alone, to a message after others, and what the conversation is about then."""
    said = reply(corpus, text, on, last, buttons=False, published=published, outside=outside)
    kind = said.found.kind
    entries = said.entries if kind == "answer" else ()
    title = "；".join(f"{i} {corpus.notices.clause(i, on).title}" for i in said.named)
    near = [*said.found.entries[1:], *said.found.near] if kind == "answer" else said.found.entries
    told = {
        "kind": kind,
        "entry": entries[0].id if entries else "",
        "title": entries[0].title if entries else title,
        "text": said.message.text,
        "clauses": corpus.notices.order(list(said.clauses)) if kind == "answer" else [],
        "alternatives": list(near),
    }
    if kind == "answer":
        told["point"] = "near" if said.near else "exact"
    return told, _topic(said) if entries and entries[0].clauses else last
