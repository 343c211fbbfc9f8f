"""Contacts, officers, a clock and crashes at random: the storage of reports against a plain model."""

from __future__ import annotations

import copy
import itertools
import os
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, Engine, func, insert, select, text

from policy.calendar.quarters import Quarter, Times
from storage.connections.database import connect, open_database, transaction
from storage.institutions import institutions, roster
from storage.reports import attachments, board, decisions, drafts, prior_figures, reports
from storage.reports.decisions import BadReasons, OwnEntry
from storage.reports.reports import VersionConflict
from storage.reports.returned_cells import ReportClosed
from storage.schema.contact import attachment
from storage.schema.core import (
    MEASURES,
    audit,
    explanation,
    figure,
    membership,
    metadata,
    person,
    report,
    revision,
)
from storage.totals import aggregates, coverage, summary
from storage.totals.summary import Wanted
from tests.support.reports_model import SENT, TRANSITIONS, Institution, Model, Refused, Revision
from tests.support.talk import NOON

QUARTERS = ("2026Q3", "2026Q4", "2027Q1")
OCCUPATIONS = ("大数据", "区块链", "智能制造")
# When a quarter closes if the office says nothing: the first of them while things happen here.
TIMES = Times(closes_after=100)
USUAL = {quarter: TIMES.closes(Quarter.parse(quarter)) for quarter in QUARTERS}
REFUSALS: dict[str, type[Exception]] = {"VersionConflict": VersionConflict, "ReportClosed": ReportClosed}
REFUSALS |= {"OwnEntry": OwnEntry, "BadReasons": BadReasons}
CONTACTS, OFFICERS = (1, 2, 3, 4), (5, 6)

# Mostly the present, mostly what can be done, and the rest often enough.
PLACES = [(number, quarter) for quarter in (*QUARTERS[1:2], *QUARTERS) for number in (1, 2, 3)]
places = st.integers(0, 999)  # which of those where there is something to do
people = st.sampled_from((*CONTACTS, *CONTACTS, *OFFICERS))
officers = st.sampled_from(OFFICERS)
cells = st.one_of(
    st.integers(0, 999), st.integers(0, 3_000_000_000_00), st.sampled_from((0, None, "not_known"))
)
rows = st.dictionaries(st.sampled_from(MEASURES), cells, min_size=1)
crashes = st.integers(0, 11).map(lambda n: n == 0)
stale = st.integers(0, 5).map(lambda n: n == 0)


class Crash(Exception):
    """The process died before its transaction was committed."""


