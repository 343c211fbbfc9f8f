"""归档: a year as one package, with a catalogue and a SHA-256 list; equal contents give equal bytes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection

from bot.core.render import words
from bot.core.security.keys import Keys
from bot.documents import annexes, docx, export
from bot.documents import attachments as incoming_files
from bot.documents.export_rows import harmless
from policy.answers.entries import overlaid
from policy.calendar.quarters import Quarter, local
from policy.corpus import Corpus
from policy.form.form import Form
from storage import archive
from storage.reports import reports

STEP = 200  # revisions read at once
_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Package:
    """What was written: its digest and size in bytes, how many entries the catalogue has."""

    sha256: str
    size: int
    entries: int
    missing: tuple[str, ...] = ()


@dataclass
class _Writer:
    """The zip under way: every file is noted in the catalogue and in the list of digests."""

    zip: zipfile.ZipFile
    year: int
    kept: str
    rows: list[Sequence[str]] = field(default_factory=list)
    sums: list[tuple[str, str]] = field(default_factory=list)
    names: dict[str, set[str]] = field(default_factory=dict)

    @property
    def root(self) -> str:
        return name("root", self.year)

    def add(self, path: str, content: bytes, title: str, owner: str, day: str = "", number: str = "") -> None:
        """Write one file and note it."""
        full = f"{self.root}/{path}"
        self.zip.writestr(docx.entry(full, stored=True), content)
        self.note(path, hashlib.sha256(content).hexdigest(), title, owner, day, number)

    def note(self, path: str, digest: str, title: str, owner: str, day: str, number: str) -> None:
        """Put one file into the catalogue and the list."""
        self.sums.append((digest, path))
        kept = words("archive/messages.kept", {"value": self.kept})
        self.rows.append((str(len(self.rows) + 1), title, owner, number, day, kept, path, digest))

    def copy(self, path: str, source: Path, size: int, title: str, owner: str, day: str, number: str) -> None:
        """Copy a kept file piece by piece.

        Raises:
            FileNotFoundError: it is not there any more.
        """
        digest = hashlib.sha256()
        with source.open("rb") as file:
            info = docx.entry(f"{self.root}/{path}", stored=True)
            info.file_size = size
            with self.zip.open(info, "w") as target:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    target.write(piece)
        self.note(path, digest.hexdigest(), title, owner, day, number)

    def unique(self, folder: str, wanted: str, ending: str = "") -> str:
        """A path in a folder that no other file has."""
        return f"{folder}/{annexes.unique(self.names.setdefault(folder, set()), wanted, ending)}"


def name(what: str, year: int) -> str:
    """Where something stands in the package."""
    return words("archive/messages.name", {"what": what, "year": year})


def _title(what: str, year: int, quarter: str = "", institution: str = "", form: str = "") -> str:
    data = {"what": what, "year": year, "quarter": quarter, "institution": institution, "form": form}
    return words("archive/messages.title", data)


def heads(table: str) -> list[str]:
    """The heads of a table's columns."""
    return words("archive/messages.heads", {"table": table}).split("|")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as CSV (UTF-8 with BOM for Excel); nothing in it is a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{local(value):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool):
        return words("archive/messages.yes", {"value": value})
    if isinstance(value, date):
        return value.isoformat()
    return harmless(str(value))


def write(
    connection: Connection,
    corpus: Corpus,
    keys: Keys,
    data_dir: Path,
    year: int,
    kept: str,
    until_audit: int,
    at: datetime,
    target: BinaryIO,
) -> Package:
    """Write the package of a year as it stood at a moment, with the trail up to a row.

    Figures, decisions and files of the year are those of now: once the year is closed they do not change.
    """
    missing: list[str] = []
    with zipfile.ZipFile(target, "w") as packed:
        writer = _Writer(packed, year, kept)
        heads_of = list(archive.revisions(connection, year))
        _forms(writer, connection, corpus, keys, heads_of)
        _tables(writer, connection, corpus, heads_of)
        missing += _files(writer, connection, data_dir, heads_of)
        missing += _filings(writer, connection, data_dir, at)
        _office(writer, connection, corpus, until_audit, at)
        if missing:
            note = words("archive/messages.missing", {"paths": missing}).replace("\n", "\r\n")
            path = f"{name('missing', year)}.txt"
            writer.add(path, note.encode("utf-8-sig"), _title("missing", year), _office_name())
        entries = len(writer.rows)
        catalogue = table(heads("catalogue"), writer.rows)
        path = f"{name('catalogue', year)}.csv"
        packed.writestr(docx.entry(f"{writer.root}/{path}", stored=True), catalogue)
        writer.sums.append((hashlib.sha256(catalogue).hexdigest(), path))
        sums = "".join(f"{digest}  {path}\n" for digest, path in writer.sums)
        listed = f"{writer.root}/{name('sums', year)}.txt"
        packed.writestr(docx.entry(listed, stored=True), sums.encode())
    digest, size = _digest(target)
    return Package(digest, size, entries, tuple(missing))


