"""QR pictures of an invitation: the address at which a code is handed over, and its picture."""

from __future__ import annotations

import io

import segno

QUIET = 4  # modules of white around it, as ISO/IEC 18004 asks for


def invite_link(public_url: str | None, telegram_name: str | None, code: str) -> str | None:
    """Where the code stands in the text field already; None where no address is known.

    In the web address it stands behind `#`, which browsers send to nobody: no log along the way has it.
    """
    if public_url:
        return f"{public_url}/#bind={code}"
    return f"https://t.me/{telegram_name}?start={code}" if telegram_name else None


def svg(text: str) -> str:
    """The picture as an SVG element to stand inside HTML: no style, no script, about 200 pixels wide."""
    return segno.make(text, error="m").svg_inline(scale=5, border=QUIET, light="#fff", svgclass="qr")


def png(text: str) -> bytes:
    """The picture as a PNG, 10 pixels a module."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="png", scale=10, border=QUIET)
    return out.getvalue()


def svg_file(text: str) -> bytes:
    """The picture as an SVG file."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=5, border=QUIET, light="#fff")
    return out.getvalue()
