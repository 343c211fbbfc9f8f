"""A draft notice tried out: what it changes is shown, and nothing of it is kept."""

from __future__ import annotations

from datetime import date

import pytest

from bot.app import App
from policy.amendment_rehearsal import KEPT, Draft, Effects, rehearse_amendment
from policy.notice.cutting import cut
from storage.connections.database import transaction
from storage.knowledge import latest, open_changes
from tests.support.corpus import CORPUS
from tests.support.office_browser import Browser, at
from tests.support.talk import NOON, Person

PATH = "/office/knowledge/amendment"
NOTICE = CORPUS.notices


def text_of(*ids: str) -> str:
    """Clauses as they would be pasted: under the number of their section."""
    lines, section = [], ""
    for clause in (NOTICE.clause(i) for i in ids):
        lines += [clause.section] if clause.section and clause.section != section else []
        section = clause.section
        lines.append(clause.text)
    return "\n".join(lines)


def effects(text: str, **chosen: str) -> Effects:
    draft = Draft("草案", "威人社函〔2027〕1号", date(2027, 2, 1), tuple(cut(text)))
    return rehearse_amendment(CORPUS, draft, chosen)


def test_a_draft_that_says_the_same_changes_nothing() -> None:
    found = effects(text_of("三", "四（一）", "五（三）", "附件"))
    assert [one.clause.id for one in found.matched if one.clause] == ["三", "四（一）", "五（三）", "附件"]
    assert not any(one.changes for one in found.matched)
    assert not (found.answers or found.rules or found.numbers or found.form_lines)


def test_other_words_touch_answers_rules_numbers_and_kept_questions() -> None:
    found = effects(
        text_of("三", "五（三）").replace("不包含已退休", "包含已退休").replace("一年内", "两年内")
    )
    lost = {one.entry.id for one in found.answers if one.lost}
    assert {"retirees", "subsidy-repeat"} <= lost
    assert "report-due" not in {one.entry.id for one in found.answers}
    assert {clause for _, _, clause in found.rules} == {"三"}
    assert [(before, after) for _, _, before, after in found.numbers] == [(1, 2)]
    assert found.asked == sum(one.kept for one in found.answers) > 100
    (change,) = [one.diff for one in found.matched if one.clause and one.clause.id == "三"]
    assert [part for part in change if part[0] != "equal"] == [("delete", "不")]


def test_a_column_that_goes_is_a_line_of_the_form() -> None:
    found = effects(text_of("附件").replace("取得证书", "取得资格"))
    assert found.form_lines
    assert all("取得证书" in line for line in found.form_lines)


def test_clauses_are_matched_by_their_words_and_as_one_chooses() -> None:
    moved = text_of("五（三）").replace("五、", "七、").replace("一年内", "两年内")
    (one,) = effects(moved).matched
    assert (one.cut.label, one.clause and one.clause.id) == ("七（三）", "五（三）")
    (other,) = effects(moved, **{"七（三）": KEPT}).matched
    assert other.clause is None
    (third,) = effects(moved, **{"七（三）": "五（四）"}).matched
    assert third.clause is not None and third.clause.id == "五（四）"


def test_what_cannot_be_read_from_a_clause_is_said() -> None:
    found = effects(text_of("五（三）").replace("一年内", "若干年内"))
    assert found.problems or found.rules


@pytest.mark.parametrize("words", ["", "甲" * 60_001])
async def test_nothing_and_too_much_are_refused(
    app: App, officer: Person, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    at(monkeypatch, NOON)
    browser = await Browser(app).enters(officer)
    await browser.opens(PATH)
    await browser.submits(PATH, files={"none": ("", b"")}, words=words)
    assert browser.status == 422


async def test_the_page_shows_it_and_keeps_nothing(
    app: App, officer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOON)
    browser = await Browser(app).enters(officer)
    await browser.opens("/office/knowledge")
    assert PATH in browser.page
    await browser.opens(PATH)
    words = text_of("三").replace("不包含已退休", "<i>包含已退休")
    await browser.submits(PATH, files={"none": ("", b"")}, words=words, day="2027-02-01")
    assert "要改写的回答" in browser.text
    assert "退休了还能参加吗" in browser.text
    assert "<i>" not in browser.page
    await browser.submits(PATH, files={"none": ("", b"")}, **{"as:三": KEPT})
    assert "要改写的回答" not in browser.text
    with transaction(app.engine, read_only=True) as connection:
        assert latest(connection)[0] == 0 and open_changes(connection) == []
    assert app.corpus.notices.amendments == ()
