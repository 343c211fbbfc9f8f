"""The order in which 区市 stand everywhere: as Weihai lists them, not as their characters are coded."""

from __future__ import annotations

from collections.abc import Iterable

from policy.institutions.districts import DISTRICTS


def in_order(districts: Iterable[str | None]) -> list[str | None]:
    """Each once: those of the list first, other spellings after them, those without one last."""
    order = {name: i for i, name in enumerate(DISTRICTS)}
    return sorted(set(districts), key=lambda d: (d is None, order.get(d or "", len(order)), d or ""))
