"""What somebody wants done: the job, how sure it is, and what was said along with it.

Two readers that fail differently: the lexicon's rules see which words stand together, the learnt
part how alike the whole text is to what people say. Certain is what both read; either one alone
makes a job likely at most, and only where it is rarely wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from policy.form.form import Form
from policy.form.rows import read_lines
from policy.jobs.arguments import correction, named_occupation, named_person, named_quarter
from policy.jobs.features import features, windows
from policy.jobs.lexicon import LONGEST_CLAUSE, Lexicon, clauses
from policy.jobs.model_file import NONE, Weights

# The guided checks, the more telling topic first.
CHECKS = ("title", "hours", "subsidy", "assessment", "enrol")
CERTAIN, LIKELY = "certain", "likely"
LONGEST_FIGURES = 4000  # as the door lets in
LONGEST_ROW, ROWS_TRIED = 120, 3
LONGEST_SAID = 300  # what is said along with a job stands near it
# How likely the learnt part must find a job: for certain beside the rules, and all by itself; for
# likely beside the rules, and all by itself. Another job that is as likely makes neither certain.
SURE_BOTH, SURE_ALONE = 0.35, 0.9
LIKELY_BOTH, LIKELY_ALONE = 0.04, 0.12
RIVAL = 0.25
_NUMBERS = re.compile(r"[0-9０-９][0-9０-９.,]*")
_NEGATED = re.compile(
    r"(?:不是|不用|不要|不想|不需要|别|没让|没说|无需|先不|不必|没有?想)(?:要|想|来|急着|你|再|帮|给|我|就|说|找)*$"
)


@dataclass(frozen=True)
class JobReading:
    """A job and what was said along with it; "" for what was not.

    sure: certain or likely. `quarter` in the words used, `occupation` by its name in the form,
    `person` family or colleague, `check` the job to be done for that person, `value` what an answer is
    corrected to, `figures` whether the text is rows of the form.
    """

    job: str
    sure: str
    quarter: str = ""
    occupation: str = ""
    person: str = ""
    check: str = ""
    value: str = ""
    figures: bool = False


def _topic(text: str, words: Lexicon) -> str:
    """Return the check whose topic a text names, the more telling first; "" for none."""
    found = words.spans("".join(clauses(text))[:LONGEST_CLAUSE])
    return next((job for job in CHECKS if f"{job}_topic" in found), "")


def _ruled(text: str, words: Lexicon) -> tuple[list[str], bool]:
    """Return the jobs that rules read in a clause or in the whole, and whether one stands negated."""
    parts = clauses(text)
    ruled: list[str] = []
    negated = False
    for part in [*parts, "".join(parts)[:LONGEST_CLAUSE]] if len(parts) > 1 else parts:
        for job, start in words.asks_for(words.spans(part)):
            negated = negated or _NEGATED.search(part[:start]) is not None
            if job not in ruled:
                ruled.append(job)
    return ruled, negated


def _asks(text: str, words: Lexicon) -> bool:
    """Return whether any clause is put as a question."""
    return any({"wh", "yesno", "info"} & set(words.spans(part)) for part in clauses(text))


class JobReader:
    """Reads jobs with the form's words, the rules of a lexicon and what was learnt."""

    def __init__(self, form: Form, lexicon: Lexicon, weights: Weights) -> None:
        self.form = form
        self.lexicon = lexicon
        self.weights = weights

    def recognise(self, text: str) -> JobReading | None:
        """Return what a text asks to be done; None when it asks for nothing of ours."""
        if self._are_figures(text):
            return replace(self._told("report", CERTAIN, text), figures=True)
        return self.read(text)

    def asks(self, text: str) -> bool:
        """Return whether a text is put as a question."""
        return _asks(text, self.lexicon)

    def read(self, text: str) -> JobReading | None:
        """Return what the rules and the weights read in a text."""
        seen = windows(text)
        if not seen:
            return None
        words = self.lexicon
        ruled, negated = _ruled(text, words)
        chances: dict[str, float] = {}
        for window in seen:
            for name, chance in self.weights.chances(features(window, words)).items():
                chances[name] = max(chance, chances.get(name, 0.0))
        # The classifier's own first, unless it sees nothing at all and a rule does.
        wanted = [name for name in chances if name != NONE]
        first = max(wanted, key=lambda name: chances[name] + (LIKELY_BOTH if name in ruled else 0.0))
        if first not in ruled and ruled:
            best = max(ruled, key=lambda name: chances.get(name, 0.0))
            if chances.get(best, 0.0) * 3 >= chances[first] or chances[first] < LIKELY_ALONE:
                first = best
        chance = chances.get(first, 0.0)
        rivals = [name for name in ruled if name != first and chances.get(name, 0.0) >= RIVAL]
        both = first in ruled and not negated and not rivals and chance >= SURE_BOTH
        alone = not ruled and chance >= SURE_ALONE and not _asks(text, words)
        if both or alone:
            sure = CERTAIN
        elif chance >= (LIKELY_BOTH if first in ruled else LIKELY_ALONE):
            sure = LIKELY
        else:
            return None
        told = self._told(first, sure, text)
        if first != "other-person":
            return told
        check = next((job for job in ruled if job in CHECKS), "")
        return replace(told, check=check or _topic(text, words))

    def _told(self, job: str, sure: str, text: str) -> JobReading:
        text = text[:LONGEST_SAID]
        return JobReading(
            job,
            sure,
            quarter=named_quarter(text),
            occupation=named_occupation(self.form, text),
            person=named_person(self.lexicon, text) if job == "other-person" else "",
            value=correction(text) if job in ("correct", "amend") else "",
        )

    def _are_figures(self, text: str) -> bool:
        """Return whether one of the first lines that could be is a whole row of the form."""
        fewest = len(self.form.measures)
        likely = [line for line in text[:LONGEST_FIGURES].splitlines() if len(line) <= LONGEST_ROW]
        likely = [line for line in likely if len(_NUMBERS.findall(line)) >= fewest][:ROWS_TRIED]
        return any(
            line.kind == "row" and len(line.cells) == fewest
            for one in likely
            for line in read_lines(self.form, one, [])
        )
