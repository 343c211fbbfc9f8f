"""Which institution somebody speaks for: asked only of those who speak for several."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.dialogs.dialog import Choose
from bot.core.turn import Answers, Turn

Mine = tuple[tuple[int, str], ...]  # (institution id, name)


def ask_institution(mine: Mine, states: Sequence[object] = (), resume: object | None = None) -> Choose:
    """The question, by button or by the name typed.

    `states` tell how each one's report stands, `resume` is the draft to go on with at once.
    """
    return Choose(
        "institution",
        "report/institution.j2",
        {"institutions": mine, "states": states, "resume": resume},
        values=tuple(str(i) for i, _ in mine),
        typed={name: str(i) for i, name in mine},
    )


def speaking_for(turn: Turn, answers: Answers) -> tuple[Mine, int | None]:
    """The person's institutions, and the one meant: the one answered, else the only one.

    None when it is still to be asked, or when the answer names one they no longer speak for: what was
    begun for one institution never goes on for another. So the only one is kept as an answer too.
    """
    mine = tuple((m.institution_id or 0, m.institution or "") for m in turn.institutions)
    if len(mine) == 1:
        answers.setdefault("institution", str(mine[0][0]))
    chosen = next((i for i, _ in mine if str(i) == answers.get("institution")), None)
    return mine, chosen
