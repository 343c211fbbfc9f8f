"""Files and pages that belong to a report's revision; the bytes stand outside, under their hash."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, delete, exists, func, insert, or_, select, union

from storage import audit
from storage.connections.statement import affected, insert_new
from storage.reports import closed_years
from storage.reports.counting import counting
from storage.reports.drafts import touch
from storage.reports.reports import Revision
from storage.reports.separate_pages import STAMPED
from storage.schema.contact import attachment, page, received_file
from storage.schema.core import institution, membership, report, revision
from storage.schema.courses import class_file

KINDS = ("measures", "practice", "problems")  # the form's note: on separate pages
MOST = 20  # files of one revision


class TooMany(Exception):
    """The revision has as many files as it may."""


@dataclass(frozen=True)
class Received:
    """A file that a person sent. `media` tells its type, `size` is in bytes."""

    id: int
    person_id: int
    name: str
    hash: str
    media: str
    size: int


@dataclass(frozen=True)
class Attached:
    """A file of a revision."""

    kind: str
    name: str
    hash: str
    media: str
    size: int


@dataclass(frozen=True)
class Pages:
    """What a revision has beside its figures: kind → text, and files."""

    words: dict[str, str]
    files: tuple[Attached, ...]

    @property
    def separate(self) -> bool:
        """Whether there are separate pages: a text, or a file of one of their kinds."""
        return bool(self.words) or any(f.kind in KINDS for f in self.files)

    @property
    def stamped(self) -> bool:
        """Whether the stamped form was sent back."""
        return any(f.kind == STAMPED for f in self.files)


NO_PAGES = Pages({}, ())


def receive(
    connection: Connection, person_id: int, name: str, digest: str, media: str, size: int, now: datetime
) -> Received:
    """Note a file that came; what it belongs to is told next."""
    made = connection.execute(
        insert(received_file)
        .values(person_id=person_id, name=name, hash=digest, media=media, size=size, at=now)
        .returning(received_file.c.id)
    ).scalar_one()
    return Received(int(made), person_id, name, digest, media, size)


def received(connection: Connection, number: int, person_id: int) -> Received | None:
    """A file that this person sent."""
    row = connection.execute(
        select(received_file)
        .where(received_file.c.id == number, received_file.c.person_id == person_id)
        .with_for_update()  # what is about to be attached is not forgotten meanwhile
    ).first()
    return Received(row.id, row.person_id, row.name, row.hash, row.media, row.size) if row else None


def unused_scans(connection: Connection, person_id: int, since: datetime, most: int = 2) -> list[Received]:
    """Pictures and PDFs that this person sent and that belong to no report, the newest first."""
    used = or_(
        exists().where(attachment.c.hash == received_file.c.hash),
        exists().where(class_file.c.hash == received_file.c.hash),
    )
    rows = connection.execute(
        select(received_file)
        .where(
            received_file.c.person_id == person_id,
            received_file.c.at >= since,
            received_file.c.media.in_(("jpg", "png", "pdf")),
            ~used,
        )
        .order_by(received_file.c.id.desc())
    )
    newest = {row.hash: row for row in reversed(rows.all())}  # the same sent twice is offered once
    return [
        Received(row.id, row.person_id, row.name, row.hash, row.media, row.size)
        for row in sorted(newest.values(), key=lambda r: -r.id)[:most]
    ]


def of(connection: Connection, revision_id: int) -> Pages:
    """Text and files of a revision, in the order they came."""
    texts = connection.execute(select(page.c.kind, page.c.words).where(page.c.revision_id == revision_id))
    files = connection.execute(
        select(attachment)
        .where(attachment.c.revision_id == revision_id)
        .order_by(attachment.c.at, attachment.c.kind, attachment.c.hash)
    )
    words = {row.kind: row.words for row in texts}
    return Pages(words, tuple(Attached(f.kind, f.name, f.hash, f.media, f.size) for f in files))


@dataclass(frozen=True)
class Annexed:
    """The counting revision of one institution, and what it has beside its figures."""

    institution_id: int
    institution: str
    district: str | None
    revision_id: int
    number: int
    state: str
    pages: Pages


def of_quarter(connection: Connection, quarter: str, accepted_only: bool) -> list[Annexed]:
    """Every counting revision of a quarter by institution name: three statements, however many."""
    heads = (
        select(
            institution.c.id,
            institution.c.name,
            institution.c.district,
            revision.c.id.label("revision_id"),
            revision.c.number,
            revision.c.state,
        )
        .join(report, report.c.institution_id == institution.c.id)
        .join(revision, revision.c.report_id == report.c.id)
        .where(report.c.quarter == quarter, counting(accepted_only))
    )
    ids = select(heads.subquery().c.revision_id)
    texts: dict[int, dict[str, str]] = {}
    for row in connection.execute(select(page).where(page.c.revision_id.in_(ids))):
        texts.setdefault(row.revision_id, {})[row.kind] = row.words
    files: dict[int, list[Attached]] = {}
    held = select(attachment).where(attachment.c.revision_id.in_(ids))
    for f in connection.execute(held.order_by(attachment.c.at, attachment.c.kind, attachment.c.hash)):
        files.setdefault(f.revision_id, []).append(Attached(f.kind, f.name, f.hash, f.media, f.size))
    return [
        Annexed(
            head.id,
            head.name,
            head.district,
            head.revision_id,
            head.number,
            head.state,
            Pages(texts.get(head.revision_id, {}), tuple(files.get(head.revision_id, ()))),
        )
        for head in sorted(connection.execute(heads), key=lambda h: (h.name, h.id))
    ]


def annexed(connection: Connection, quarter: str, accepted_only: bool) -> tuple[int, int]:
    """How many counting revisions of a quarter have separate pages, and how many a stamped scan."""
    written = exists().where(page.c.revision_id == revision.c.id)
    of_revision = attachment.c.revision_id == revision.c.id
    sent = exists().where(of_revision, attachment.c.kind.in_(KINDS))
    stamped = exists().where(of_revision, attachment.c.kind == STAMPED)
    found = (
        select(
            func.coalesce(func.sum(case((written | sent, 1), else_=0)), 0),
            func.coalesce(func.sum(case((stamped, 1), else_=0)), 0),
        )
        .select_from(revision)
        .join(report, report.c.id == revision.c.report_id)
        .where(report.c.quarter == quarter, counting(accepted_only))
    )
    pages, scans = connection.execute(found).one()
    return int(pages), int(scans)


def attach(
    connection: Connection, target: Revision, file: Received, kind: str, by: int, now: datetime
) -> bool:
    """Keep a file with a draft (or, stamped, with a submitted revision); False when it was there.

    Raises:
        VersionConflict: the draft was submitted or discarded meanwhile.
        TooMany: there are as many as may be.
    """
    if kind == STAMPED:
        closed_years.guard_revision(connection, target.id)
        connection.execute(select(revision.c.id).where(revision.c.id == target.id).with_for_update())
    else:
        touch(connection, target)
    # However many pages there are, the stamped form finds its place beside them.
    alike = attachment.c.kind == STAMPED if kind == STAMPED else attachment.c.kind != STAMPED
    count = select(func.count()).select_from(attachment).where(attachment.c.revision_id == target.id, alike)
    if connection.execute(count).scalar_one() >= MOST:
        raise TooMany
    made = affected(
        connection,
        insert_new(connection, attachment),
        {
            "revision_id": target.id,
            "kind": kind,
            "hash": file.hash,
            "name": file.name,
            "media": file.media,
            "size": file.size,
            "at": now,
            "person_id": by,
        },
    )
    detail = {"kind": kind, "hash": file.hash, "name": file.name}
    action = "report.stamped" if kind == STAMPED else "draft.attach"
    audit.record(connection, now, by, action, f"revision:{target.id}", **detail)
    return bool(made)


def detach(connection: Connection, draft: Revision, kind: str, digest: str, by: int, now: datetime) -> bool:
    """Take a file out of a draft; False when it was not there."""
    touch(connection, draft)
    gone = affected(
        connection,
        delete(attachment).where(
            attachment.c.revision_id == draft.id,
            attachment.c.kind == kind,
            attachment.c.hash.startswith(digest, autoescape=True),
        ),
    )
    audit.record(connection, now, by, "draft.detach", f"revision:{draft.id}", kind=kind, hash=digest)
    return bool(gone)


def write_page(
    connection: Connection, draft: Revision, kind: str, words: str, by: int, now: datetime
) -> None:
    """Keep the text of one page in place of an earlier one; "" takes it out."""
    touch(connection, draft)
    connection.execute(delete(page).where(page.c.revision_id == draft.id, page.c.kind == kind))
    if words:
        values = {"revision_id": draft.id, "kind": kind, "words": words, "at": now, "person_id": by}
        connection.execute(insert(page).values(**values))
    audit.record(connection, now, by, "draft.page", f"revision:{draft.id}", kind=kind)


def unstamp(connection: Connection, target: Revision, digest: str, by: int, now: datetime) -> bool:
    """Take a wrong scan off a revision that nobody decided on yet; False when there was nothing to take."""
    closed_years.guard_revision(connection, target.id)
    held = connection.execute(
        select(revision.c.id)
        .where(revision.c.id == target.id, revision.c.state == "submitted")
        .with_for_update()
    ).first()
    if held is None:
        return False
    gone = affected(
        connection,
        delete(attachment).where(
            attachment.c.revision_id == target.id,
            attachment.c.kind == STAMPED,
            attachment.c.hash.startswith(digest, autoescape=True),
        ),
    )
    audit.record(connection, now, by, "report.unstamped", f"revision:{target.id}", hash=digest)
    return bool(gone)


def forget_received(connection: Connection, before: datetime) -> int:
    """Forget which files came before that moment; those attached to a report stay known there."""
    return affected(connection, delete(received_file).where(received_file.c.at < before))


def may_read(connection: Connection, person_id: int, digest: str) -> bool:
    """Whether a file belongs to a report of an open institution that this person speaks for."""
    live = membership.c.revoked_at.is_(None) & (membership.c.person_id == person_id)
    live &= institution.c.closed_at.is_(None)
    found = (
        select(attachment.c.hash)
        .join(revision, revision.c.id == attachment.c.revision_id)
        .join(report, report.c.id == revision.c.report_id)
        .join(membership, membership.c.institution_id == report.c.institution_id)
        .join(institution, institution.c.id == report.c.institution_id)
        .where(attachment.c.hash == digest, live)
    )
    return bool(connection.execute(select(exists(found))).scalar())


def stamped(connection: Connection, revision_ids: Collection[int]) -> set[int]:
    """Those of the revisions that have their stamped form."""
    rows = connection.execute(
        select(attachment.c.revision_id).where(
            attachment.c.revision_id.in_(list(revision_ids)), attachment.c.kind == STAMPED
        )
    )
    return {row.revision_id for row in rows}


def unstamped(connection: Connection, institution_ids: Collection[int], limit: int) -> list[tuple[int, str]]:
    """(institution, quarter) of their counting revisions without a stamped form, newest quarter first."""
    has_stamp = exists().where(attachment.c.revision_id == revision.c.id, attachment.c.kind == STAMPED)
    rows = connection.execute(
        select(report.c.institution_id, report.c.quarter)
        .join(revision, revision.c.report_id == report.c.id)
        .where(
            report.c.institution_id.in_(list(institution_ids)),
            counting(accepted_only=False),
            ~has_stamp,
        )
        .order_by(report.c.quarter.desc(), report.c.institution_id)
        .limit(limit)
    )
    return [(row.institution_id, row.quarter) for row in rows]


def stamped_in(connection: Connection, quarter: str) -> set[int]:
    """The institutions whose counting revision of a quarter has its stamped form."""
    rows = connection.execute(
        select(report.c.institution_id)
        .join(revision, revision.c.report_id == report.c.id)
        .join(attachment, attachment.c.revision_id == revision.c.id)
        .where(
            report.c.quarter == quarter,
            counting(accepted_only=False),
            attachment.c.kind == STAMPED,
        )
    )
    return {row.institution_id for row in rows}


def wanted(connection: Connection, digests: Iterable[str], since: datetime) -> set[str]:
    """Which of these files are still needed: attached somewhere, or received since then."""
    of_these = list(digests)
    attached = select(attachment.c.hash).where(attachment.c.hash.in_(of_these))
    fresh = select(received_file.c.hash).where(
        received_file.c.hash.in_(of_these), received_file.c.at >= since
    )
    filed = select(class_file.c.hash).where(class_file.c.hash.in_(of_these))
    return set(connection.execute(union(attached, filed, fresh)).scalars())
