"""Every action of the audit trail is a security event of some kind, or the work itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.office.records import KINDS as TRAIL
from storage import events
from tests.support.processes import ROOT


def recorded() -> Iterator[str]:
    """Every action that the code writes, as far as it is written as one word."""
    for folder in ("bot", "storage"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
                    continue
                name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                if name in ("record", "record_many", "note", "_note"):
                    words = [a.value for a in node.args if isinstance(a, ast.Constant)]
                    yield from (w for w in words if isinstance(w, str) and ("." in w or w == "export"))


def test_every_action_is_an_event_of_a_kind_or_the_work_itself() -> None:
    known = set(events.KIND_OF) | events.WORK
    found = set(recorded())
    assert {"office.enter", "invite.use", "report.submit", "service.start", "office.forged"} <= found
    assert found <= known
    assert not set(events.KIND_OF) & events.WORK
    assert {action for actions in TRAIL.values() for action in actions} <= known  # the office's page
