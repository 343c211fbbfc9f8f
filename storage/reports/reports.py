"""Reports as they stand: one per institution and quarter, made of append-only revisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    bindparam,
    literal_column,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from storage.connections.statement import Statement
from storage.schema.core import MEASURES, explanation, figure, institution, report, revision

NOT_KNOWN: Literal["not_known"] = "not_known"
Cell = int | Literal["not_known"] | None
Rows = dict[str, dict[str, Cell]]  # occupation → measure → cell


class VersionConflict(Exception):
    """The draft changed since the actor saw it; nothing was done."""


def reminder_of(institution_id: int, quarter: str) -> str:
    """What a reminder of this report is about (`turns.remind`)."""
    return f"report:{institution_id}:{quarter}"


@dataclass(frozen=True)
class Revision:
    """One revision's head."""

    id: int
    report_id: int
    number: int
    state: str
    version: int
    nothing_to_report: bool
    reason: str | None
    filled_by: str | None
    telephone: str | None
    receipt: str | None
    submitted_at: datetime | None
    withheld: bool = False

    @property
    def signer(self) -> str | None:
        """Who filled it in, where it may be shown: on the official form it always stands."""
        return None if self.withheld else self.filled_by

    @property
    def signer_telephone(self) -> str | None:
        """Their number, encrypted, where it may be shown."""
        return None if self.withheld else self.telephone


@dataclass(frozen=True)
class Snapshot:
    """A report as it stands: the draft if there is one, else the latest submission.

    `shown` is None when nothing was ever entered. `explanations` maps (occupation, doubt id) to
    the words given.
    """

    institution_id: int
    quarter: str
    shown: Revision | None = None
    latest: Revision | None = None  # the latest submitted, whatever became of it
    rows: Rows = field(default_factory=dict)
    no_business: frozenset[str] = frozenset()
    explanations: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def draft(self) -> Revision | None:
        """The open draft, if there is one."""
        return self.shown if self.shown is not None and self.shown.state == "draft" else None


# The columns of a `Revision`, in its order.
REVISION = (
    revision.c.id,
    revision.c.report_id,
    revision.c.number,
    revision.c.state,
    revision.c.version,
    revision.c.nothing_to_report,
    revision.c.reason,
    revision.c.filled_by,
    revision.c.telephone,
    revision.c.receipt,
    revision.c.submitted_at,
    revision.c.withheld,
)


# Built once: these run with every figure somebody types.
_OF_REPORT = (
    report.c.institution_id == bindparam("institution"),
    report.c.quarter == bindparam("of_quarter"),
)
_HEADS = (
    select(*REVISION)
    .join(report, report.c.id == revision.c.report_id)
    .where(*_OF_REPORT, revision.c.state != "discarded")
)
# For somebody who is about to write: two of them at the same instant wait for each other.
_HOLD = Statement(_HEADS.order_by(revision.c.number).with_for_update(of=revision))
_FIGURES = Statement(select(figure).where(figure.c.revision_id == bindparam("of_revision")))
_SHOWN = _HEADS.with_only_columns(revision.c.id).order_by(revision.c.number.desc()).limit(1).scalar_subquery()
_CELLS = tuple(c for c in figure.c if c.name != "revision_id")


def _nothing(*columns: Any) -> list[Any]:
    """NULL in the place of these columns, in a part of a union that has none."""
    return [type_coerce(null(), c.type).label(c.name) for c in columns]


# A report as it stands in one statement: its heads, then the figures and the words of the last one.
_SNAPSHOT = Statement(
    union_all(
        _HEADS.with_only_columns(
            literal_column("0", Integer).label("part"),
            *REVISION,
            *_nothing(*_CELLS, explanation.c.doubt, explanation.c.words),
        ),
        select(
            literal_column("1", Integer).label("part"),
            *_nothing(*REVISION),
            *_CELLS,
            *_nothing(explanation.c.doubt, explanation.c.words),
        ).where(figure.c.revision_id == _SHOWN),
        select(
            literal_column("2", Integer).label("part"),
            *_nothing(*REVISION),
            explanation.c.occupation,
            *_nothing(*_CELLS[1:]),
            explanation.c.doubt,
            explanation.c.words,
        ).where(explanation.c.revision_id == _SHOWN),
    )
)
_LATEST = Statement(
    select(revision.c.id)
    .join(report, report.c.id == revision.c.report_id)
    .where(*_OF_REPORT, or_(revision.c.state == "submitted", revision.c.state == "accepted"))
    .order_by(revision.c.number.desc())
    .limit(1)
)


def cells_of(row: Any) -> dict[str, Cell]:
    """The cells of one row of `figure`."""
    return {m: NOT_KNOWN if m in row.not_known else getattr(row, m) for m in MEASURES}


