"""Taking a file away: the form of one revision, and what was attached to it."""

from __future__ import annotations

from bot.core.permissions import OFFICE
from bot.documents import attachments as incoming_files
from bot.documents import export, form_files
from bot.documents.pdf import NoPdf
from bot.documents.store import safe_name
from bot.office.reports.report import WITH_TELEPHONE
from bot.office.visit import Answer, Download, NotFound, Page, Visit
from storage.reports import attachments, reports
from storage.reports.reports import Submitted

SHOWN_INLINE = ("pdf", "jpg", "png")  # browsers show these without running anything


def _revision(visit: Visit) -> Submitted:
    """The submitted revision of the address, if this officer may see it."""
    one = reports.submitted_revision(visit.connection, visit.number("revision"))
    if one is None or one.revision.submitted_at is None:
        raise NotFound
    visit.institution(one.institution_id)
    return one


def form(visit: Visit) -> Answer:
    """The official form of a revision: `kind` xlsx, docx, pdf. It bears a telephone number."""
    one = _revision(visit)
    kind = visit.params["kind"]
    made = {"xlsx": export.one_form, "docx": form_files.printable, "pdf": form_files.as_pdf}.get(kind)
    if made is None:
        raise NotFound
    form_title = visit.corpus.form_of(one.quarter).title
    name = safe_name(f"{form_title}-{one.institution}-{one.quarter}.{kind}")
    try:
        content = made(visit.connection, visit.corpus, one.revision.id, visit.app.keys)
    except NoPdf as error:
        back = f"/office/report/{one.institution_id}/{one.quarter}"
        docx = f"/office/form/{one.revision.id}/docx"
        return Page("no_pdf.html", {"lacks": error.lacks, "back": back, "docx": docx}, 409)
    return Download(name, content)


def file(visit: Visit) -> Answer:
    """A file of a revision, by its kind and hash."""
    one = _revision(visit)
    if visit.params["kind"] in WITH_TELEPHONE:
        visit.need(OFFICE)
    found = attachments.of(visit.connection, one.revision.id).files
    wanted = (visit.params["kind"], visit.params["hash"])
    for one_file in found:
        if (one_file.kind, one_file.hash) == wanted:
            path = visit.app.settings.data_dir / incoming_files.FOLDER / one_file.hash
            try:
                content = path.read_bytes()
            except OSError:
                raise NotFound from None
            return Download(safe_name(one_file.name), content, one_file.media in SHOWN_INLINE)
    raise NotFound
