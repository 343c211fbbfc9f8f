"""What the storage of reports should do, in plain Python: nothing here knows a database.

A method changes the model, or raises `Refused` with the name of the refusal and changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

MEASURES = ("classes", "subsidised_classes", "trained", "certified", "subsidised", "amount")
SENT = ("submitted", "returned", "accepted")
# Every change of a revision's state there may be; "" before it was made.
TRANSITIONS = {
    ("", "draft"),
    ("draft", "submitted"),
    ("draft", "discarded"),
    ("submitted", "superseded"),
    ("submitted", "accepted"),
    ("submitted", "returned"),
    ("accepted", "superseded"),
}

Cell = int | str | None  # "not_known"
Row = dict[str, Cell]
Reason = tuple[str, str, str]  # occupation, measure, words


class Refused(Exception):
    """The model refuses: the name says which refusal the storage must give."""


@dataclass
class Revision:
    """One revision. `hands` are those who began, edited or submitted it."""

    number: int
    started_by: int
    state: str = "draft"
    version: int = 1
    nothing: bool = False
    rows: dict[str, Row] = field(default_factory=dict)
    idle: set[str] = field(default_factory=set)
    words: dict[tuple[str, str], str] = field(default_factory=dict)
    files: set[tuple[str, str]] = field(default_factory=set)
    hands: set[int] = field(default_factory=set)
    returned: set[tuple[str, str]] = field(default_factory=set)
    reopened: bool = False
    submitted_at: datetime | None = None

    def row(self, occupation: str) -> Row:
        """The row of an occupation, opened when it is new."""
        return self.rows.setdefault(occupation, dict.fromkeys(MEASURES))

    def touch(self, by: int, zero: bool | None = None) -> None:
        """An edit."""
        if self.state != "draft":
            raise Refused("VersionConflict")
        self.version += 1
        self.hands.add(by)
        self.nothing = self.nothing if zero is None else zero

    def fill(self, occupation: str, row: Row, by: int) -> None:
        """Some cells of a row."""
        self.touch(by, zero=False)
        self.row(occupation).update(row)
        self.idle.discard(occupation)

    def ask_again(self, of: Revision) -> None:
        """Empty what was returned in `of` where it still is as it was."""
        for occupation, measure in sorted(of.returned):
            if not occupation:
                self.nothing = False
            elif occupation in self.rows and occupation in of.rows:
                here, there = self.rows[occupation], of.rows[occupation]
                for m in (measure,) if measure else MEASURES:
                    here[m] = None if here[m] == there[m] else here[m]
                self.idle.discard(occupation)


@dataclass
class Report:
    """The revisions of an institution's quarter, oldest first."""

    revisions: list[Revision] = field(default_factory=list)
    first_submitted_at: datetime | None = None

    def one(self, state: str) -> Revision | None:
        """The only revision in that state, if there is one."""
        found = [r for r in self.revisions if r.state == state]
        assert len(found) < 2
        return found[0] if found else None

    def newest(self, states: Iterable[str]) -> Revision | None:
        """The newest revision in one of these states."""
        return next((r for r in reversed(self.revisions) if r.state in states), None)

    def counting(self, accepted_only: bool) -> Revision | None:
        """The revision whose figures are added up."""
        accepted = self.one("accepted")
        return accepted if accepted_only else self.one("submitted") or accepted


@dataclass
class Institution:
    """From and until when it is expected, and whether it was closed."""

    expected_from: str
    expected_until: str | None = None
    closed: bool = False
    opening: tuple[str, dict[str, dict[str, int]]] | None = None  # through which quarter, figures
    away: list[tuple[str, str]] = field(default_factory=list)  # last quarter before, first after

    def opens_again(self, quarter: str) -> None:
        """What passed while it was closed stays as it was."""
        last = self.expected_until
        assert last is not None
        if last < self.expected_from:
            self.expected_from = quarter
        elif last < quarter:
            self.away = [(a, b) for a, b in self.away if not (a == last or (a > last and b <= quarter))]
            self.away.append((last, quarter))

    def expected(self, quarter: str) -> bool:
        """Whether it is to report for a quarter."""
        if any(after < quarter < again for after, again in self.away):
            return False
        if self.expected_until is not None:
            return self.expected_from <= quarter <= self.expected_until
        return self.expected_from <= quarter and not self.closed


