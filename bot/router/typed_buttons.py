"""Typing a button's label, or its number, is pressing it."""

from __future__ import annotations

from bot.core.dialogs import dialog_manager, vocabulary
from bot.core.dialogs.dialog_manager import Stage
from bot.core.turn import Turn
from policy.reading.digits import whole_number


def token_typed(turn: Turn, stage: Stage | None, text: str) -> str | None:
    """The button that a text presses: by its label, or where buttons have numbers its number."""
    prompt = stage.question if stage else None
    here = f"s{turn.talk.serial}:"
    offered = [offer for offer in turn.memory.offers if offer[1].startswith(here)]
    # A prompt for text: its own buttons, also those that stand for longer than this step.
    of_text = prompt is not None and prompt.kind == "text"
    own: list[tuple[str, str]] = []
    if stage and prompt and (of_text or not offered):
        own = [(c.label, c.token) for c in dialog_manager.question_of(stage).choices]
    if not offered:  # asked some messages ago, or by another way in
        offered = own
    offered = [*offered, *(own if of_text else turn.memory.offers)]
    plain = vocabulary.tidy(text)
    if token := label_typed(vocabulary.THUMBS.get(plain, plain), offered):
        return token
    if turn.kept is not None and len(plain) > 1:  # 修改 for 修改数字
        part = [t for label, t in turn.memory.offers if plain in label and ":a:kept:" in t]
        if len(part) == 1:
            return part[0]
    typeable = prompt is None or prompt.kind in ("choice", "list") or turn.kept is not None
    number = whole_number(plain, longest=3) if turn.incoming.numbered and typeable else None
    if number and number <= len(turn.memory.offers):
        return turn.memory.offers[number - 1][1]
    return None


def label_typed(text: str, offered: list[tuple[str, str]]) -> str | None:
    """The button of that label, among those offered as (label, token)."""
    plain = vocabulary.tidy(text)
    return next((token for label, token in offered if plain == vocabulary.tidied(label)), None)
