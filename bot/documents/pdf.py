"""PDF from our own HTML, where the extra `pdf` is installed: the same bytes for the same page.

Nothing is fetched while it is made: a page brings along all that it needs.
"""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from typing import Any

from jinja2 import Environment

from bot.core import render

FONT_SEARCH_SECONDS = 20


class NoPdf(Exception):
    """No PDF can be made here; `lacks` says what is missing."""

    def __init__(self, lacks: str) -> None:
        super().__init__(lacks)
        self.lacks = lacks


@cache
def lacks() -> str:
    """Return what is missing for a PDF: `extra`, `font` (a Chinese one), or "" where one can be made."""
    try:
        import weasyprint  # noqa: F401 - half a second, and only here; its libraries may be missing too
    except (ImportError, OSError):
        return "extra"
    return "" if _has_chinese_font() else "font"


def _has_chinese_font() -> bool:
    """Whether the system knows a font for simplified Chinese: what is drawn without one is boxes."""
    found = shutil.which("fc-list")
    if found is None:
        return False
    try:
        listed = subprocess.run(  # noqa: S603 - a fixed command
            [found, ":lang=zh-cn", "family"], capture_output=True, timeout=FONT_SEARCH_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return bool(listed.stdout.strip())


@cache
def _environment() -> Environment:
    return render.templates("templates/pdf", autoescape=True)


def page(template: str, values: dict[str, Any]) -> str:
    """The HTML of a document, from a template in `templates/pdf`."""
    return _environment().get_template(template).render(values)


def from_html(html: str) -> bytes:
    """The PDF of a page.

    Raises:
        NoPdf: the extra or a Chinese font is missing.
    """
    if missing := lacks():
        raise NoPdf(missing)
    import weasyprint

    made = weasyprint.HTML(string=html, url_fetcher=_refuse).write_pdf()
    if made is None:
        raise LookupError("no PDF was made")
    return bytes(made)


def _refuse(url: str, *_: Any, **__: Any) -> dict[str, Any]:
    raise ValueError("nothing is fetched for a PDF")
