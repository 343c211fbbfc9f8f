"""The office decides on what was reported."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, insert, select

from bot.app import App
from policy.calendar.quarters import SHANGHAI, Quarter
from storage.address import Address
from storage.connections.database import transaction
from storage.conversations.messages import load_conversation
from storage.people import people
from storage.reports import board, decisions, drafts, lateness, reports, returned_cells
from storage.reports.decisions import BadReasons, OwnEntry
from storage.reports.reports import Cell, Revision, Submitted, VersionConflict
from storage.reports.returned_cells import ReportClosed
from storage.schema.core import audit, outbox
from storage.schema.office import extension
from storage.totals import aggregates
from tests.conftest import contact_code, office_code
from tests.support.talk import NOON, Person

Talk = Callable[..., Person]
Q4 = "2026Q4"
DUE = Quarter.parse(Q4).end()
LINE = "大数据 3 2 120 80 60 90000"
WHY = ("大数据", "trained", "和名册对不上")


class Desk:
    """Institution 1, its contact, and two officers, straight on the storage."""

    def __init__(self, app: App) -> None:
        self.app = app
        contact_code(app)
        with transaction(app.engine) as connection:
            made = [load_conversation(connection, Address("web", "web", n), NOON) for n in ("c", "o", "p")]
            self.contact, self.head, self.staff = (one.person_id for one in made)
            for who, role, place in ((0, "contact", 1), (1, "head", None), (2, "staff", None)):
                code, _ = people.create_invite(connection, app.keys.codes, NOON, role, place, None)
                people.use_code(
                    connection, app.keys.codes, NOON, made[who].account_id, made[who].person_id, code
                )

    def report(self, trained: int = 120, by: int | None = None, number: int = 1) -> int:
        """Submit 大数据; the revision's id."""
        with transaction(self.app.engine) as connection:
            return submit(connection, by or self.contact, trained, number).id

    def state(self, revision_id: int) -> str:
        with transaction(self.app.engine, read_only=True) as connection:
            found = reports.submitted_revision(connection, revision_id)
            assert found is not None
            return found.revision.state

    def counting(self, accepted_only: bool = False) -> list[tuple[int, Cell]]:
        """(number, trained) of what counts."""
        with transaction(self.app.engine, read_only=True) as connection:
            found = reports.submitted_revisions(
                connection, aggregates.counting_ids(connection, Q4, accepted_only)
            )
            totals = aggregates.totals(connection, Q4, Q4, accepted_only)
        assert sum(t.sums["trained"] for t in totals) == sum(s.rows["大数据"]["trained"] for s in found)  # type: ignore[misc]
        return [(s.revision.number, s.rows["大数据"]["trained"]) for s in found]

    def audited(self, revision_id: int) -> list[tuple[str, dict[str, object]]]:
        with transaction(self.app.engine, read_only=True) as connection:
            rows = connection.execute(select(audit).where(audit.c.subject == f"revision:{revision_id}"))
            return [(r.action, r.detail) for r in rows if r.action.startswith("report.")]


def submit(connection: object, by: int, trained: int, number: int) -> Revision:
    draft = drafts.begin_draft(connection, 1, Q4, by, NOON, None)  # type: ignore[arg-type]
    cells: dict[str, Cell] = {
        "classes": 3,
        "subsidised_classes": 2,
        "trained": trained,
        "certified": 80,
        "subsidised": 60,
        "amount": 9_000_000,
    }
    drafts.set_cells(connection, draft, "大数据", cells, by, NOON)  # type: ignore[arg-type]
    version = reports.snapshot(connection, 1, Q4).draft.version  # type: ignore[arg-type, union-attr]
    return drafts.submit(connection, draft, version, f"{Q4}-0001-{number:02d}", by, NOON, None, None, None)  # type: ignore[arg-type]


@pytest.fixture
def desk(either_app: App) -> Desk:
    return Desk(either_app)


def test_accepting_makes_it_count_and_leaves_its_mark(desk: Desk) -> None:
    seen = desk.report()
    assert desk.counting(accepted_only=True) == []
    with transaction(desk.app.engine) as connection:
        decisions.accept(connection, seen, desk.head, NOON)
    assert desk.state(seen) == "accepted"
    assert desk.counting(accepted_only=True) == [(1, 120)]
    assert desk.audited(seen)[-1] == ("report.accept", {})


