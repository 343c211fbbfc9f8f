"""When things last happened; the audit trail is only ever added to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark
from storage.schema.core import Moment

revision = "0007"
down_revision = "0006"

# The law asks for six months at least (网络安全法第二十一条): younger rows cannot be deleted either.
DAYS = 184
REFUSAL = "audit rows are kept as they were written"
_SQLITE = (
    f"CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    "CREATE TRIGGER audit_kept BEFORE DELETE ON audit"
    f" WHEN old.at > datetime('now', '-{DAYS} days') BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
)
_POSTGRESQL = (
    "CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    f" IF TG_OP = 'DELETE' AND OLD.at <= now() - interval '{DAYS} days' THEN RETURN OLD; END IF;"
    f" RAISE EXCEPTION '{REFUSAL}'; END $$",
    "CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_kept()",
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
    mark(7, incompatible=False)
