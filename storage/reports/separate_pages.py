"""What goes along when a correction begins: its predecessor's separate pages and files."""

from __future__ import annotations

from sqlalchemy import Connection, insert, literal, select

from storage.schema.contact import attachment, page

STAMPED = "stamped"  # the kind of a scan of the stamped form
SOURCE = "source"  # the kind of a scan that the office typed a report in from


def copy(connection: Connection, source_id: int, made_id: int) -> None:
    """A correction begins with its predecessor's pages; its stamp, or what it is typed from, is another."""
    for table in (page, attachment):
        columns = [c for c in table.c if c.name != "revision_id"]
        chosen = select(literal(made_id), *columns).where(
            table.c.revision_id == source_id, table.c.kind.not_in((STAMPED, SOURCE))
        )
        names = ["revision_id", *(c.name for c in columns)]
        connection.execute(insert(table).from_select(names, chosen))
