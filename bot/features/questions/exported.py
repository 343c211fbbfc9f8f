"""What the office published over the packaged answers, as a change to the data files.

Written in the folders of the project, so that the folder can be copied over it and compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from bot.features.questions.proposals import ENTRIES, PHRASINGS, as_yaml, author_of, put
from policy.files import packaged

TOPICS = "answers/topics"


def write(layer: Mapping[str, Any], folder: Path) -> list[str]:
    """Write each file that a layer changes, whole, and return the paths; comments in them are lost.

    Raises:
        OSError: the folder cannot be written.
    """
    left = {raw["id"]: dict(raw) for raw in layer.get("entries", ())}
    files: dict[str, dict[str, Any]] = {}
    for name, packed in packaged(TOPICS):
        data = deepcopy(packed)
        for entry in data["entries"]:
            if later := left.pop(entry["id"], None):
                entry.update(later)
                files[name] = data
    for entry_id, raw in left.items():
        topic = raw.pop("topic", "")
        name = f"{ENTRIES.removesuffix('.yaml')}-{entry_id.removeprefix('office-')}.yaml"
        files[name] = {"topic": topic, "entries": [{"id": entry_id, **raw}]}
    paths = [put(folder / "policy" / TOPICS / name, as_yaml(data)) for name, data in sorted(files.items())]
    if lines := layer.get("phrasings"):
        author = author_of(dict(packaged("index/phrasings")))
        for entry_id, texts in lines.items():
            kept = author["phrasings"].setdefault(entry_id, [])
            kept += [text for text in texts if text not in kept]
        paths.append(put(folder / "policy" / "index" / "phrasings" / PHRASINGS, as_yaml(author)))
    return paths
