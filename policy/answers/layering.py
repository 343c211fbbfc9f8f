"""The office's layer over the packaged answers: one change applied to it, and two layers joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, Literal

from policy.answers.entries import Answers, Entry

Layer = Mapping[str, Any]
Kind = Literal["edit", "add", "retire"]
FIELDS = ("topic", "title", "answer", "clauses", "quote")


def of_entry(layer: Layer, entry_id: str) -> tuple[dict[str, Any], list[str]]:
    """Return what a layer says of an entry: its fields, and its phrasings."""
    fields = next((dict(raw) for raw in layer.get("entries", ()) if raw["id"] == entry_id), {})
    return fields, list(layer.get("phrasings", {}).get(entry_id, ()))


def changed(
    layer: Layer, packaged: Answers, entry_id: str, kind: Kind, content: Mapping[str, Any], on: date
) -> dict[str, Any]:
    """Return the layer with one entry changed; fields as the package has them are left out.

    `content` holds `FIELDS` and `phrasings`. What is retired no longer holds from `on`, and loses its
    phrasings.
    """
    before, lines = of_entry(layer, entry_id)
    known = packaged.entries.get(entry_id)
    if kind == "retire":
        fields, lines = {**before, "valid_until": str(on - timedelta(days=1))}, []
    else:
        given = {name: content[name] for name in FIELDS if name in content}
        if known is not None:
            given = {n: v for n, v in given.items() if _plain(v) != _plain(getattr(known, n))}
        beside = sources_of(known) if known is not None else []
        if (sources := content.get("sources")) is not None and sources != beside:
            given["sources"] = sources
        fields, lines = given, list(content.get("phrasings", ()))
    entries = [raw for raw in layer.get("entries", ()) if raw["id"] != entry_id]
    if fields.keys() - {"id"}:
        entries.append({**fields, "id": entry_id})
    phrasings = {name: list(texts) for name, texts in layer.get("phrasings", {}).items() if name != entry_id}
    if lines:
        phrasings[entry_id] = lines
    return {"entries": entries, "phrasings": phrasings}


def sources_of(entry: Entry) -> list[dict[str, Any]]:
    """Return the sources of an entry as a layer holds them."""
    dated = [{**asdict(one), "date": str(one.date) if one.date else None} for one in entry.sources]
    return [{name: value for name, value in one.items() if value is not None} for one in dated]


def _plain(value: object) -> object:
    return list(value) if isinstance(value, (list, tuple)) else value


def joined(under: Layer, over: Layer) -> dict[str, Any]:
    """Return one layer over another, as a layer; entry by entry, the upper one's fields win."""
    merged = dict(under)
    if over.get("entries"):
        entries = {raw["id"]: dict(raw) for raw in under.get("entries", ())}
        for raw in over["entries"]:
            entries[raw["id"]] = {**entries.get(raw["id"], {}), **raw}
        merged["entries"] = list(entries.values())
    if over.get("phrasings"):
        lines = {name: list(texts) for name, texts in under.get("phrasings", {}).items()}
        for name, texts in over["phrasings"].items():
            lines[name] = [*lines.get(name, ()), *texts]
        merged["phrasings"] = lines
    return merged
