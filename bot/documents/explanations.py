"""What was said about unlikely figures, as it is shown and printed: the fact, then the words."""

from __future__ import annotations

from dataclasses import dataclass

from policy.form.form import Form, fact_of
from storage.reports.reports import Submitted


@dataclass(frozen=True)
class Explained:
    """One explanation. `fact` is what is unlikely, without a full stop."""

    occupation: str
    fact: str
    words: str


def explained(one: Submitted, form: Form) -> list[Explained]:
    """A revision's explanations in the form's order."""
    ordered = sorted(one.explanations, key=lambda e: form.doubt_order(e.occupation, e.doubt))
    return [Explained(e.occupation, fact_of(e.asked), e.words) for e in ordered]
