"""Static files, the same for the chat and the office: name → content, and their addresses."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources

MEDIA = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@lru_cache(maxsize=1)
def static_files() -> dict[str, tuple[str, bytes]]:
    """The static files: name → (content hash, bytes)."""
    folder = resources.files("bot") / "http" / "static"
    held = {f.name: f.read_bytes() for f in folder.iterdir() if f.name.rpartition(".")[2] in MEDIA}
    return {name: (hashlib.sha256(content).hexdigest()[:16], content) for name, content in held.items()}


def static_url(name: str) -> str:
    """Where a static file is served; another content has another address."""
    return f"/static/{static_files()[name][0]}/{name}"
