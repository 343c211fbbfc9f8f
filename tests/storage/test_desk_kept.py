"""What the office's desk keeps, on each kind of database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from bot.app import App
from storage.connections.database import transaction
from storage.desk import complaints, documents, publications
from storage.people import people
from storage.schema.questions import complaint
from storage.totals import quarter_work
from tests.conftest import contact_code
from tests.support.office_scene import head
from tests.support.talk import NOON, Person

TODAY = NOON.date()
PAPER: dict[str, Any] = {
    "title": "资金办法", "number": "鲁人社〔2025〕1号", "issuer": "省厅", "dated": TODAY, "address": "",
    "public": True, "awaited": "fund-rules", "valid_from": TODAY, "valid_until": None,
}  # fmt: skip
FEES: dict[str, Any] = {
    "kind": "fees", "text": "公示", "occupation": "", "level": "", "institution": "", "starts_on": None,
    "ends_on": None, "source": "科室", "valid_from": TODAY, "valid_until": TODAY + timedelta(days=9),
}  # fmt: skip


def test_a_document_and_what_quotes_it_go_together(either_app: App) -> None:
    head(either_app)
    with transaction(either_app.engine) as connection:
        made = documents.keep(connection, PAPER, [("第一条", "", "甲"), ("第二条", "", "乙")], 1, NOON)
        assert made is not None
        assert documents.keep(connection, PAPER, [], 1, NOON) is None  # its number stands once
        clauses = documents.clauses(connection, made)
        assert [one.label for one in clauses] == ["第一条", "第二条"]
        publications.publish(connection, FEES, 1, NOON, clauses[1].id)
        assert documents.quoted(connection, TODAY) == {made: 1}
        assert documents.withdraw(connection, made, 1, NOON) == 1
        assert documents.withdraw(connection, made, 1, NOON) is None
        assert publications.overview(connection, TODAY) == []
        assert documents.keep(connection, PAPER, [], 1, NOON) is not None


def test_what_ends_is_claimed_once_and_named_with_who_published_it(either_app: App) -> None:
    head(either_app)
    with transaction(either_app.engine) as connection:
        publications.publish(connection, FEES, 1, NOON)
        until = TODAY + timedelta(days=14)
        assert publications.ending(connection, TODAY, TODAY + timedelta(days=3)) == []
        assert len(publications.claim_ending(connection, TODAY, until, NOON)) == 1
        assert publications.claim_ending(connection, TODAY, until, NOON) == []
        ((one, who),) = publications.overview(connection, TODAY)
        assert (one.values["kind"], who) == ("fees", None)
        assert people.office_people(connection) == [1]


def test_a_complaint_goes_one_way(either_app: App) -> None:
    head(either_app)
    with transaction(either_app.engine) as connection:
        receipt = complaints.create(connection, "收费", None, None, True, NOON)
        found = complaints.by_receipt(connection, receipt)
        assert found is not None and found.state == "received"
        assert complaints.accept(connection, found.id, 1, NOON)
        assert not complaints.accept(connection, found.id, 1, NOON)
        assert complaints.mark_handled(connection, found.id, 1, NOON, "已办")
        assert complaints.counts(connection) == {"received": 0, "accepted": 0, "answered": 1}
        (one,) = complaints.in_state(connection, "answered", 0, 9)
        assert (one.state, one.answer) == ("answered", "已办")
    unanswered = {"receipt": "x", "text": "甲", "anonymous": True, "at": NOON, "answer": "早了"}
    with pytest.raises(IntegrityError), transaction(either_app.engine) as connection:
        connection.execute(insert(complaint).values(**unanswered))


def test_a_quarters_work_is_counted(either_app: App) -> None:
    wang = Person(either_app.assistant, "wang")
    wang.says(f"绑定 {contact_code(either_app)}", "王芳", "跳过", "填报 2026Q4")
    wang.says("大数据 3 2 120 80 60 90000", "提交")
    wang.presses("确认提交")
    with transaction(either_app.engine) as connection:
        people.claim_reminder(connection, 1, "2026Q4", "soon", 1, NOON)
        people.claim_reminder(connection, 1, "2026Q4", "late", 1, NOON, reached=False)
        assert quarter_work.of_quarter(connection, "2026Q4") == quarter_work.QuarterWork(1, 0, 0)
        assert quarter_work.sent_since(connection, NOON - timedelta(days=1)) == 1
        assert quarter_work.reminded(connection, "2026Q4") == (1, 0)