def test_the_accepted_one_counts_until_its_successor_is_accepted(desk: Desk) -> None:
    first = desk.report()
    with transaction(desk.app.engine) as connection:
        decisions.accept(connection, first, desk.head, NOON)
    second = desk.report(140, number=2)
    assert desk.counting(accepted_only=True) == [(1, 120)]
    assert desk.counting() == [(2, 140)]
    with transaction(desk.app.engine) as connection:
        decisions.return_(connection, second, [WHY], desk.head, NOON)
    assert desk.counting() == [(1, 120)]  # the returned one does not
    third = desk.report(150, number=3)
    with transaction(desk.app.engine) as connection:
        decisions.accept(connection, third, desk.staff, NOON)
    assert desk.counting(accepted_only=True) == [(3, 150)]
    assert [desk.state(r) for r in (first, second, third)] == ["superseded", "returned", "accepted"]


def test_a_decision_on_what_is_not_the_latest_is_refused_and_changes_nothing(desk: Desk) -> None:
    first = desk.report()
    second = desk.report(140, number=2)
    acts: tuple[Callable[[Connection], object], ...] = (
        lambda c: decisions.accept(c, first, desk.head, NOON),
        lambda c: decisions.return_(c, first, [WHY], desk.head, NOON),
        lambda c: decisions.reopen(c, second, "更正人数", desk.head, NOON),
        lambda c: decisions.accept(c, 999, desk.head, NOON),
    )
    for act in acts:
        with pytest.raises(VersionConflict), transaction(desk.app.engine) as connection:
            act(connection)
    with transaction(desk.app.engine) as connection:
        decisions.accept(connection, second, desk.head, NOON)
    with pytest.raises(VersionConflict), transaction(desk.app.engine) as connection:
        decisions.accept(connection, second, desk.staff, NOON)
    assert [action for action, _ in desk.audited(second)] == ["report.submit", "report.accept"]


@pytest.mark.parametrize(
    "reasons",
    [
        [],
        [("大数据", "trained", "  ")],
        [("物联网", "", "没有这行")],
        [("大数据", "people", "x")],
        [WHY, WHY],
        [("", "trained", "x")],
    ],
)
def test_a_return_without_a_reason_for_a_cell_there_is_is_refused(
    desk: Desk, reasons: list[tuple[str, str, str]]
) -> None:
    seen = desk.report()
    with pytest.raises(BadReasons), transaction(desk.app.engine) as connection:
        decisions.return_(connection, seen, reasons, desk.head, NOON)
    assert desk.state(seen) == "submitted"


def test_nobody_accepts_their_own_entry_while_there_is_a_colleague(desk: Desk) -> None:
    seen = desk.report(by=desk.head)
    with pytest.raises(OwnEntry), transaction(desk.app.engine) as connection:
        decisions.accept(connection, seen, desk.head, NOON)
    with transaction(desk.app.engine) as connection:
        decisions.accept(connection, seen, desk.staff, NOON)
    assert desk.audited(seen)[-1] == ("report.accept", {})


def test_one_who_only_edited_the_draft_does_not_accept_it_either(desk: Desk) -> None:
    with transaction(desk.app.engine) as connection:
        draft = drafts.begin_draft(connection, 1, Q4, desk.contact, NOON, None)
        drafts.set_cells(connection, draft, "大数据", {"classes": 3}, desk.head, NOON)
    seen = desk.report()
    with pytest.raises(OwnEntry), transaction(desk.app.engine) as connection:
        decisions.accept(connection, seen, desk.head, NOON)


def test_a_lone_officer_may_and_it_is_marked(desk: Desk) -> None:
    from storage.people import contacts

    with transaction(desk.app.engine) as connection:
        [staff] = [c for c in contacts.office(connection) if c.role == "staff"]
        contacts.revoke(connection, staff.membership_id, desk.head, NOON)
    seen = desk.report(by=desk.head)
    with transaction(desk.app.engine) as connection:
        assert decisions.accept(connection, seen, desk.head, NOON).own
    assert desk.audited(seen)[-1] == ("report.accept", {"own": True})


