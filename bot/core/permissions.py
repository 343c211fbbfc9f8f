"""Who may do what, in one vocabulary for the chat and the office's pages; a refusal is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from bot.core.messages import Outgoing
from bot.core.security.flood import REFUSED, is_told
from bot.core.turn import Turn

ROLES = ("stranger", "contact", "lead", "reader", "staff", "head")  # a stranger holds no role at all
EVERYBODY = frozenset(ROLES)

# Whose data an action reaches: nobody's; one's own; one's own, and for the head everybody's; of the
# institutions one speaks for; of a reader's own district, and for the office of all; everybody's.
Whose = Literal["none", "self", "self or head", "own institution", "own district", "all"]
REACHES: tuple[str, ...] = get_args(Whose)

_STORED_AS = {"district": "reader"}  # a membership's role → its name here, where the two differ
_REACH_ALL = frozenset({"staff", "head"})
_REACH_DISTRICT = _REACH_ALL | {"reader"}


class BadRight(ValueError):
    """A right that names nobody, an unknown role or rule, or lets a role reach too far."""


class HasRole(Protocol):
    """A membership, or who came in by one."""

    @property
    def role(self) -> str:
        """The role as stored."""


@dataclass(frozen=True)
class Right:
    """Who may do something, and whose data it reaches.

    Raises:
        BadRight: it names nobody, or somebody whom the rule for the data does not bind.
    """

    roles: frozenset[str]
    whose: Whose

    def __post_init__(self) -> None:
        if not self.roles or not self.roles <= EVERYBODY:
            raise BadRight(f"a right names some of {', '.join(ROLES)}, not {sorted(self.roles)}")
        if self.whose not in REACHES:
            raise BadRight(f"a right reaches one of {', '.join(REACHES)}, not {self.whose!r}")
        reach = {"all": _REACH_ALL, "self or head": _REACH_ALL, "own district": _REACH_DISTRICT}
        if too_far := self.roles - reach.get(self.whose, EVERYBODY):
            raise BadRight(f"{self.whose!r} does not bind {', '.join(sorted(too_far))}")

    def allows(self, memberships: Iterable[HasRole]) -> bool:
        """Whether one of these memberships is enough; a person without any is a stranger."""
        return not self.roles.isdisjoint(role_names(memberships))


def role_names(memberships: Iterable[HasRole]) -> frozenset[str]:
    """Return the roles of a person by their names here; `stranger` for a person without any."""
    return frozenset(_STORED_AS.get(m.role, m.role) for m in memberships) or frozenset({"stranger"})


PUBLIC = Right(EVERYBODY, "none")
SELF = Right(EVERYBODY, "self")
# Anybody may ask for it; who speaks for no institution is told how to be bound, and reaches nothing.
INSTITUTION_IF_ANY = Right(EVERYBODY, "own institution")
OWN_INSTITUTION = Right(frozenset({"contact", "lead"}), "own institution")
DISTRICT = Right(frozenset({"reader", "staff", "head"}), "own district")
OFFICE = Right(frozenset({"staff", "head"}), "all")
HEAD = Right(frozenset({"head"}), "all")


def refused(turn: Turn, command: str, right: Right = OFFICE) -> list[Outgoing] | None:
    """Return the words of a refusal, which is recorded; None for somebody whom the right allows.

    The same refusal again within the hour is counted, and recorded with its count now and then.
    """
    if right.allows(turn.memberships):
        return None
    times = turn.tally.count(f"refused:{command}", turn.talk.account_id, REFUSED, turn.now)
    if is_told(times):
        from storage import audit

        detail = {"command": command, **({"times": times} if times > 1 else {})}
        audit.record(turn.connection, turn.now, turn.person_id, "office.denied", "office:chat", **detail)
    needs = "institution" if right.whose == "own institution" else "head" if turn.office_role else "office"
    return [turn.say("office/messages.denied", needs=needs)]