def _digest(target: BinaryIO) -> tuple[str, int]:
    found, size = hashlib.sha256(), 0
    target.seek(0)
    while piece := target.read(_PIECE):
        found.update(piece)
        size += len(piece)
    return found.hexdigest(), size


def _office_name() -> str:
    return words("archive/messages.office")


def _day(moment: datetime | None) -> str:
    return f"{local(moment):%Y-%m-%d}" if moment else ""


def _forms(writer: _Writer, connection: Connection, corpus: Corpus, keys: Keys, rows: Sequence[Any]) -> None:
    """The form of every revision that counts, or counted until the year was over."""
    shown = [r for r in rows if r.state in ("accepted", "submitted")]
    for r in shown:
        folder = f"{name('forms', writer.year)}/{r.quarter}"
        called = words("archive/messages.form_name", {"institution": r.name, "number": r.number})
        quarter = Quarter.parse(r.quarter)
        content = export.one_form(connection, corpus, r.id, keys)
        title = _title("form", writer.year, quarter.name, r.name, corpus.form_of(quarter).title)
        path = writer.unique(folder, f"{called}.xlsx", ".xlsx")
        writer.add(path, content, title, r.name, _day(r.submitted_at), r.receipt)


def _tables(writer: _Writer, connection: Connection, corpus: Corpus, rows: Sequence[Any]) -> None:
    """Every revision with its reasons and figures, what was returned, explained, and written beside."""
    year, form = writer.year, corpus.form_of(Quarter(writer.year, 4))  # one head for all its quarters
    of = {r.id: (r.quarter, r.name, r.number) for r in rows}

    def put(what: str, head: Sequence[str], content: Iterable[Sequence[object]]) -> None:
        path = f"{name(what, year)}.csv"
        writer.add(path, table(head, content), _title(what, year), _office_name())

    put(
        "revisions",
        heads("revisions"),
        (
            [
                *(r.quarter, r.name, r.district, r.number, r.state, r.receipt, bool(r.nothing_to_report)),
                *(r.filled_by, r.submitted_at, r.sender, r.reason, r.source, r.received_at),
                r.decided_at,
                r.decider,
                r.reopened,
            ]
            for r in rows
        ),
    )
    titles = {m.id: m.title for m in form.measures}
    put("figures", [*heads("figures"), *titles.values()], _figures(connection, form, rows, of))
    put(
        "returned",
        heads("returned"),
        (
            (*of[r.revision_id], r.occupation, titles.get(r.measure, ""), r.words)
            for r in archive.returned(connection, year)
        ),
    )
    put("explained", heads("explained"), _explained(connection, rows, of))
    put(
        "pages",
        heads("pages"),
        (
            (*of[r.revision_id], words("report/kind.j2", {"kind": r.kind}), r.words)
            for r in archive.pages(connection, year)
        ),
    )


def _steps(connection: Connection, rows: Sequence[Any]) -> Iterator[Any]:
    for start in range(0, len(rows), STEP):
        ids = [r.id for r in rows[start : start + STEP]]
        found = {one.revision.id: one for one in reports.submitted_revisions(connection, ids)}
        yield from (found[i] for i in ids)


def _figures(
    connection: Connection, form: Form, rows: Sequence[Any], of: Mapping[int, tuple[object, ...]]
) -> Iterator[Sequence[object]]:
    for one in _steps(connection, rows):
        for occupation in form.occupation_order(list(one.rows)):
            row = one.rows[occupation]
            cells = [m.show(row.get(m.id)).replace(",", "") for m in form.measures]
            yield (*of[one.revision.id], occupation, occupation in one.no_business, *cells)


