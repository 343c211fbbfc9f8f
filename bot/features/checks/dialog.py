"""The guided checks: questions derived from the rules, a verdict that explains itself.

Facts belong to a person and to whom they are about; one told in a check is known in the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache, partial
from typing import Any, NamedTuple

from bot.core.dialogs import vocabulary
from bot.core.dialogs.dialog import Dialog, Problem, Question, Stay
from bot.core.messages import Outgoing, Replies
from bot.core.published import of_turn
from bot.core.render import render
from bot.core.turn import Answers, Turn
from bot.features.checks import answers, cards
from bot.features.checks import told as kept
from bot.features.checks.ask_fact import LIKELY, AskFact, CheckContext, exactly
from bot.features.checks.claim_dates import claim_dates, years_counted
from policy.answers.publications import ONE_YEAR, OPEN_CLASS, Publication, one_year_reading
from policy.calendar.quarters import SHANGHAI, local
from policy.checks.conditions import UNSURE, Leaf, Reason
from policy.checks.rules import UNDECIDED, Check, Fact, Verdict
from policy.checks.standards import with_standards
from policy.corpus import DAYS_KEPT, Corpus
from policy.reading.dates import Period, settle
from storage.conversations import messages

CLASSES_SHOWN = 5
SAYS_NOTHING = ("不符合", "还没有")  # by themselves, as 是, 不是 and all so short


@dataclass(frozen=True)
class Judged(Stay):
    """The facts (as told) are enough for every verdict of the dialog."""

    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Item:
    """One check within the route.

    `because` are the answers that decided it, `verify` what to verify that no item before it names.
    """

    check: Check
    verdict: Verdict
    because: tuple[Reason, ...]
    verify: tuple[Leaf, ...]
    dates: dict[str, Any] | None


class OfDay(NamedTuple):
    """What a dialog asks with the rules of a day, looked up once."""

    checks: tuple[Check, ...]
    facts: Mapping[str, Fact]
    others: tuple[Fact, ...]  # the same, in order
    years: int  # that the clause counts


class CheckDialog(Dialog[CheckContext, Judged]):
    """One check of the policy as a dialog, or all of them as a route."""

    counted = True

    def __init__(
        self,
        name: str,
        intro: str,
        over: tuple[Check, ...],
        dated: Callable[[date], tuple[Check, ...]] | None = None,
    ) -> None:
        self.name = name
        self.intro = intro
        self.checks = over
        self._dated = dated
        self.facts = {f.id: f for check in self.checks for f in check.facts.values()}
        self._of_day = lru_cache(DAYS_KEPT)(self._looked_up)

    async def run(self, context: CheckContext) -> Judged:
        """Ask what can still change a verdict, in the rules' order; each fact once."""
        told: dict[str, str] = {}
        seen: dict[str, str] = {}  # as the rules see them
        today = self._of_day(context.on)
        for check in today.checks:
            while (fact := check.next_fact(seen)) is not None:
                told[fact.id] = await AskFact.of(fact, context, intro="" if told else self.intro)
                seen.update(settle({fact.id: told[fact.id]}, context.on, context.reading, today.years))
        return Judged(tuple(told.items()))

    def checks_on(self, on: date) -> tuple[Check, ...]:
        """The checks with the rules of that day."""
        return self._of_day(on).checks

    def facts_on(self, on: date) -> Mapping[str, Fact]:
        """The facts as they are asked about on that day, with those of other days."""
        return self._of_day(on).facts

    def _looked_up(self, on: date) -> OfDay:
        checks = self.checks
        if self._dated is not None:
            mine = {check.id for check in self.checks}
            checks = tuple(check for check in self._dated(on) if check.id in mine)
        facts = {**self.facts, **{f.id: f for check in checks for f in check.facts.values()}}
        return OfDay(checks, facts, tuple(facts.values()), years_counted(checks))

    def load(self, turn: Turn, answers: Answers) -> tuple[CheckContext, Answers]:
        """The person's facts are the answers."""
        about = turn.memory.about
        known = {fact: one.value for fact, one in kept.known(turn).items()}
        reused = tuple(f for f in known if f not in answers)
        on = local(turn.now).date()
        reading = one_year_reading(self.readings(turn, on))
        _, facts, others, _ = self._of_day(on)
        taken = tuple((f, chip(facts[f], known[f])) for f in self._taken(turn) if f in known)
        old = tuple(kept.old_of(turn, self.facts).items())
        return CheckContext(on, about, reused, reading, _asked(turn), taken, others, old), {**known}

    @staticmethod
    def _taken(turn: Turn) -> list[str]:
        """The facts that this message told in free words."""
        taken: list[str] = turn.once("taken", list)
        return taken

    def readings(self, turn: Turn, on: date) -> list[Publication]:
        """What the office published on 一年内, where the dialog turns on it."""
        return of_turn(turn)((ONE_YEAR,), on) if "claimed_on" in self.facts else []

    @staticmethod
    def classes(turn: Turn, on: date, check: str) -> list[Publication]:
        """The open classes that the office published, where enrolling is looked at."""
        return of_turn(turn)((OPEN_CLASS,), on)[:CLASSES_SHOWN] if check == "enrolment" else []

    def store(
        self, turn: Turn, context: CheckContext, question: Question[object], value: object
    ) -> list[Outgoing]:
        """Keep the fact with the person; the conversation only knows that it was asked here."""
        self._keep(turn, question.id, str(value))
        if turn.incoming.choice is None and _in_free_words(question, turn.text, value):
            also = answers.read_also(
                self.facts.values(), question.id, turn.text, context.on, turn.memory.about
            )
            for fact, told in also.items():
                self._keep(turn, fact, told)
            self._taken(turn).extend([question.id, *also])
        return []

    def _keep(self, turn: Turn, fact: str, value: str) -> None:
        kept.keep(turn, fact, value)
        turn.state.answers[fact] = ""

    def finish(self, turn: Turn, context: CheckContext, outcome: Judged) -> list[Outgoing]:
        """The verdict with its reasons, clauses and what to do next; or the whole route."""
        told = dict(outcome.facts)
        shared = {
            "answers": self.said(told, context.on),
            "reused": [self.facts[f].short for f in told if f in context.reused],
            "old": [(f, self.facts[f].short, at) for f, at in context.old if f in told],
            "about": context.about,
            "taken": context.taken,
            "readings": self.readings(turn, context.on) if context.reading and "claimed_on" in told else [],
        }
        verdicts = self.verdicts(told, context)
        if len(self.checks) == 1:
            check, verdict = verdicts[0]
            dates = claim_dates(told, context, verdict, years_counted((check,)))
            shared["classes"] = self.classes(turn, context.on, check.id)
            shared["cited"] = turn.corpus.notices.cited(verdict.clauses, context.on)
            return [turn.say("check/verdict.j2", check=check, verdict=verdict, dates=dates, **shared)]
        file = cards.page_ref(turn, self, told, context)
        items = self.items(told, context)
        shared["now"] = self.now(told, items)
        shared["classes"] = self.classes(turn, context.on, items[0].check.id)
        return [turn.say("check/route.j2", files=(file,), items=items, **shared)]

    def verdicts(self, told: dict[str, str], context: CheckContext) -> list[tuple[Check, Verdict]]:
        """Every check's verdict on the facts as told."""
        checks = self.checks_on(context.on)
        seen = settle(told, context.on, context.reading, years_counted(checks))
        return [(c, c.verdict({f: a for f, a in seen.items() if f in c.facts})) for c in checks]

    def items(self, told: dict[str, str], context: CheckContext) -> list[Item]:
        """The checks of a route as they are told one after another."""
        items: list[Item] = []
        named: set[str] = set()
        for check, verdict in self.verdicts(told, context):
            reasons = verdict.reason.deciding() if verdict.outcome != UNDECIDED else []
            because = {r.condition.words: r for r in reasons}
            verify = tuple(v for v in verdict.verify if (v.verify or v.words) not in named)
            named |= {v.verify or v.words for v in verify}
            dates = claim_dates(told, context, verdict, years_counted((check,)))
            items.append(Item(check, verdict, tuple(because.values()), verify, dates))
        return items

    def change(self, turn: Turn, fact: str, value: str) -> Outgoing:
        """Put another value in place of a fact told before, and say so."""
        self._keep(turn, fact, value)
        turn.state.revisit = None
        turn.step()
        return turn.say(
            "check/messages.changed", asked=self.facts[fact].short, said=self.shown_as(fact, value)
        )

    def shown_as(self, fact: str, value: str) -> str:
        """The words of an answer to a fact."""
        return show_fact(self.facts[fact], value)

    def now(self, told: dict[str, str], items: list[Item]) -> list[Item]:
        """What to do first and next, for somebody who stands where they say."""
        stage = told.get("stage", UNSURE)
        ranked = [(dict(item.check.turn)[stage], item) for item in items if stage in dict(item.check.turn)]
        ordered = [item for _, item in sorted(ranked, key=lambda pair: pair[0])]
        if ordered and ordered[0].verdict.outcome == "not_eligible":
            return ordered[:1]  # what comes after it is not open
        return ordered

    def first_steps(self, told: dict[str, str], context: CheckContext) -> list[str]:
        """The checks to act on first and next, by id."""
        return [item.check.id for item in self.now(told, self.items(told, context))]

    def takes(self, fact: str, value: str, on: date) -> bool:
        """Whether a value is still an answer to a fact that is asked here on that day."""
        known = self.facts_on(on).get(fact)
        return known is not None and ("/" in value or value in {o.id for o in known.options})

    def still_asks(self, told: dict[str, str], context: CheckContext) -> list[str]:
        """What would be asked next, beside what was told, check by check."""
        return list(dict.fromkeys(fact.short for fact in self._asked_next(told, context)))

    def next_asked(self, told: dict[str, str], context: CheckContext) -> Fact | None:
        """The fact that is asked next."""
        return next(self._asked_next(told, context), None)

    def _asked_next(self, told: dict[str, str], context: CheckContext) -> Iterator[Fact]:
        checks = self.checks_on(context.on)
        seen = settle(told, context.on, context.reading, years_counted(checks))
        for check in checks:
            fact = check.next_fact({f: a for f, a in seen.items() if f in check.facts})
            if fact is not None:
                yield fact

    def said(self, told: dict[str, str], on: date) -> list[tuple[str, str]]:
        """(what was asked, what was answered) of every fact told, in a few words."""
        facts = self.facts_on(on)
        return [(facts[f].short, show_fact(facts[f], told[f])) for f in told if f in facts]

    def label(self, question: Question[object], value: object) -> tuple[str, str]:
        """The fact's short name and the answer's words."""
        fact = self.facts[question.id]
        return fact.short, show_fact(fact, str(value))

    def aside(self, turn: Turn, context: CheckContext, outcome: Judged | None, action: str) -> Replies:
        """看看其他条件, and a reminder for the day the subsidy is open again."""
        if not isinstance(outcome, Judged) or not isinstance(context, CheckContext):
            return None
        told = dict(outcome.facts)
        if action in ("card", "save"):
            return cards.show(turn, self, told, context, save=action == "save")
        if action == "pdf":
            return cards.as_pdf(turn, self, told, context)
        if action == "rest":
            left = [
                leaf.condition
                for _, verdict in self.verdicts(told, context)
                for leaf in verdict.reason.leaves()
                if leaf.answered is None
            ]
            unique = list({c.words: c for c in left if isinstance(c, Leaf)}.values())
            return [turn.say("check/rest.j2", conditions=unique)]
        if action == "remind":
            dates = [
                claim_dates(told, context, v, years_counted((c,))) for c, v in self.verdicts(told, context)
            ]
            day = next((d["sure"] for d in dates if d), None)
            if day is None:
                return None
            due = datetime.combine(day, time(9), SHANGHAI)
            message = turn.say("check/messages.reminder")
            messages.enqueue_later(turn.connection, turn.incoming.address, message.body(), due)
            return [turn.say("check/messages.reminder_kept", day=due)]
        return None

    def restart(self, turn: Turn, context: CheckContext) -> list[Outgoing]:
        """Forget this dialog's facts of the person it is about."""
        names = [f for check in self.checks for f in check.facts]
        kept.forget(turn, names)
        return super().restart(turn, context)


