"""The answers as this process tells them: the corpus with the office's layer, newer ones taken up.

The layer is read from the database, and written to the data folder by its version, for who has no
database at hand.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.core import log
from policy.corpus import Corpus
from policy.files import PolicyError
from policy.reading.digits import whole_number
from policy.soundness import sound_corpus

if TYPE_CHECKING:
    from sqlalchemy import Engine

FOLDER = "knowledge"  # in the data folder: 000012.json holds the layer of version 12
KEPT = 30  # files, the newest
_BROKEN = (PolicyError, KeyError, TypeError, ValueError, AttributeError)


class Behind(Exception):
    """A newer version was published than this process has read."""


class Knowledge:
    """The corpus in use, and which version of the office's layer is in it. Safe across threads."""

    def __init__(self, engine: Engine, base: Corpus, folder: Path | None = None) -> None:
        self._engine = engine
        self._folder = folder
        self._guard = threading.Lock()
        self.base = base  # without the office's layer
        self.corpus = base
        self.version = 0  # the newest one read, whether or not it could be told

    def need(self, version: int) -> None:
        """Let pass who has the published version.

        Raises:
            Behind: `refresh` is wanted, outside of this transaction.
        """
        if version > self.version:
            raise Behind

    def refresh(self) -> bool:
        """Take up what is published, and whether it was new: takes long, never within a transaction.

        A layer that does not fit the packaged files any more is left out, and said in the log.

        Raises:
            StorageUnavailable: it cannot be read.
        """
        from storage import knowledge
        from storage.connections.database import transaction

        with self._guard:
            with transaction(self._engine, read_only=True) as connection:
                version, layer = knowledge.latest(connection)
            if version <= self.version:
                return False
            try:
                self.corpus = laid_over(self.base, layer)
            except _BROKEN as error:
                log.event("answers not taken up", logging.ERROR, version=version, error=type(error).__name__)
            self.version = version
        if self._folder is not None:
            with contextlib.suppress(OSError):  # it serves only who comes without the database
                write(self._folder, version, layer)
        return True


def laid_over(base: Corpus, layer: Mapping[str, Any]) -> Corpus:
    """Return the corpus with a layer over it, warm.

    Raises:
        PolicyError, and what reading data of another shape raises: the layer does not fit.
    """
    made = sound_corpus(layer) if base.told is not None and not base.layer else base.relaid(layer)
    _ = made.questions, made.index, made.answers.by_topic
    return made


def write(data_dir: Path, version: int, layer: Mapping[str, Any]) -> None:
    """Keep a layer as a file, whole or not at all; later ones (of a database restored since) go.

    Raises:
        OSError: the folder cannot be written.
    """
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{version:06}.json"
    part = folder / f".{path.name}.{os.getpid()}.{threading.get_ident()}"
    with part.open("w", encoding="utf-8") as file:
        json.dump({"version": version, "layer": layer}, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    numbers = sorted(_files(folder))
    for number in [n for n in numbers if n > version] + [n for n in numbers if n <= version][:-KEPT]:
        (folder / f"{number:06}.json").unlink(missing_ok=True)


def read(data_dir: Path) -> tuple[int, dict[str, Any]]:
    """Return the newest layer that was kept as a file and its version; (0, {}) where there is none."""
    folder = data_dir / FOLDER
    for number in sorted(_files(folder), reverse=True):
        try:
            kept = json.loads((folder / f"{number:06}.json").read_text(encoding="utf-8"))
            return int(kept["version"]), dict(kept["layer"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # half copied by hand: the one before
    return 0, {}


def _files(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    numbers = (whole_number(path.stem) for path in folder.glob("*.json"))
    return [number for number in numbers if number is not None]