def test_only_the_returned_cells_are_empty_in_the_next_draft(desk: Desk) -> None:
    seen = desk.report()
    with transaction(desk.app.engine) as connection:
        decisions.return_(connection, seen, [WHY, ("大数据", "amount", "单位是元吗")], desk.head, NOON)
        draft = drafts.begin_draft(connection, 1, Q4, desk.contact, NOON, None)
        row = reports.rows_of(connection, draft.id)[0]["大数据"]
        before = reports.rows_of(connection, seen)[0]["大数据"]
    assert [m for m, cell in row.items() if cell is None] == ["trained", "amount"]
    assert before["trained"] == 120  # what was submitted stays as it was


def test_a_correction_under_way_keeps_what_was_changed_already(desk: Desk) -> None:
    seen = desk.report()
    with transaction(desk.app.engine) as connection:
        draft = drafts.begin_draft(connection, 1, Q4, desk.contact, NOON, None, "更正")
        drafts.set_cells(connection, draft, "大数据", {"trained": 130}, desk.contact, NOON)
        decisions.return_(connection, seen, [("大数据", "", "整行再核")], desk.head, NOON)
        row = reports.snapshot(connection, 1, Q4).rows["大数据"]
    assert {m: c for m, c in row.items() if c is not None} == {"trained": 130}


def test_after_closing_only_a_return_a_reopening_or_an_extension_lets_a_draft_begin(desk: Desk) -> None:
    first = desk.report()
    later = NOON + timedelta(days=20)
    with transaction(desk.app.engine) as connection:
        decisions.accept(connection, first, desk.head, NOON)
        decisions.close_quarter(connection, Q4, NOON + timedelta(days=10), desk.head, NOON)
    with pytest.raises(ReportClosed), transaction(desk.app.engine) as connection:
        drafts.begin_draft(connection, 1, Q4, desk.contact, later, None)
    with transaction(desk.app.engine) as connection:
        drafts.begin_draft(connection, 1, Q4, desk.contact, NOON + timedelta(days=9), None)  # not yet closed
        drafts.discard(connection, reports.snapshot(connection, 1, Q4).draft, desk.contact, NOON)  # type: ignore[arg-type]
        decisions.reopen(connection, first, "请核对人数", desk.head, later)
        assert returned_cells.reopened(connection, first) == "请核对人数"
    with pytest.raises(VersionConflict), transaction(desk.app.engine) as connection:
        decisions.reopen(connection, first, "再一次", desk.head, later)
    assert desk.counting(accepted_only=True) == [(1, 120)]
    with transaction(desk.app.engine) as connection:
        drafts.begin_draft(connection, 1, Q4, desk.contact, later, None)
    with transaction(desk.app.engine) as connection:
        decisions.extend(connection, 1, Q4, later + timedelta(days=5), "系统故障", desk.head, later, DUE)
    with pytest.raises(BadReasons), transaction(desk.app.engine) as connection:
        decisions.extend(connection, 1, Q4, later, "已过去", desk.head, later, DUE)


def test_a_draft_left_open_is_not_submitted_after_closing(desk: Desk) -> None:
    with transaction(desk.app.engine) as connection:
        draft = drafts.begin_draft(connection, 1, Q4, desk.contact, NOON, None)
        decisions.close_quarter(connection, Q4, NOON, desk.head, NOON)
    with pytest.raises(ReportClosed), transaction(desk.app.engine) as connection:
        drafts.submit(connection, draft, 1, "x", desk.contact, NOON, None, None, None)
    with transaction(desk.app.engine) as connection:
        decisions.extend(connection, 1, Q4, NOON + timedelta(days=3), "出差", desk.head, NOON, DUE)
        assert (
            drafts.submit(connection, draft, 1, "x", desk.contact, NOON, None, None, None).state
            == "submitted"
        )


# In chat


@pytest.fixture
def reported(contact: Person) -> Person:
    contact.says("填报", Q4, f"{LINE}\n区块链 1 1 30 20 20 30000", "提交", "提交")
    return contact


