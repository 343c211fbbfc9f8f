"""Files: incoming ones stored by content hash, outgoing ones made when they are handed over."""

from __future__ import annotations

import hashlib
import os
import re
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from bot import attached, export, form_copy
from bot.dialogs import DIALOGS
from bot.dialogs.check import CheckContext, CheckDialog
from bot.keys import Keys
from bot.messages import FileRef, IncomingFile
from bot.render import render
from storage.database import transaction


def safe_name(name: str) -> str:
    """A file name without path, control characters or reserved signs, at most 100 characters."""
    plain = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", Path(name).name or "file").strip(". ") or "file"
    return plain[:60] + plain[-40:] if len(plain) > 100 else plain


def store_incoming(name: str, content: bytes, data_dir: Path) -> IncomingFile:
    """Write a file under its content hash and sync it, before its message is applied."""
    folder = data_dir / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha256(content).hexdigest()
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    return IncomingFile(safe_name(name), str(path), len(content))


def route_file(args: dict[str, Any]) -> bytes:
    """The route as a page one can keep and print, from the facts it was said from."""
    route = DIALOGS["route"]
    assert isinstance(route, CheckDialog)
    context = CheckContext(date.fromisoformat(args["on"]), args["about"], (), args.get("reading"))
    told = args["facts"]
    shown = render(
        "check/route_file.html",
        verdicts=route.verdicts(told, context),
        answers=route.said(told),
        on=context.on,
        about=context.about,
    )
    return shown.text.encode()


class FileStore:
    """Makes the files that messages refer to."""

    def __init__(self, engine: Engine, keys: Keys, data_dir: Path, basis: str) -> None:
        self.engine = engine
        self.keys = keys
        self.data_dir = data_dir
        self.basis = basis

    def content(self, ref: FileRef) -> bytes:
        """The file's bytes, the same whenever it is asked for and nothing changed."""
        if ref.kind == "route":
            return route_file(dict(ref.args))
        if ref.kind == "attachment":
            return (self.data_dir / attached.FOLDER / safe_name(str(ref.args["hash"]))).read_bytes()
        with transaction(self.engine, read_only=True) as connection:
            if ref.kind == "form-draft":
                wanted = (int(ref.args["institution"]), str(ref.args["quarter"]), int(ref.args["person"]))
                return form_copy.draft_form(connection, *wanted, self.keys)
            if ref.kind == "form-docx":
                return form_copy.printable(connection, int(ref.args["revision"]), self.keys)
            if ref.kind == "form":
                return export.one_form(connection, int(ref.args["revision"]), self.keys)
            return export.aggregate(
                connection,
                str(ref.args["quarter"]),
                bool(ref.args["accepted_only"]),
                self.basis,
                self.keys,
            )

    def write(self, ref: FileRef) -> Path:
        """Write the file into the data folder; its path."""
        folder = self.data_dir / "outgoing"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / safe_name(ref.name)
        path.write_bytes(self.content(ref))
        return path
