"""One-time codes: `绑定 CODE`, the bare code, or Telegram's `/start CODE`."""

from __future__ import annotations

from bot.core.dialogs import dialog_manager
from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.features.people import accounts as own_accounts
from storage.people import accounts as accounts_kept
from storage.people import people


def bind(turn: Turn, code: str, sure: bool = False) -> list[Outgoing]:
    """Use the code; a contact is then asked for what the form prints of them.

    A role is the person's, so it reaches every channel of theirs: who has several is asked first
    whether all are their own. One of them may have come by a code that somebody else made.
    """
    if not code:
        return [turn.say("bind/how.j2")]
    if joined := own_accounts.join(turn, code):
        return joined
    mine = accounts_kept.role_by_code(turn.connection, turn.keys.codes, turn.person_id, code)
    for role in turn.memberships if mine else []:  # sent again: nothing is wrong, and nothing to count
        if mine and (role.institution_id, role.office) == (mine[0], mine[1] in people.OFFICE_ROLES):
            return [turn.say("bind/messages.already", role=role)]
    others = [] if sure else _other_channels(turn, code)
    turn.memory.joining = turn.keys.seal(people.tidy_code(code)) if others else ""
    if others:
        return [turn.say("bind/shared.j2", others=others)]
    used = people.use_code(
        turn.connection, turn.keys.codes, turn.now, turn.talk.account_id, turn.person_id, code
    )
    if isinstance(used, people.CodeRefused):
        return [turn.say("bind/refused.j2", reason=used.reason, until=used.until)]
    turn.forget_roles()
    if used.office:
        return [turn.say("bind/office.j2", role=used.role)]
    if used.role == "district":
        return [turn.say("bind/messages.district", district=used.district)]
    said = [turn.say("bind/contact.j2", institution=used.institution, role=used.role)]
    if people.profile(turn.connection, turn.person_id).name:
        return [turn.say("bind/again.j2", institution=used.institution, role=used.role)]
    return said + dialog_manager.start(turn, "profile")


def confirm(turn: Turn, argument: str) -> list[Outgoing] | None:
    """A button: all the channels are the person's own. Earlier versions had the code in it."""
    code = argument or turn.keys.open(turn.memory.joining) or ""
    whole = len(code) == people.CODE_LENGTH and people.tidy_code(code) == code
    return bind(turn, code, sure=True) if whole else None


def _other_channels(turn: Turn, code: str) -> list[accounts_kept.Account]:
    """The person's other channels, if the code would be taken; a wrong one is refused as ever."""
    mine = accounts_kept.of_person(turn.connection, turn.person_id)
    if len(mine) < 2 or people.slow_until(turn.connection, turn.talk.account_id, turn.now):
        return []
    taken = people.is_open(turn.connection, turn.keys.codes, turn.now, code)
    return [a for a in mine if a.id != turn.talk.account_id] if taken else []
