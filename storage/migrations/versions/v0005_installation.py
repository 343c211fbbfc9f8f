"""The database knows its key and its data folder; hashes carry their algorithm's name, so they are longer.

Older code would neither find such a hash nor open such a value, so it must not run on this.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.marks import mark

revision = "0005"
down_revision = "0004"

HASHES = {
    "invite": "code_hash",
    "account_link": "code_hash",
    "office_link": "token_hash",
    "office_session": "token_hash",
}


def upgrade() -> None:
    """Apply. SQLite keeps no lengths, so nothing is made anew there."""
    op.create_table(
        "installation",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, column in HASHES.items():
            op.alter_column(table, column, type_=sa.String(96), existing_nullable=False)
    mark(5, incompatible=True)