def pushed(app: App, sender: str) -> list[str]:
    with transaction(app.engine, read_only=True) as connection:
        rows = connection.execute(
            select(outbox.c.body).where(outbox.c.sender == sender, outbox.c.turn_id.is_(None))
        )
        return [str(body["text"]) for body in rows.scalars()]


def revision(app: App) -> Submitted:
    with transaction(app.engine, read_only=True) as connection:
        latest = reports.snapshot(connection, 1, Q4).latest
        assert latest is not None
        found = reports.submitted_revision(connection, latest.id)
    assert found is not None
    return found


def test_staff_accept_in_chat_and_the_contact_hears(reported: Person, officer: Person, app: App) -> None:
    officer.says("待审")
    assert "待审 1 份" in officer.text
    officer.presses("威海数字培训学校 2026Q4")
    assert "已培训人数 120" in officer.text
    officer.presses("审核通过")
    assert "已审核通过" in officer.text
    assert revision(app).revision.state == "accepted"
    assert ["审核通过" in text for text in pushed(app, "wang")] == [True]


def test_a_return_names_cells_and_asks_only_for_those(reported: Person, officer: Person, app: App) -> None:
    officer.says("待审")
    officer.presses("威海数字培训学校")
    officer.presses("退回")
    officer.presses("大数据")
    officer.presses("已培训人数")
    officer.says("和报省厅的名册差 10 人")
    officer.presses("还有一处")
    officer.says("区块链 补贴金额", "单位请核对")
    assert "将退回 2 处" in officer.text
    officer.presses("确认退回")
    assert "已退回，共 2 处" in officer.text
    [told] = pushed(app, "wang")
    assert "大数据 已培训人数：和报省厅的名册差 10 人" in told
    contact = reported
    contact.presses_token(f"fix:1:{Q4}")
    assert "和报省厅的名册差 10 人" in contact.text
    contact.presses("开始改")
    assert "管理科：和报省厅的名册差 10 人" in contact.text
    contact.says("130")
    assert "管理科：单位请核对" in contact.text
    contact.presses("数字没错")
    contact.says("发票已核对")  # the office reads why it stays
    assert "请核对" in contact.text
    contact.says("提交", "提交")
    assert "系统已收到" in contact.text
    done = revision(app)
    assert (done.revision.number, done.rows["大数据"]["trained"], done.rows["区块链"]["amount"]) == (
        2,
        130,
        3_000_000,
    )
    assert done.revision.reason is None  # the office gave it


def test_opening_a_returned_report_from_the_menu(reported: Person, officer: Person, app: App) -> None:
    officer.says("待审")
    officer.presses("威海数字培训学校")
    officer.presses("退回")
    officer.says("整份报表", "漏了物联网")
    officer.says("退回")
    reported.says("填报", Q4)
    assert "整份报表：漏了物联网" in reported.text
    reported.presses("先不改")
    reported.says("填报", Q4)
    reported.presses("开始改")
    assert "请核对" in reported.text  # nothing is asked again: the figures stand
    reported.presses("加一个职业")
    reported.says("物联网", "物联网 1 0 20 10 0 0", "提交", "提交")
    assert set(revision(app).rows) == {"大数据", "区块链", "物联网"}


def test_a_decision_on_an_old_table_is_refused_in_words(reported: Person, officer: Person) -> None:
    officer.says("待审")
    officer.presses("威海数字培训学校")
    old = officer.token("审核通过")
    reported.says("填报", Q4)
    reported.presses("更正")
    reported.says("人数报错", "大数据 已培训人数 140", "提交", "提交")
    officer.presses_token(old)
    assert "没有办" in officer.text
    officer.presses("看第2版")
    assert "140" in officer.text


def test_their_own_entry_is_refused_in_words(app: App, talk: Talk) -> None:
    both = talk("zhao")
    both.says(f"绑定 {contact_code(app)}", "赵强", "跳过", f"绑定 {office_code(app)}")
    talk("qian").says(f"绑定 {office_code(app, 'staff')}")
    both.says("填报", Q4, LINE, "提交", "提交", "待审")
    both.presses("威海数字培训学校")
    assert "请同事来审" in both.text
    both.presses("审核通过")
    assert "自己不能审" in both.text


