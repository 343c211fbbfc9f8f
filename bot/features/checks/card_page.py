"""The card of a result as a page one can print; the route is the card of every check."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.core.render import render
from bot.documents import pdf
from bot.features.checks.ask_fact import CheckContext
from bot.features.checks.decision_record import Record, record
from bot.features.checks.dialog import check_dialogs
from policy.corpus import Corpus


def card_file(corpus: Corpus, args: dict[str, Any]) -> bytes:
    """Return the page, from a record that was kept, or from the facts it was said from."""
    kept: Record | None = args.get("record")
    if kept is None:
        dialog = check_dialogs(corpus)[args.get("subject", "route")]
        context = CheckContext(date.fromisoformat(args["on"]), args["about"], (), args.get("reading"))
        kept = record(dialog, corpus, args["facts"], context)
    return render("check/card_page.html", card=kept, number=args.get("number", "")).text.encode()


def card_pdf(corpus: Corpus, args: dict[str, Any]) -> bytes:
    """Return the same page as PDF."""
    return pdf.from_html(card_file(corpus, args).decode())
