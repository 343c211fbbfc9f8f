"""The policy's data as one immutable value, built from the packaged files and a layer over them.

Whoever needs policy data is given a `Corpus`, or the part of it that matters. Two of them may stand
side by side in one process: today's, and one with a layer that is being tried out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import copy, deepcopy
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any

from policy.answers.entries import Answers, Entry, overlaid, parse_topic
from policy.answers.groups import Composed, parse_composed
from policy.answers.layering import Layer, joined
from policy.answers.publications import Publication, parse_publication
from policy.answers.unwritten import Unwritten, parse_unwritten
from policy.calendar.quarters import Quarter
from policy.calendar.reminders import Calendar, parse_holidays
from policy.checks.dated import checks_on, in_force
from policy.checks.rules import Check, Fact, parse_facts
from policy.checks.standards import Standard, parse_standards
from policy.files import PolicyError, packaged, packaged_file
from policy.form.form import Form, parse_form
from policy.form.other_names import with_other_names
from policy.index.index import Index
from policy.index.model_file import packaged_weights
from policy.index.training_data import training_inputs
from policy.index.understanding import QuestionReader
from policy.jobs.lexicon import packaged_lexicon
from policy.jobs.model_file import packaged_weights as job_weights
from policy.jobs.reading import JobReader
from policy.notice.clauses import Notices, parse_notice
from policy.reading.text import normalise
from policy.spans import LATER, as_of, days_changed, holds

DAYS_KEPT = 64  # of which the checks are at hand

# Section of a layer → the part of the corpus that it changes. Sections have the packaged files' shape:
# `notices`, `entries`, `standards` and `publications` are lists, `holidays` the list of its days,
# `phrasings` entry id → texts, `form` the keys of its file that are replaced, `facts` whole facts. A notice
# or entry with a known id replaces what it names of that one; any other is added.
PARTS = {
    "notices": "notices",
    "entries": "answers",
    "phrasings": "later_phrasings",
    "standards": "standards",
    "checks": "checks",
    "facts": "facts",
    "holidays": "holidays",
    "publications": "publications",
    "form": "form",
}

# What is another with other entries and phrasings; the dated copies hold them too.
_OWN = frozenset({"layer", "told", "faults", "answers", "phrasings", "later_phrasings", "index", "questions"})
_OWN |= {"_of_days"}


@dataclass(frozen=True, eq=False)
class Corpus:
    """All that the policy knows; each part is read when it is first asked for, and then kept.

    What changes with time (a clause, an entry, a publication) is asked for as of a day.
    """

    layer: Layer = field(default_factory=lambda: MappingProxyType({}))
    told: Answers | None = None  # in place of the entries as they stand in the files: some are withheld
    faults: tuple[str, ...] = ()  # why they are

    @cached_property
    def notices(self) -> Notices:
        """The notice and what amends it."""
        raw = {data["id"]: (name, data) for name, data in packaged("notice/texts")}
        raw |= {data["id"]: (f"layer/{data['id']}", data) for data in self.layer.get("notices", ())}
        return Notices([parse_notice(name, data) for name, data in raw.values()])

    @cached_property
    def answers(self) -> Answers:
        """The entries."""
        if self.told is not None:
            return self.told
        return Answers(overlaid(self.packaged_entries, self.layer.get("entries", ())))

    @cached_property
    def packaged_entries(self) -> tuple[Entry, ...]:
        """The entries as they stand in the files."""
        return tuple(e for name, data in packaged("answers/topics") for e in parse_topic(name, data))

    @cached_property
    def composed(self) -> Composed:
        """The groups of people, and the steps and benefits they are asked about."""
        groups, steps = (packaged_file(f"answers/composed/{name}.yaml") for name in ("groups", "steps"))
        return parse_composed(groups, steps)

    @cached_property
    def unwritten(self) -> Unwritten:
        """The reviewed list of points that the notice does not write."""
        return parse_unwritten(packaged_file("answers/composed/unwritten.yaml"))

    @cached_property
    def form(self) -> Form:
        """The quarterly form, of its first day unless the corpus is one of a day."""
        return self._form_as_of(None)

    @cached_property
    def form_data(self) -> Mapping[str, Any]:
        """The form as data, with what changes it later."""
        return {**packaged_file("form/form.yaml"), **self.layer.get("form", {})}

    def _form_as_of(self, day: date | None) -> Form:
        every = (self.form_data, *(self.form_data.get(LATER) or ()))
        return parse_form(with_other_names(as_of(self.form_data, day), every))

    @cached_property
    def _of_days(self) -> dict[tuple[str, ...], Corpus]:
        return {(): self}  # the copies of days share it, and find their way back

    def on(self, day: date) -> Corpus:
        """Return the corpus with the form of a day; the first day's as long as none has changed it."""
        key = days_changed(self.form_data.get(LATER) or (), day)
        if key not in self._of_days:
            dated = copy(self)  # with all that was read before
            for part in ("jobs", "standards"):
                dated.__dict__.pop(part, None)
            dated.__dict__["form"] = self._form_as_of(day)
            self._of_days[key] = dated
        return self._of_days[key]

    def form_of(self, quarter: Quarter | str) -> Form:
        """Return the form of a quarter, whenever it is filled in, read or printed: its last day's.

        Raises:
            ValueError: a text names no quarter.
        """
        found = Quarter.parse(quarter) if isinstance(quarter, str) else quarter
        return self.on(found.last_day).form

    @cached_property
    def facts_data(self) -> Mapping[str, Any]:
        """The facts as data, each with what changes it later."""
        return {**packaged_file("checks/facts.yaml"), **self.layer.get("facts", {})}

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """Every fact that a check may ask, by id, as the notice came."""
        return self._facts(None)

    def _facts(self, on: date | None) -> Mapping[str, Fact]:
        facts = {name: as_of(data, on) for name, data in self.facts_data.items()}
        return MappingProxyType(parse_facts(facts, packaged_file("checks/wordings.yaml")))

    @cached_property
    def checks(self) -> Mapping[str, Check]:
        """The checks by id as the notice came, in the order a person meets them; without standards."""
        return self.checks_on(self.notices.base.valid_from)

    @cached_property
    def definitions(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """The definitions of the checks, those of every time."""
        later = ((f"layer/{raw['id']}", raw) for raw in self.layer.get("checks", ()))
        return (*packaged("checks/definitions"), *later)

    @cached_property
    def _dated_checks(self) -> dict[tuple[object, ...], Mapping[str, Check]]:
        return {}

    def checks_on(self, on: date) -> Mapping[str, Check]:
        """Return the checks as of a day, read again only when a notice or a definition changes."""
        found = self._checks_of_days.get(on)
        if found is None:
            if len(self._checks_of_days) >= DAYS_KEPT:
                self._checks_of_days.clear()
            found = self._checks_of_days[on] = self._checks_dated(on)
        return found

    @cached_property
    def _checks_of_days(self) -> dict[date, Mapping[str, Check]]:
        return {}

    def _checks_dated(self, on: date) -> Mapping[str, Check]:
        notices = tuple(n.id for n in self.notices.amendments if n.in_force(on))
        facts = tuple(
            (name, days_changed(data.get(LATER) or (), on)) for name, data in self.facts_data.items()
        )
        changed = tuple(one for one in facts if one[1])
        key = (notices, tuple(name for name, _ in in_force(self.definitions, on)), changed)
        if key not in self._dated_checks:
            asked = self._facts(on) if changed else self.facts
            dated = checks_on(self.definitions, asked, self.notices, on)
            self._dated_checks[key] = MappingProxyType(dated)
        return self._dated_checks[key]

    @cached_property
    def standards_data(self) -> tuple[Mapping[str, Any], ...]:
        """The national standards' conditions that were typed in, those of every time."""
        return (
            *(packaged_file("checks/standards.yaml")["standards"] or ()),
            *self.layer.get("standards", ()),
        )

    @cached_property
    def standards(self) -> tuple[Standard, ...]:
        """The standards without an end of their time."""
        return self.standards_on(None)

    def standards_on(self, on: date | None) -> tuple[Standard, ...]:
        """Return the standards that hold on a day; without one those that no other has replaced."""
        held = [
            one
            for one in self.standards_data
            if (holds(one, on) if on is not None else one.get("valid_until") is None)
        ]
        return tuple(parse_standards({"standards": held}, self.form)) if held else ()

    @cached_property
    def holidays(self) -> Calendar:
        """Days told otherwise than the calendar library has them."""
        days = [*packaged_file("calendar/holidays.yaml")["days"], *self.layer.get("holidays", ())]
        return MappingProxyType(dict(parse_holidays({"days": days})))

    @cached_property
    def publications(self) -> tuple[Publication, ...]:
        """What is published beside the notice, by the layer; what the database holds is not here."""
        return tuple(parse_publication(raw) for raw in self.layer.get("publications", ()))

    def published(self, kinds: Collection[str], on: date) -> list[Publication]:
        """Return the publications of these kinds that hold on that day."""
        return [p for p in self.publications if p.kind in kinds and p.holds(on)]

    @cached_property
    def phrasings(self) -> Mapping[str, Any]:
        """The files of questions that the index is learnt from, by name."""
        files = dict(self.packaged_phrasings)
        if later := self.layer.get("phrasings"):
            files["layer"] = {"author": "layer", "phrasings": later}
        return MappingProxyType(files)

    @cached_property
    def packaged_phrasings(self) -> Mapping[str, Any]:
        """The same as they stand in the files."""
        return MappingProxyType(dict(packaged("index/phrasings")))

    @cached_property
    def later_phrasings(self) -> Mapping[str, str]:
        """Normalised text → entry, of what came after the index was learnt: answered for certain.

        Raises:
            PolicyError: an entry does not exist, a text has nothing to compare, or means two entries.
        """
        texts = [(e["title"], e["id"]) for e in self.layer.get("entries", ()) if "title" in e]
        texts += [(t, i) for i, lines in self.layer.get("phrasings", {}).items() for t in lines]
        found: dict[str, str] = {}
        for text, entry_id in texts:
            plain = normalise(text)
            entry = self.answers.get(entry_id)
            if entry is None or not plain:
                raise PolicyError(f"phrasings/layer: {entry_id}: {text}")
            meant = entry.replaces or entry_id  # what holds on the day is looked up by the id replaced
            if found.setdefault(plain, meant) != meant:
                raise PolicyError(f"phrasings/layer: “{text}”对应两个条目：{found[plain]}、{meant}")
        return MappingProxyType(found)

    @cached_property
    def index(self) -> Index:
        """The question index."""
        return Index(packaged_weights(), self.later_phrasings)

    @cached_property
    def questions(self) -> QuestionReader:
        """What reads the questions that somebody asks."""
        return QuestionReader(self.index, self.answers, self.composed, self.unwritten)

    @cached_property
    def jobs(self) -> JobReader:
        """What reads the jobs that somebody wants done."""
        return JobReader(self.form, packaged_lexicon(), job_weights())

    def relaid(self, layer: Layer) -> Corpus:
        """Return the same corpus with other entries and phrasings over it; all else is shared.

        Raises:
            PolicyError: what the layer says is impossible.
        """
        fresh = build_corpus(joined(self.layer, {k: layer.get(k) for k in ("entries", "phrasings")}))
        for part, value in self.__dict__.items():
            if part not in _OWN:
                fresh.__dict__.setdefault(part, value)
        return fresh

    def amended(self, notice: Mapping[str, Any]) -> Corpus:
        """Return the corpus with one more notice, in place of one of its id; warm parts are not shared.

        Raises:
            PolicyError: what the notice says is impossible.
        """
        others = (one for one in self.layer.get("notices", ()) if one["id"] != notice["id"])
        return build_corpus({**self.layer, "notices": [*others, notice]})

    @property
    def learnt(self) -> Corpus:
        """The corpus without what is answered beside the weights: what they have to be learnt from."""
        under = {k: v for k, v in self.layer.items() if k not in ("entries", "phrasings")}
        return self if len(under) == len(self.layer) else build_corpus(under)

    @property
    def training_inputs(self) -> dict[str, Any]:
        """All that the index is learnt from."""
        return training_inputs(self.answers, self.phrasings, self.composed, self.unwritten)


def build_corpus(layer: Layer | None = None) -> Corpus:
    """Return the corpus of the packaged files, with a layer over them.

    Raises:
        PolicyError: the layer has an unknown section, or what it says is impossible. The packaged files
            are read when they are needed, and raise it then.
    """
    layer = layer or {}
    if unknown := [section for section in layer if section not in PARTS]:
        raise PolicyError(f"layer: 没有这个部分：{'、'.join(unknown)}")
    corpus = Corpus(MappingProxyType(deepcopy(dict(layer))))
    for section in layer:
        try:
            getattr(corpus, PARTS[section])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise PolicyError(f"layer/{section}: {type(error).__name__} {error}") from error
    if "entries" in layer:
        _ = corpus.later_phrasings
    return corpus
