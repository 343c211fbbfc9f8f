"""What the conversation itself remembers of a report, beside the draft: where somebody stands in it."""

from __future__ import annotations

from bot.core.turn import Answers
from storage.reports.reports import Snapshot

KEPT = "kept"  # the cursor of a report put aside while it is asked which one is meant
# Answers that spoke of one version of the draft: they are for this sitting only.
PASSED = ("review", "confirm", "add", "correct")


def put_aside(answers: Answers) -> Answers:
    """The cursor of somebody who is asked which institution they mean; the old one is kept in it."""
    kept = answers if "quarter" in answers and "institution" in answers else answers.get(KEPT)
    return {KEPT: {k: v for k, v in kept.items() if k != KEPT}} if kept else {}


def recalled(answers: Answers) -> Answers:
    """The cursor kept, when it speaks of the very report that is named now."""
    kept = answers.get(KEPT)
    if kept and all(kept.get(k) == answers.get(k) for k in ("institution", "quarter")):
        return dict(kept)
    return answers


def place_kept(answers: Answers) -> tuple[int, str] | None:
    """(institution, quarter) of the cursor kept."""
    kept = answers.get(KEPT)
    return (int(kept["institution"]), str(kept["quarter"])) if kept else None


def begun(answers: Answers, given: Answers) -> Answers:
    """The answers to begin with: those about another report do not count, nor what spoke of a version."""
    answers = recalled({**answers, **given}) if KEPT in answers else answers
    other = any(answers.get(k, given[k]) != given[k] for k in given)
    kept = {} if other else {k: v for k, v in answers.items() if k.split(":")[0] not in PASSED}
    return {**kept, **given}


def keep(answers: Answers, question: str, value: object) -> None:
    """Keep which report is meant, or an answer about it; an answer about another report is over."""
    if question in ("quarter", "institution") and answers.get(question) != value:
        # They spoke of another report; but 填报 2026Q4 named the quarter before whose it is.
        still = "institution" if "institution" in answers else "quarter"
        _only(answers, (still, KEPT))
    answers[question] = value
    of_before = recalled(answers)
    if of_before is not answers:
        answers.clear()
        answers.update(of_before)


def stay_with_report(answers: Answers) -> None:
    """Forget everything but which report it is."""
    _only(answers, ("institution", "quarter"))


def _only(answers: Answers, names: tuple[str, ...]) -> None:
    left = {name: answers[name] for name in names if name in answers}
    answers.clear()
    answers.update(left)


def draft_answers(snapshot: Snapshot) -> Answers:
    """The rows of a report as answers of the dialog."""
    answers: Answers = {}
    for occupation, row in snapshot.rows.items():
        for measure, cell in row.items():
            if cell is not None:
                answers[f"{occupation}/{measure}"] = cell
    for (occupation, doubt), said in snapshot.explanations.items():
        answers[f"why:{occupation}/{doubt}"] = said
    if snapshot.draft and snapshot.draft.reason:
        answers[f"reason:{snapshot.draft.number - 1}"] = snapshot.draft.reason
    return answers
