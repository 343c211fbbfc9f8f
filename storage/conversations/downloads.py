"""Files that a platform offered: noted with the message's acknowledgement, fetched afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from storage.address import Address
from storage.connections.statement import insert_new
from storage.schema.core import download


@dataclass(frozen=True)
class Download:
    """A file still to be fetched, and the message it came with; `said` is sealed, or "" for nothing."""

    id: int
    address: Address
    message_id: str
    file_id: str
    name: str
    size: int
    said: str


def note(
    connection: Connection,
    address: Address,
    message_id: str,
    file: tuple[str, str, int],
    said: str,
    now: datetime,
    most: int,
) -> bool:
    """Note a file (its id with the platform, its name, its size in bytes); False when `most` wait already."""
    mine = (download.c.channel == address.channel) & (download.c.bot == address.bot)
    mine &= download.c.sender == address.sender
    waiting = connection.execute(select(func.count()).select_from(download).where(mine)).scalar_one()
    if waiting >= most:
        return False
    file_id, name, size = file
    row = {**vars(address), "message_id": message_id, "file_id": file_id, "name": name, "size": size}
    connection.execute(insert_new(connection, download), {**row, "said": said, "at": now})
    return True


def waiting(connection: Connection, channel: str, bot: str) -> list[Download]:
    """What is still to be fetched for a bot, oldest first."""
    query = select(download).where(download.c.channel == channel, download.c.bot == bot)
    return [
        Download(
            row.id,
            Address(row.channel, row.bot, row.sender),
            row.message_id,
            row.file_id,
            row.name,
            row.size,
            row.said,
        )
        for row in connection.execute(query.order_by(download.c.id))
    ]


def done(connection: Connection, download_id: int) -> None:
    """The message was applied, with its file or without."""
    connection.execute(delete(download).where(download.c.id == download_id))