def _explained(
    connection: Connection, rows: Sequence[Any], of: Mapping[int, tuple[object, ...]]
) -> Iterator[Sequence[object]]:
    for one in _steps(connection, rows):
        for e in one.explanations:
            yield (*of[one.revision.id], e.occupation, e.asked, e.words)


def _files(writer: _Writer, connection: Connection, data_dir: Path, rows: Sequence[Any]) -> list[str]:
    """Stamped scans and every other file of the year's reports."""
    of = {r.id: r for r in rows}
    missing = []
    for f in archive.files(connection, writer.year):
        r = of[f.revision_id]
        kind = words("report/kind.j2", {"kind": f.kind})
        called = words("archive/messages.form_name", {"institution": r.name, "number": r.number})
        folder = f"{name('files', writer.year)}/{r.quarter}/{annexes.plain_name(called)}"
        path = writer.unique(folder, f"{kind}-{f.name}", f".{f.media}")
        quarter = Quarter.parse(r.quarter).name
        title = _title("file", writer.year, quarter, r.name) + f"{kind} {f.name}"
        source = data_dir / incoming_files.FOLDER / f.hash
        try:
            writer.copy(path, source, f.size, title, r.name, _day(f.at), r.receipt)
        except FileNotFoundError:
            missing.append(path)
    return missing


def _filings(writer: _Writer, connection: Connection, data_dir: Path, at: datetime) -> list[str]:
    """What was filed of classes in the year, and what was handed in with it."""
    year = writer.year
    filed = archive.filed(connection, year, at)
    rows = [
        (
            r.name,
            r.course,
            r.occupation,
            r.level,
            r.number,
            r.state,
            r.starts_on,
            r.ends_on,
            r.place,
            r.mode,
            r.assessor,
            r.filed_at,
            r.reason,
            r.office_number,
            r.agreed_on,
        )
        for r in filed
    ]
    content = table(heads("filings"), rows)
    writer.add(f"{name('filings', year)}.csv", content, _title("filings", year), _office_name())
    of, missing = {r.id: r for r in filed}, []
    for f in archive.filed_files(connection, list(of)):
        r = of[f.filing_id]
        folder = f"{name('filed', year)}/{annexes.plain_name(f'{r.name}-{r.course}')}"
        path = writer.unique(folder, f"{f.material}-{f.name}", f".{f.media}")
        title = _title("filed", year, institution=r.name) + f"{r.course} {f.material}"
        source = data_dir / incoming_files.FOLDER / f.hash
        try:
            writer.copy(path, source, f.size, title, r.name, _day(f.at), r.office_number or "")
        except FileNotFoundError:
            missing.append(path)
    return missing


def _office(writer: _Writer, connection: Connection, corpus: Corpus, until_audit: int, at: datetime) -> None:
    """The trail, what was published, and the answers as the office left them."""
    year, office = writer.year, _office_name()
    trail = (
        (r.id, r.at, r.name, r.action, r.subject, json.dumps(r.detail, ensure_ascii=False, sort_keys=True))
        for r in archive.trail(connection, year, until_audit)
    )
    writer.add(f"{name('trail', year)}.csv", table(heads("trail"), trail), _title("trail", year), office)
    published = (
        (
            r.id,
            r.kind,
            r.text,
            r.source,
            r.valid_from,
            r.valid_until,
            r.published_at,
            r.withdrawn_at if r.withdrawn_at and r.withdrawn_at < at else None,
        )
        for r in archive.published(connection, year, at)
    )
    content = table(heads("published"), published)
    writer.add(f"{name('published', year)}.csv", content, _title("published", year), office)
    version, layer = archive.answers(connection, year, at)
    entries = overlaid(corpus.packaged_entries, layer.get("entries", ()))
    told = ((e.id, e.title, e.answer, "、".join(e.clauses), e.quote) for e in entries)
    writer.add(f"{name('answers', year)}.csv", table(heads("answers"), told), _title("answers", year), office)
    if version:
        changed = json.dumps(
            {"version": version, "layer": layer}, ensure_ascii=False, sort_keys=True, indent=1
        )
        writer.add(
            f"{name('layer', year)}.json",
            changed.encode(),
            _title("layer", year),
            office,
            number=str(version),
        )