def test_the_list_of_who_is_missing(reported: Person, officer: Person, app: App) -> None:
    contact_code(app, "环翠职业学校")
    officer.says("报送提示")
    assert "应报 2 家，还差 1 家" in officer.text
    assert "1. 环翠职业学校" in officer.text


@pytest.mark.parametrize("word", ["待审", "报送提示", "催报名单"])
def test_nobody_else_sees_the_office(contact: Person, word: str) -> None:
    contact.says(word)
    assert "没有这个权限" in contact.text


def test_a_closed_quarter_says_so(reported: Person, app: App) -> None:
    with transaction(app.engine) as connection:
        decisions.close_quarter(connection, Q4, NOON, 1, NOON)
    reported.says("填报", Q4)
    assert "不再收报表" in reported.text
    assert "2026Q4-0001-01" in reported.text


def test_an_accepted_report_is_opened_again_in_chat(officer: Person, contact: Person) -> None:
    contact.says("填报 2026Q4", "大数据 3 2 120 80 60 90000", "提交")
    contact.presses("确认提交")
    officer.says("待审")
    officer.presses("威海数字培训学校")
    seen = officer.token("审核通过").removeprefix("review.accept:")
    officer.presses("审核通过")
    officer.presses_token(f"rv:o:{seen}")
    officer.presses("重新打开")
    officer.says("补贴金额要更正")
    officer.presses("重新打开")
    assert "已重新打开" in officer.text
    contact.says("填报 2026Q4")
    assert "补贴金额要更正" in contact.text


def test_an_institution_is_given_longer_in_chat(officer: Person, contact: Person, app: App) -> None:
    officer.says("延期 没有的学校")
    assert "没有叫" in officer.text
    officer.says("延期 威海数字培训学校", "昨天")
    assert "不能早于" in officer.text
    officer.says("2026-11-30")  # before it is due: that would give them less time
    assert "不能早于" in officer.text
    officer.says("12月31日")  # the due day itself
    assert "不能早于" in officer.text
    officer.says("2027-01-08", "联系人住院")
    officer.presses("延期")
    assert "1月8日" in officer.text
    with transaction(app.engine, read_only=True) as connection:
        assert returned_cells.extended_until(connection, 1, "2026Q4") == datetime(2027, 1, 9, tzinfo=SHANGHAI)
    contact.says("延期 威海数字培训学校")  # not hers to give
    assert "可以报到" not in contact.text


def test_an_extension_never_makes_a_report_late_that_was_in_time(desk: Desk) -> None:
    with pytest.raises(BadReasons), transaction(desk.app.engine) as connection:
        decisions.extend(connection, 1, Q4, NOON + timedelta(days=1), "写错了日子", desk.head, NOON, DUE)
    with transaction(desk.app.engine) as connection:  # one from before this was checked
        connection.execute(
            insert(extension).values(
                institution_id=1, quarter=Q4, until=NOON - timedelta(days=9), reason="x", at=NOON, person_id=1
            )
        )
    desk.report()
    with transaction(desk.app.engine, read_only=True) as connection:
        assert [line.late for line in board.lines(connection, Q4, DUE)] == [False]
        assert not any(group.late for group in board.groups(connection, Q4, DUE))
        assert lateness.of(connection, 1, Q4, DUE).due == DUE


def test_two_officers_at_once_extend_and_close_one_after_the_other(desk: Desk) -> None:
    gate = threading.Barrier(2)

    def both(days: int) -> None:
        gate.wait(30)
        with transaction(desk.app.engine) as connection:
            until = DUE + timedelta(days=days)
            decisions.extend(connection, 1, Q4, until, "住院", desk.head, NOON, DUE)
        with transaction(desk.app.engine) as connection:
            decisions.close_quarter(connection, Q4, DUE + timedelta(days=days), desk.head, NOON)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(both, (5, 9)))
    with transaction(desk.app.engine, read_only=True) as connection:
        assert returned_cells.extended_until(connection, 1, Q4) in (
            DUE + timedelta(days=5),
            DUE + timedelta(days=9),
        )
        assert returned_cells.closes_at(connection, Q4, None) in (
            DUE + timedelta(days=5),
            DUE + timedelta(days=9),
        )
