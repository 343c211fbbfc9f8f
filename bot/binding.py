"""One-time codes: `绑定 CODE`, the bare code, or Telegram's `/start CODE`."""

from __future__ import annotations

from bot import accounts, conductor
from bot.messages import Outgoing
from bot.turn import Turn
from storage import accounts as accounts_kept
from storage import people


def bind(turn: Turn, code: str) -> list[Outgoing]:
    """Use the code; a contact is then asked for what the form prints of them."""
    if not code:
        return [turn.say("bind/how.j2")]
    if joined := accounts.join(turn, code):
        return joined
    mine = accounts_kept.role_by_code(turn.connection, turn.keys.codes, turn.person_id, code)
    for role in turn.memberships if mine else []:  # sent again: nothing is wrong, and nothing to count
        if mine and (role.institution_id, role.office) == (mine[0], mine[1] in people.OFFICE_ROLES):
            return [turn.say("bind/already.j2", role=role)]
    used = people.use_code(
        turn.connection, turn.keys.codes, turn.now, turn.talk.account_id, turn.person_id, code
    )
    if isinstance(used, people.CodeRefused):
        return [turn.say("bind/refused.j2", reason=used.reason, until=used.until)]
    turn.forget_roles()
    if used.office:
        return [turn.say("bind/office.j2", role=used.role)]
    if used.role == "district":
        return [turn.say("bind/district.j2", district=used.district)]
    said = [turn.say("bind/contact.j2", institution=used.institution, role=used.role)]
    if people.profile(turn.connection, turn.person_id).name:
        return [turn.say("bind/again.j2", institution=used.institution, role=used.role)]
    return said + conductor.start(turn, "profile")