def show_fact(fact: Fact, value: str) -> str:
    """An answer as people read it; a date as a date."""
    return Period.parse(value).words if "/" in value else fact.label(value)


def chip(fact: Fact, value: str) -> str:
    """An answer as it stands on a button, with what was asked where it says nothing by itself."""
    said = show_fact(fact, value)
    return f"{fact.short}：{said}" if len(said) <= 2 or said in SAYS_NOTHING else said


def _in_free_words(question: Question[object], text: str, value: object) -> bool:
    """Whether an answer was told in other words than a button's, a yes or a no."""
    if vocabulary.yes_no(text) is not None:
        return False
    try:
        told = question.read(text) == value
    except Problem:
        return False
    return told and isinstance(question, AskFact) and exactly(question.fact, text) is None


def _asked(turn: Turn) -> str:
    """The value that the last message asked to confirm in one tap; "" for none."""
    mark = f"s{turn.talk.serial}:v:{LIKELY}"
    tokens = (token for _, token in turn.memory.offers if token.startswith(mark))
    return next((token.removeprefix(mark) for token in tokens), "")


def check_dialogs(corpus: Corpus) -> dict[str, CheckDialog]:
    """One dialog a check, and the route over all of them."""
    every = _checks(corpus)
    dated = partial(_checks, corpus)
    single = [CheckDialog(f"check-{c.id}", c.intro, (c,), dated) for c in every]
    return {dialog.name: dialog for dialog in (*single, route_dialog(corpus))}


def route_dialog(corpus: Corpus) -> CheckDialog:
    """The dialog over all checks."""
    return CheckDialog(
        "route", render("check/messages.route_intro").text, _checks(corpus), partial(_checks, corpus)
    )


def _checks(corpus: Corpus, on: date | None = None) -> tuple[Check, ...]:
    """Every check as of a day, with the standards that were typed in."""
    standards = corpus.standards if on is None else corpus.standards_on(on)
    checks = corpus.checks if on is None else corpus.checks_on(on)
    return tuple(with_standards(c, standards, corpus.form) for c in checks.values())