def rows_of(connection: Connection, revision_id: int) -> tuple[Rows, frozenset[str]]:
    """A revision's figures, and the occupations marked 无业务."""
    rows: Rows = {}
    idle: set[str] = set()
    for row in _FIGURES.all(connection, {"of_revision": revision_id}):
        rows[row.occupation] = cells_of(row)
        if row.no_business:
            idle.add(row.occupation)
    return rows, frozenset(idle)


def snapshot(connection: Connection, institution_id: int, quarter: str, hold: bool = False) -> Snapshot:
    """The report as it stands now; with `hold` nobody else changes it until the transaction ends."""
    values = {"institution": institution_id, "of_quarter": quarter}
    if hold and connection.dialect.name != "sqlite":  # there, whoever writes is alone anyway
        _HOLD.all(connection, values)
    heads: list[Revision] = []
    rows: Rows = {}
    idle: set[str] = set()
    words: dict[tuple[str, str], str] = {}
    for row in _SNAPSHOT.all(connection, values):
        if row.part == 0:
            heads.append(Revision(*row[1 : 1 + len(REVISION)]))
        elif row.part == 1:
            rows[row.occupation] = cells_of(row)
            if row.no_business:
                idle.add(row.occupation)
        else:
            words[row.occupation, row.doubt] = row.words
    if not heads:
        return Snapshot(institution_id, quarter)
    heads.sort(key=lambda one: one.number)
    submitted = [r for r in heads if r.state != "draft"]
    latest = submitted[-1] if submitted else None
    return Snapshot(institution_id, quarter, heads[-1], latest, rows, frozenset(idle), words)


@dataclass(frozen=True)
class Explanation:
    """What was said about an unlikely figure. `asked` is what was unlikely, in the words of its day."""

    occupation: str
    doubt: str
    asked: str
    words: str


@dataclass(frozen=True)
class Submitted:
    """A submitted revision with what an export needs."""

    institution_id: int
    institution: str
    district: str | None
    quarter: str
    revision: Revision
    rows: Rows
    explanations: tuple[Explanation, ...]
    no_business: frozenset[str] = frozenset()  # rows of zeros because nothing took place


_HEAD = (
    institution.c.id.label("institution_id"),
    institution.c.name,
    institution.c.district,
    report.c.quarter,
    *REVISION,
)


def _collect(connection: Connection, heads: Select[Any]) -> list[Submitted]:
    """Heads (columns `_HEAD`) with their figures and explanations: three statements, however many."""
    found = connection.execute(heads.order_by(institution.c.name, report.c.quarter)).all()
    ids = heads.with_only_columns(revision.c.id).order_by(None).subquery()
    rows: dict[int, Rows] = {}
    idle: dict[int, set[str]] = {}
    for row in connection.execute(select(figure).where(figure.c.revision_id.in_(select(ids.c.id)))):
        rows.setdefault(row.revision_id, {})[row.occupation] = cells_of(row)
        if row.no_business:
            idle.setdefault(row.revision_id, set()).add(row.occupation)
    words: dict[int, list[Explanation]] = {}
    for word in connection.execute(
        select(explanation)
        .where(explanation.c.revision_id.in_(select(ids.c.id)))
        .order_by(explanation.c.occupation, explanation.c.doubt)
    ):
        said = Explanation(word.occupation, word.doubt, word.text, word.words)
        words.setdefault(word.revision_id, []).append(said)
    return [
        Submitted(
            head.institution_id,
            head.name,
            head.district,
            head.quarter,
            Revision(*tuple(head)[4:]),
            rows.get(head.id, {}),
            tuple(words.get(head.id, ())),
            frozenset(idle.get(head.id, ())),
        )
        for head in found
    ]


def submitted_revisions(connection: Connection, revision_ids: list[int]) -> list[Submitted]:
    """Revisions with their figures, by institution name."""
    heads = (
        select(*_HEAD)
        .select_from(revision)
        .join(report, report.c.id == revision.c.report_id)
        .join(institution, institution.c.id == report.c.institution_id)
        .where(revision.c.id.in_(revision_ids))
    )
    return _collect(connection, heads)


def submitted_revision(connection: Connection, revision_id: int) -> Submitted | None:
    """One revision with its figures; None when there is none with that id."""
    found = submitted_revisions(connection, [revision_id])
    return found[0] if found else None


_later = revision.alias("later")


def latest_rows(connection: Connection, institution_id: int, quarter: str) -> Rows:
    """The figures last submitted by an institution for a quarter; {} when there are none."""
    found = _LATEST.scalar(connection, {"institution": institution_id, "of_quarter": quarter})
    return rows_of(connection, found)[0] if found else {}
