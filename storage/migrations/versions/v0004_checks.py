"""More of what must hold of institutions, codes and reports is held by the database itself."""

from __future__ import annotations

from alembic import op

from storage.migrations.marks import mark

revision = "0004"
down_revision = "0003"


def _quarter(column: str) -> str:
    return (
        f"length({column}) = 6 AND {column} LIKE '20__Q_' AND substr({column}, 6, 1) IN ('1', '2', '3', '4')"
    )


_OFFICE = "role IN ('staff', 'head', 'district')"
CHECKS = {
    "institution": {
        "name": "length(name) > 0",
        "expected_from": _quarter("expected_from"),
        "expected_until": f"expected_until IS NULL OR ({_quarter('expected_until')})",
    },
    "invite": {
        "role": "role IN ('contact', 'lead', 'staff', 'head', 'district')",
        "office_or_institution": f"(institution_id IS NULL) = ({_OFFICE})",
        "district": "(district IS NULL) = (role <> 'district')",
    },
    "report": {"quarter": _quarter("quarter")},
    "revision": {
        "submitted_by": "(submitted_at IS NULL) = (submitted_by IS NULL)",
        "decided_by": "(decided_at IS NULL) = (decided_by IS NULL)",
        "decided": "state NOT IN ('accepted', 'returned') OR decided_at IS NOT NULL",
        "undecided": "state NOT IN ('draft', 'discarded', 'submitted') OR decided_at IS NULL",
        "numbers": "number > 0 AND version > 0",
    },
    "figure": {
        "no_business": "no_business = false OR (classes = 0 AND subsidised_classes = 0 AND trained = 0"
        " AND certified = 0 AND subsidised = 0 AND amount = 0)"
    },
    "explanation": {"words": "length(words) > 0"},
    "reopening": {"reason": "length(reason) > 0"},
    "extension": {"reason": "length(reason) > 0"},
}


def upgrade() -> None:
    """Apply. On SQLite every table is made anew: nothing refers to another while that goes on."""
    for table, checks in CHECKS.items():
        with op.batch_alter_table(table) as batch:
            for name, condition in checks.items():
                batch.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)
    mark(4, incompatible=False)