class Reports(RuleBasedStateMachine):
    """Every step is one transaction on the real storage and the same step of the model."""

    fresh: Callable[[], str]  # the URL of an empty database

    def __init__(self) -> None:
        super().__init__()
        self.url = self.fresh()
        self.engine: Engine = connect(self.url)
        self.model = Model(USUAL)
        self.now = NOON
        self.ids: dict[int, Revision] = {}  # by the id in the database
        self.placed: dict[int, tuple[int, str]] = {}
        self.seen: dict[tuple[int, str], list[reports.Revision]] = {}  # drafts as somebody saw them
        self.states: dict[int, str] = {}
        self.first: dict[int, datetime] = {}
        self.audited = 0
        self.acted = True
        self.receipts = itertools.count(1)

    def teardown(self) -> None:
        self.engine.dispose()

    # ── one step ──────────────────────────────────────────────────────────────────────────────

    def step(self, do: Callable[[Connection], Any], expect: Callable[[Model], Any], crash: bool) -> Any:
        """Do it in the storage and in the model; both must go through, or refuse alike."""
        after, kept, self.acted = copy.deepcopy(self.model), self.audited, True
        refusal = None
        try:
            expect(after)
        except Refused as refused:
            refusal = str(refused)
        try:
            with transaction(self.engine) as connection:
                made = do(connection)
                if crash:
                    raise Crash
        except Crash:
            assert refusal is None
            self.engine.dispose()
            self.engine = connect(self.url)
            return None
        except tuple(REFUSALS.values()) as error:
            assert type(error) is REFUSALS.get(str(refusal)), (error, refusal)
            assert self.count_audit() == kept
            return None
        assert refusal is None, refusal
        before = copy.deepcopy(self.model)
        expect(self.model)
        self.audited = self.count_audit()
        assert self.audited > kept or before == self.model  # every change leaves its mark
        self.states_change_only_as_they_may()
        return made

    def states_change_only_as_they_may(self) -> None:
        with transaction(self.engine, read_only=True) as connection:
            for number, state in connection.execute(select(revision.c.id, revision.c.state)):
                before = self.states.get(number, "")
                assert before == state or (before, state) in TRANSITIONS, (before, state)
                self.states[number] = state

    def count_audit(self) -> int:
        with transaction(self.engine, read_only=True) as connection:
            return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())

    def where(self, pick: int, *states: str) -> tuple[int, str]:
        """A report that has a revision in one of these states; now and then any other."""
        fit = [p for p in PLACES if any(r.state in states for r in self.model.report(p).revisions)]
        chosen = fit if fit and pick % 8 else PLACES
        return chosen[pick // 8 % len(chosen)]

    def draft(self, place: tuple[int, str], old: bool) -> reports.Revision | None:
        """A draft to act on: as it stands, or as somebody saw it some time ago."""
        with transaction(self.engine, read_only=True) as connection:
            now = reports.snapshot(connection, *place).draft
        known = self.seen.setdefault(place, [])
        if now is not None:
            known.append(now)
        chosen = known[len(known) // 2 :][:1] if old else known[-1:]
        return chosen[0] if chosen else None

    def sent(self, place: tuple[int, str], old: bool) -> int | None:
        """The id of a submission to decide on: the newest, or an earlier one."""
        found = [n for n, r in sorted(self.ids.items()) if self.placed[n] == place and r.submitted_at]
        return None if not found else found[-1] if not old else found[0]

    def of(self, model: Model, revision_id: int) -> Revision:
        """The revision with that id in a copy of the model."""
        return model.reports[self.placed[revision_id]].revisions[self.ids[revision_id].number - 1]

    def edit(self, pick: int, by: int, old: bool, crash: bool, do: Any, expect: Any) -> None:
        """An edit of a draft; whoever has none begins one first."""
        place = self.where(pick, "draft")
        if not old and self.model.report(place).one("draft") is None:
            self.begin(place, by, False)
        seen = self.draft(place, old)
        if seen is not None:
            self.step(lambda c: do(c, seen), lambda m: expect(self.of(m, seen.id)), crash)

    def begin(self, place: tuple[int, str], by: int, crash: bool) -> None:
        made = self.step(
            lambda c: drafts.begin_draft(c, *place, by, self.now, USUAL[place[1]]),
            lambda m: m.begin(place, by, self.now),
            crash,
        )
        if made is not None:
            self.ids[made.id] = self.model.reports[place].revisions[made.number - 1]
            self.placed[made.id] = place
            assert self.ids[made.id].state == "draft"

    def submit(self, place: tuple[int, str], by: int, old: bool, crash: bool) -> None:
        if (seen := self.draft(place, old)) is None:
            return
        receipt = f"r{next(self.receipts)}"
        self.step(
            lambda c: drafts.submit(
                c, seen, seen.version, receipt, by, self.now, "王芳", None, USUAL[place[1]]
            ),
            lambda m: m.submit(place, self.of(m, seen.id), seen.version, by, self.now),
            crash,
        )

    # ── what people do ────────────────────────────────────────────────────────────────────────

    @initialize()
    def people_and_institutions(self) -> None:
        with transaction(self.engine) as connection:
            connection.execute(insert(person), [{"id": n, "created_at": NOON} for n in CONTACTS + OFFICERS])
            for number in (1, 2, 3):
                institutions.create(connection, f"学校{number}", QUARTERS[0], NOON, 5)
                self.model.institutions[number] = Institution(QUARTERS[0])
            office = {"role": "staff", "from_at": NOON}
            connection.execute(insert(membership), [{"person_id": n, **office} for n in OFFICERS])
        self.audited = self.count_audit()

    @rule(pick=places, by=people, crash=crashes)
    def begins(self, pick: int, by: int, crash: bool) -> None:
        self.begin(self.where(pick, *SENT), by, crash)

    @rule(pick=places, by=people, name=st.sampled_from(OCCUPATIONS), row=rows, old=stale, crash=crashes)
    def fills(self, pick: int, by: int, name: str, row: Any, old: bool, crash: bool) -> None:
        self.edit(
            pick,
            by,
            old,
            crash,
            lambda c, d: drafts.set_cells(c, d, name, row, by, self.now),
            lambda d: d.fill(name, row, by),
        )

    @rule(pick=places, by=people, name=st.sampled_from(OCCUPATIONS), old=stale, crash=crashes)
    def says_no_business(self, pick: int, by: int, name: str, old: bool, crash: bool) -> None:
        row: dict[str, Any] = dict.fromkeys(MEASURES, 0)

        def expect(draft: Revision) -> None:
            draft.touch(by, zero=False)
            draft.row(name).update(row)
            draft.idle.add(name)
            draft.words = {key: said for key, said in draft.words.items() if key != (name, "many")}

        self.edit(
            pick,
            by,
            old,
            crash,
            lambda c, d: drafts.set_cells(c, d, name, row, by, self.now, no_business=True, clear=["many"]),
            expect,
        )

    @rule(pick=places, by=people, names=st.sets(st.sampled_from(OCCUPATIONS), min_size=1), old=stale)
    def chooses_occupations(self, pick: int, by: int, names: set[str], old: bool) -> None:
        def expect(draft: Revision) -> None:
            draft.touch(by, zero=False)
            for name in names:
                draft.row(name)

        chosen = sorted(names)
        self.edit(
            pick, by, old, False, lambda c, d: drafts.add_occupations(c, d, chosen, by, self.now), expect
        )

    @rule(pick=places, by=people, old=stale, crash=crashes)
    def has_nothing_to_report(self, pick: int, by: int, old: bool, crash: bool) -> None:
        def expect(draft: Revision) -> None:
            draft.touch(by, zero=True)
            draft.rows, draft.idle, draft.words = {}, set(), {}

        self.edit(pick, by, old, crash, lambda c, d: drafts.set_nothing_to_report(c, d, by, self.now), expect)

    @rule(pick=places, by=people, name=st.sampled_from(OCCUPATIONS), said=st.sampled_from("ab"), old=stale)
    def explains(self, pick: int, by: int, name: str, said: str, old: bool) -> None:
        def expect(draft: Revision) -> None:
            draft.touch(by)
            draft.words[name, "many"] = said

        self.edit(
            pick,
            by,
            old,
            False,
            lambda c, d: drafts.explain(c, d, name, "many", said, "?", by, self.now),
            expect,
        )

    @rule(pick=places, by=people, digest=st.sampled_from("abc"), old=stale, crash=crashes)
    def attaches(self, pick: int, by: int, digest: str, old: bool, crash: bool) -> None:
        def do(connection: Connection, draft: reports.Revision) -> None:
            file = attachments.receive(connection, by, "f.pdf", digest, "pdf", 1, self.now)
            attachments.attach(connection, draft, file, "practice", by, self.now)

        def expect(draft: Revision) -> None:
            draft.touch(by)
            draft.files.add(("practice", digest))

        self.edit(pick, by, old, crash, do, expect)

    @rule(pick=places, by=people, digest=st.sampled_from("ab"))
    def sends_the_stamped_form(self, pick: int, by: int, digest: str) -> None:
        if (number := self.sent(self.where(pick, *SENT), old=False)) is None:
            return

        def do(connection: Connection) -> None:
            head = reports.submitted_revision(connection, number)
            assert head is not None
            file = attachments.receive(connection, by, "s.pdf", digest, "pdf", 1, self.now)
            attachments.attach(connection, head.revision, file, "stamped", by, self.now)

        self.step(do, lambda m: self.of(m, number).files.add(("stamped", digest)), False)

    @rule(pick=places, by=people, old=stale)
    def gives_up(self, pick: int, by: int, old: bool) -> None:
        def expect(draft: Revision) -> None:
            if draft.state != "draft":
                raise Refused("VersionConflict")
            draft.state = "discarded"

        self.edit(pick, by, old, False, lambda c, d: drafts.discard(c, d, by, self.now), expect)

    @rule(pick=places, by=people, old=stale, crash=crashes)
    def submits(self, pick: int, by: int, old: bool, crash: bool) -> None:
        self.submit(self.where(pick, "draft"), by, old, crash)

    @rule(
        pick=places,
        by=people,
        name=st.sampled_from(OCCUPATIONS),
        row=rows,
        then=st.sampled_from(("", "accept", "accept", "return")),
    )
    def corrects_and_is_decided_on(self, pick: int, by: int, name: str, row: Any, then: str) -> None:
        place = self.where(pick, *SENT)
        self.begin(place, by, False)
        if (seen := self.draft(place, old=False)) is not None:
            self.step(
                lambda c: drafts.set_cells(c, seen, name, row, by, self.now),
                lambda m: self.of(m, seen.id).fill(name, row, by),
                False,
            )
        self.submit(place, by, False, False)
        if then == "accept":
            self.accept(place, OFFICERS[by == OFFICERS[0]], False, False)
        elif then == "return":
            self.return_(place, [(1, "trained", "不符"), (1, "amount", "不符")], OFFICERS[0], False, False)

    # ── what the office does ──────────────────────────────────────────────────────────────────

    def accept(self, place: tuple[int, str], by: int, old: bool, crash: bool) -> None:
        if (number := self.sent(place, old)) is not None:
            self.step(
                lambda c: decisions.accept(c, number, by, self.now),
                lambda m: m.accept(place, self.of(m, number), by),
                crash,
            )

    def return_(
        self, place: tuple[int, str], marked: list[tuple[int, str, str]], by: int, old: bool, crash: bool
    ) -> None:
        """`marked`: which of the rows there are (0: the report as a whole), measure, words."""
        if (number := self.sent(place, old)) is not None:
            names = ("", *(sorted(self.ids[number].rows) or OCCUPATIONS))
            reasons = [(names[which % len(names)], measure, words) for which, measure, words in marked]
            self.step(
                lambda c: decisions.return_(c, number, reasons, by, self.now),
                lambda m: m.return_(place, self.of(m, number), reasons),
                crash,
            )

    @rule(pick=places, by=officers, old=stale, crash=crashes)
    def accepts(self, pick: int, by: int, old: bool, crash: bool) -> None:
        self.accept(self.where(pick, "submitted"), by, old, crash)

    @rule(
        pick=places,
        by=officers,
        marked=st.lists(
            st.tuples(
                st.integers(0, 3),
                st.sampled_from(("trained", "amount", "")),
                st.sampled_from(("不符", "不符", "不符", "不符", " ")),
            ),
            max_size=3,
        ),
        old=stale,
        crash=crashes,
    )
    def returns(self, pick: int, by: int, marked: Any, old: bool, crash: bool) -> None:
        self.return_(self.where(pick, "submitted"), marked, by, old, crash)

    @rule(pick=places, by=officers, old=stale)
    def reopens(self, pick: int, by: int, old: bool) -> None:
        place = self.where(pick, "accepted")
        if (number := self.sent(place, old)) is not None:
            self.step(
                lambda c: decisions.reopen(c, number, "数字有误", by, self.now),
                lambda m: m.reopen(place, self.of(m, number)),
                False,
            )

    @rule(pick=places, hours=st.integers(-2, 90), by=officers, crash=crashes)
    def extends(self, pick: int, hours: int, by: int, crash: bool) -> None:
        place = self.where(pick, *SENT)
        due = TIMES.due(Quarter.parse(place[1]))
        until = max(self.now, due) + timedelta(hours=hours)

        def expect(model: Model) -> None:
            if hours <= 0:
                raise Refused("BadReasons")
            model.extensions[place] = until

        self.step(lambda c: decisions.extend(c, *place, until, "公章在外", by, self.now, due), expect, crash)

    @rule(pick=places, by=officers, crash=crashes)
    def takes_an_extension_back(self, pick: int, by: int, crash: bool) -> None:
        place = self.where(pick, *SENT)

        def expect(model: Model) -> None:
            model.extensions.pop(place, None)

        self.step(lambda c: decisions.withdraw_extension(c, *place, by, self.now), expect, crash)

    @rule(quarter=st.sampled_from(QUARTERS), hours=st.integers(-24, 72), opened=st.booleans(), by=officers)
    def closes_the_quarter(self, quarter: str, hours: int, opened: bool, by: int) -> None:
        at = None if opened else self.now + timedelta(hours=hours)

        def expect(model: Model) -> None:
            model.closings.pop(quarter, None)
            if at is not None:
                model.closings[quarter] = at

        self.step(lambda c: decisions.close_quarter(c, quarter, at, by, self.now), expect, False)

    @rule(number=st.sampled_from((2, 3)), last=st.sampled_from(QUARTERS), by=officers, crash=crashes)
    def closes_or_reopens_an_institution(self, number: int, last: str, by: int, crash: bool) -> None:
        closed = self.model.institutions[number].closed

        def expect(model: Model) -> None:
            one = model.institutions[number]
            if closed:
                one.opens_again(last)
            one.closed = not closed
            one.expected_until = None if closed else last

        if closed:
            self.step(lambda c: roster.reopen(c, number, last, None, by, self.now), expect, crash)
        else:
            self.step(lambda c: roster.close(c, number, last, by, self.now), expect, crash)

    @rule(
        number=st.sampled_from((1, 2)),
        through=st.sampled_from(("2025Q4", *QUARTERS)),
        table=st.dictionaries(st.sampled_from(OCCUPATIONS), st.integers(1, 99), max_size=2),
        by=officers,
        crash=crashes,
    )
    def enters_opening_figures(self, number: int, through: str, table: Any, by: int, crash: bool) -> None:
        rows = {name: dict.fromkeys(MEASURES, value) for name, value in table.items()}

        def expect(model: Model) -> None:
            model.institutions[number].opening = (through, rows)

        self.step(
            lambda c: prior_figures.keep_opening(c, number, through, "历次纸质报表", rows, by, self.now),
            expect,
            crash,
        )

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    # ── what always holds ─────────────────────────────────────────────────────────────────────

    @invariant()
    def holds(self) -> None:
        if not self.acted:  # since the last time
            return
        self.acted = False
        with transaction(self.engine, read_only=True) as connection:
            self.the_revisions_are_those_of_the_model(connection)
            self.every_figure_is_that_of_its_revision(connection)
            self.totals_are_the_sum_of_what_counts(connection)
            self.the_board_counts_everybody_once(connection)

    def the_revisions_are_those_of_the_model(self, connection: Connection) -> None:
        heads = select(revision, report.c.institution_id, report.c.quarter, report.c.first_submitted_at)
        found = connection.execute(heads.join(report, report.c.id == revision.c.report_id)).all()
        assert {row.id for row in found} == set(self.ids)
        states: dict[int, list[str]] = {}
        for row in found:
            known = self.ids[row.id]
            assert (row.institution_id, row.quarter) == self.placed[row.id]
            assert (row.number, row.state, row.version, row.nothing_to_report, row.submitted_at) == (
                known.number,
                known.state,
                known.version,
                known.nothing,
                known.submitted_at,
            )
            states.setdefault(row.report_id, []).append(row.state)
            if row.first_submitted_at is not None:
                assert self.first.setdefault(row.report_id, row.first_submitted_at) == row.first_submitted_at
            assert self.first.get(row.report_id) == row.first_submitted_at
            assert self.model.reports[self.placed[row.id]].first_submitted_at == row.first_submitted_at
        for many in states.values():
            assert all(many.count(state) < 2 for state in ("draft", "submitted", "accepted"))

    def every_figure_is_that_of_its_revision(self, connection: Connection) -> None:
        rows: dict[int, Any] = {}
        for row in connection.execute(select(figure)):
            rows.setdefault(row.revision_id, {})[row.occupation] = (reports.cells_of(row), row.no_business)
        words: dict[int, Any] = {}
        for row in connection.execute(select(explanation)):
            words.setdefault(row.revision_id, {})[row.occupation, row.doubt] = row.words
        files: dict[int, set[tuple[str, str]]] = {}
        for row in connection.execute(select(attachment)):
            files.setdefault(row.revision_id, set()).add((row.kind, row.hash))
        assert {*rows, *words, *files} <= set(self.ids)  # no figure without a revision
        for number, known in self.ids.items():
            wanted = {name: (row, name in known.idle) for name, row in known.rows.items()}
            assert rows.get(number, {}) == wanted
            assert words.get(number, {}) == known.words
            assert files.get(number, set()) == known.files

    def totals_are_the_sum_of_what_counts(self, connection: Connection) -> None:
        quarter = QUARTERS[1]
        for accepted_only in (False, True):
            for first, last in ((quarter, quarter), ("2026Q1", quarter), ("2023Q1", QUARTERS[2])):
                since_start = first == "2023Q1"
                found = aggregates.totals(connection, first, last, accepted_only, since_start)
                wanted = self.model.totals(first, last, accepted_only, since_start)
                assert {t.occupation: (t.sums, Counter(t.not_known)) for t in found} == wanted
                if not since_start:
                    continue
                slices = summary.slices(connection, Wanted(first, last, accepted_only, since_start))
                added: Counter[tuple[str, str]] = Counter()
                for part in slices:
                    for measure, value in part.sums.items():
                        added[part.occupation, measure] += 0 if part.covered else value
                assert +added == +Counter(
                    {(name, m): value for name, (sums, _) in wanted.items() for m, value in sums.items()}
                )
            counted = list(self.model.counted(quarter, quarter, accepted_only))
            told = coverage.counted(connection, Wanted(quarter, quarter, accepted_only))
            assert Counter(
                {zero: sum(t.count for t in told if t.zero is zero) for zero in (False, True)}
            ) == (Counter(r.nothing for _, _, r in counted))
            assert coverage.turnout(connection, quarter, accepted_only).count == len(counted)
            details = list(aggregates.origins(connection, quarter, quarter, accepted_only))
            assert len(details) == sum(len(r.rows) for _, _, r in counted)
            assert {d.revision_id for d in details} == {
                n for n, r in self.ids.items() if any(r is c for _, _, c in counted) and r.rows
            }

    def the_board_counts_everybody_once(self, connection: Connection) -> None:
        for quarter in QUARTERS[:2]:
            due = TIMES.due(Quarter.parse(quarter))
            wanted = self.model.board(quarter, due)
            groups = board.groups(connection, quarter, due)
            assert sum(g.count for g in groups) == len(wanted)
            assert {(g.state, g.late, g.zero): g.count for g in groups} == Counter(wanted.values())
            lines = board.lines(connection, quarter, due)
            assert {line.institution_id: (line.state, line.late, line.zero) for line in lines} == wanted


def run(fresh: Callable[[], str], examples: int, steps: int) -> None:
    machine = type("Machine", (Reports,), {"fresh": staticmethod(fresh)})
    more = os.environ.get("STATEFUL_EXAMPLES")
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(more or examples),
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=not more,
            # to shorten a failing story takes minutes
            phases=(Phase.generate, Phase.shrink) if more else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


def _copies(folder: Path, sqlite_ready: Path) -> Callable[[], str]:
    """What gives a fresh database each time, in place of the one before."""
    work = folder / "work.sqlite3"

    def fresh() -> str:
        for old in folder.glob("work.sqlite3*"):
            old.unlink()
        shutil.copyfile(sqlite_ready, work)
        return f"sqlite:///{work}"

    return fresh


def test_the_storage_does_what_the_model_says(tmp_path: Path, sqlite_ready: Path) -> None:
    """Some hundred steps, the same ones each time; STATEFUL_EXAMPLES=2000 tries others, and shortens
    the story of a failure."""
    run(_copies(tmp_path, sqlite_ready), 6, 50)


@pytest.mark.long
def test_the_storage_does_what_the_model_says_for_long(tmp_path: Path, sqlite_ready: Path) -> None:
    run(_copies(tmp_path, sqlite_ready), 45, 60)


@pytest.mark.long
def test_the_same_on_postgresql(postgres_url: str) -> None:
    engine = open_database(postgres_url)
    names = ", ".join(t.name for t in metadata.sorted_tables if t.name != "schema_mark")

    def fresh() -> str:
        with transaction(engine) as connection:
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        return postgres_url

    run(fresh, 8, 40)
    engine.dispose()
