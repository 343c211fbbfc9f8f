"""Files: incoming ones stored by content hash, outgoing ones made when they are handed over."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from bot.core.messages import FileMaker, FileRef, IncomingFile
from bot.core.security.keys import Keys
from bot.documents import attachments as incoming_files
from bot.documents import export, form_files, my_data
from policy.calendar.quarters import Quarter, Times
from policy.corpus import Corpus
from storage.connections.database import transaction
from storage.people import cards, people
from storage.reports import attachments, reports

SAVED_CARD = "saved-card"  # the kind of file: a result somebody kept
# The kinds that show one submitted revision, and what makes each.
OF_REVISION = {
    "form": export.one_form,
    "form-docx": form_files.printable,
    "form-pdf": form_files.as_pdf,
}
INCOMING, OUTGOING = "incoming", "outgoing"  # in the data folder: files under way, not kept


class FileGone(Exception):
    """The file is not there any more."""


def safe_name(name: str) -> str:
    """A file name without path, control characters or reserved signs, at most 100 characters."""
    plain = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", Path(name).name or "file").strip(". ") or "file"
    return plain[:60] + plain[-40:] if len(plain) > 100 else plain


def store_incoming(name: str, content: bytes, data_dir: Path) -> IncomingFile:
    """Write a file and sync it, before its message is applied. `drop_incoming` it when that is done."""
    folder = data_dir / INCOMING
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / secrets.token_hex(16)  # its own: two that send the same never wait for each other
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return IncomingFile(safe_name(name), str(path), len(content))


def drop_incoming(file: IncomingFile | None) -> None:
    """Remove a file whose message was applied: what is kept of it stands elsewhere by now."""
    if file is not None and Path(file.path).parent.name == INCOMING:
        Path(file.path).unlink(missing_ok=True)


def sweep_passing(data_dir: Path, before: datetime) -> int:
    """Remove files under way that are older than that moment (a crash leaves some); how many."""
    gone = 0
    for folder in (data_dir / INCOMING, data_dir / OUTGOING):
        for path in [p for p in folder.rglob("*") if p.is_file()] if folder.is_dir() else []:
            if path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)
                gone += 1
    return gone


class FileStore:
    """Makes the files that messages refer to."""

    def __init__(
        self,
        engine: Engine,
        keys: Keys,
        data_dir: Path,
        basis: str,
        times: Times,
        corpus: Corpus,
        makers: Mapping[str, FileMaker],
    ) -> None:
        self.makers = makers
        self.engine = engine
        self.keys = keys
        self.data_dir = data_dir
        self.basis = basis
        self.times = times
        self.corpus = corpus

    def may_have(self, person_id: int, ref: FileRef) -> bool:
        """Whether this person may have a file now, whoever they were when it was offered to them."""
        if ref.kind in self.makers:  # made of values that the person told us
            return True
        if ref.kind in (my_data.MY_DATA, SAVED_CARD):  # nobody else's, whatever their role
            return int(ref.args["person"]) == person_id
        with transaction(self.engine, read_only=True) as connection:
            roles = people.memberships(connection, person_id)
            mine = {m.institution_id for m in roles if m.institution_id is not None}
            if ref.kind == "form-draft":
                return int(ref.args["institution"]) in mine
            if any(m.office for m in roles):
                return True
            if ref.kind == "attachment":
                return attachments.may_read(connection, person_id, str(ref.args["hash"]))
            if ref.kind in OF_REVISION:
                one = reports.submitted_revision(connection, int(ref.args["revision"]))
                return one is not None and one.institution_id in mine
        return False

    def content(self, ref: FileRef) -> bytes:
        """The file's bytes, the same whenever it is asked for and nothing changed.

        Raises:
            FileGone: it was kept once and is not there any more.
        """
        if ref.kind in self.makers:
            return self.makers[ref.kind](self.corpus, dict(ref.args))
        if ref.kind == "attachment":
            try:
                return (self.data_dir / incoming_files.FOLDER / safe_name(str(ref.args["hash"]))).read_bytes()
            except FileNotFoundError as error:
                raise FileGone from error
        with transaction(self.engine, read_only=True) as connection:
            if ref.kind == SAVED_CARD:
                return self._saved_card(connection, int(ref.args["person"]), str(ref.args["number"]))
            if ref.kind == my_data.MY_DATA:
                return my_data.as_json(connection, int(ref.args["person"]), self.keys)
            if ref.kind == "form-draft":
                wanted = (int(ref.args["institution"]), str(ref.args["quarter"]), int(ref.args["person"]))
                return form_files.draft_form(connection, self.corpus, *wanted, self.keys)
            if (made := OF_REVISION.get(ref.kind)) is not None:
                return made(connection, self.corpus, int(ref.args["revision"]), self.keys)
            quarter = Quarter.parse(str(ref.args["quarter"]))
            return export.aggregate(
                connection,
                self.corpus.form_of(quarter),
                str(quarter),
                bool(ref.args["accepted_only"]),
                self.basis,
                self.keys,
                self.times,
            )

    def _saved_card(self, connection: Connection, person_id: int, number: str) -> bytes:
        """The page of a result as it was kept."""
        kept = cards.find(connection, person_id, number)
        if kept is None:
            raise FileGone
        return self.makers["card"](self.corpus, {"record": kept.record, "number": number})

    def write(self, ref: FileRef) -> Path:
        """Write the file into the data folder; its path. Files of one name do not replace each other.

        Raises:
            FileGone: as `content` says.
        """
        values = json.dumps([ref.kind, dict(ref.args)], sort_keys=True)
        folder = self.data_dir / OUTGOING / hashlib.sha256(values.encode()).hexdigest()[:12]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / safe_name(ref.name)
        path.write_bytes(self.content(ref))
        return path