@dataclass
class Model:
    """Everything the office knows. `usual`: when quarters close if it says nothing."""

    usual: Mapping[str, datetime | None]
    institutions: dict[int, Institution] = field(default_factory=dict)
    reports: dict[tuple[int, str], Report] = field(default_factory=dict)
    closings: dict[str, datetime] = field(default_factory=dict)
    extensions: dict[tuple[int, str], datetime] = field(default_factory=dict)

    def report(self, place: tuple[int, str]) -> Report:
        """A report, empty when nobody began it."""
        return self.reports.get(place) or Report()

    def check_open(self, place: tuple[int, str], now: datetime) -> None:
        """Refuse when the quarter is closed for this institution."""
        at = self.closings.get(place[1], self.usual[place[1]])
        if at is None or now < at:
            return
        latest = self.report(place).newest((*SENT, "superseded"))
        if latest and (latest.state == "returned" or (latest.state == "accepted" and latest.reopened)):
            return
        until = self.extensions.get(place)
        if until is None or now >= until:
            raise Refused("ReportClosed")

    def begin(self, place: tuple[int, str], by: int, now: datetime) -> Revision:
        """The open draft, or a new one that begins as the newest submission."""
        report = self.report(place)
        if draft := report.one("draft"):
            return draft
        self.check_open(place, now)
        made = Revision(len(report.revisions) + 1, by, hands={by})
        if source := report.newest((*SENT, "superseded")):
            made.nothing = source.nothing
            made.rows = {name: dict(row) for name, row in source.rows.items()}
            made.idle, made.words = set(source.idle), dict(source.words)
            made.files = {file for file in source.files if file[0] != "stamped"}
            if source.state == "returned":
                made.ask_again(source)
        report.revisions.append(made)
        self.reports[place] = report
        return made

    def submit(self, place: tuple[int, str], draft: Revision, version: int, by: int, now: datetime) -> None:
        """Freeze a draft as it was seen."""
        self.check_open(place, now)
        if draft.state != "draft" or draft.version != version:
            raise Refused("VersionConflict")
        report = self.reports[place]
        if before := report.one("submitted"):
            before.state = "superseded"
        draft.state, draft.submitted_at = "submitted", now
        draft.hands.add(by)
        report.first_submitted_at = report.first_submitted_at or now

    def _seen(self, place: tuple[int, str], seen: Revision, state: str) -> Report:
        report = self.reports[place]
        if seen.state != state or report.newest((*SENT, "superseded")) is not seen:
            raise Refused("VersionConflict")
        return report

    def accept(self, place: tuple[int, str], seen: Revision, by: int) -> None:
        """Let it count in place of one accepted before."""
        report = self._seen(place, seen, "submitted")
        if by in seen.hands:  # there is always a colleague here
            raise Refused("OwnEntry")
        if before := report.one("accepted"):
            before.state = "superseded"
        seen.state = "accepted"

    def return_(self, place: tuple[int, str], seen: Revision, reasons: list[Reason]) -> None:
        """Give it back, naming cells."""
        report = self._seen(place, seen, "submitted")
        places = {(o, m) for o, m, _ in reasons}
        bad = any((o and o not in seen.rows) or (m and not o) or not w.strip() for o, m, w in reasons)
        if bad or not reasons or len(places) != len(reasons):
            raise Refused("BadReasons")
        seen.state, seen.returned = "returned", places
        if draft := report.one("draft"):
            draft.version += 1
            draft.ask_again(seen)

    def reopen(self, place: tuple[int, str], seen: Revision) -> None:
        """Let what was accepted be corrected, also after closing."""
        self._seen(place, seen, "accepted")
        if seen.reopened:
            raise Refused("VersionConflict")
        seen.reopened = True

    def counted(self, first: str, last: str, accepted_only: bool) -> Iterator[tuple[int, str, Revision]]:
        """Institution, quarter and revision of everything that is added up."""
        for (institution, quarter), report in self.reports.items():
            counting = report.counting(accepted_only)
            if first <= quarter <= last and counting is not None:
                yield institution, quarter, counting

    def totals(
        self, first: str, last: str, accepted_only: bool, since_start: bool = False
    ) -> dict[str, tuple[Row, Counter[str]]]:
        """By occupation: sums, and how many rows hold no figure for a measure."""
        sums: dict[str, tuple[Row, Counter[str]]] = {}

        def add(rows: Mapping[str, Mapping[str, Cell]]) -> None:
            for occupation, row in rows.items():
                added, unknown = sums.setdefault(occupation, (dict.fromkeys(MEASURES, 0), Counter()))
                for measure, cell in row.items():
                    if isinstance(cell, int):
                        added[measure] += cell  # type: ignore[operator]
                    else:
                        unknown[measure] += 1

        before = {
            number: institution.opening
            for number, institution in self.institutions.items()
            if since_start and institution.opening and institution.opening[0] <= last
        }
        for _, rows in before.values():
            add(rows)
        for number, quarter, counting in self.counted(first, last, accepted_only):
            if number not in before or quarter > before[number][0]:
                add(counting.rows)
        return sums

    def board(self, quarter: str, due: datetime) -> dict[int, tuple[str, bool, bool]]:
        """By expected institution: (state, late, zero)."""
        found = {}
        for number, institution in self.institutions.items():
            if not institution.expected(quarter):
                continue
            report = self.report((number, quarter))
            newest = report.newest(SENT)
            first = report.first_submitted_at
            by = max(due, self.extensions.get((number, quarter), due))
            state = newest.state if newest else "draft" if report.one("draft") else "missing"
            found[number] = (state, first is not None and first >= by, bool(newest and newest.nothing))
        return found
