"""The loop that learns: feedback, the office's queue, its replies; complaints for its eyes only."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select

from bot.app import App
from bot.channels.jsonl import take_pushes
from bot.core import channel_limits
from bot.core.messages import Incoming
from bot.features.questions import proposals
from policy.index.relevance import perhaps_ours
from storage.address import Address
from storage.connections.database import transaction
from storage.desk import questions
from storage.privacy import retention
from storage.schema.core import audit, conversation, outbox, turn
from storage.schema.questions import asker, complaint, feedback, proposal, question, subscription
from tests.conftest import contact_code, office_code
from tests.support.corpus import CORPUS
from tests.support.processes import here
from tests.support.talk import Person

Talk = Callable[..., Person]
UNANSWERED = "老师爱喝咖啡吗"  # ours, and not in the notice
UNSURE = "标准"


def rows(app: App, *columns: object) -> list[tuple[Any, ...]]:
    with transaction(app.engine, read_only=True) as connection:
        return [tuple(row) for row in connection.execute(select(*columns)).all()]  # type: ignore[call-overload]


def pushes(app: App, person: Person) -> list[str]:
    """What reaches a person at their next contact; handed over once."""
    incoming = Incoming(Address(person.channel, "test", person.name), "look", person.now)
    return [message.text for message in take_pushes(app.assistant, incoming)]


def officer_of(app: App, name: str = "zhang", role: str = "head") -> Person:
    person = Person(app.assistant, name)
    person.says(f"绑定 {office_code(app, role)}")
    return person


# ---------------------------------------------------------------------- thumbs


def test_an_answer_has_thumbs_and_small_talk_has_none(talk: Talk) -> None:
    li = talk()
    li.says("补贴多少钱")
    assert {"👍", "👎"} <= set(li.labels)
    assert all(len(c.token.encode()) <= 64 for m in li.replies for c in m.choices)
    li.says("谢谢")
    assert "👍" not in li.labels
    li.says("我能不能参加培训", "补贴多少钱")
    assert "👎" in [c.label for c in li.replies[0].choices]
    assert "👎" not in [c.label for c in li.replies[-1].choices]  # not in the question asked again


def test_every_entry_fits_its_thumbs_into_64_bytes() -> None:
    longest = max(CORPUS.answers.entries, key=len)
    assert len(f"why:unclear:{10**12}:{longest}".encode()) <= 64


def test_a_thumb_counts_once_and_can_be_changed(talk: Talk, app: App) -> None:
    li = talk()
    li.says("补贴多少钱")
    up, down = li.token("👍"), li.token("👎")
    li.presses_token(up)
    li.presses_token(up)
    assert rows(app, feedback.c.value, feedback.c.entry, feedback.c.text) == [
        ("up", "subsidy-amount", "补贴多少钱")
    ]
    li.presses_token(down)
    assert {"答非所问", "没说清", "想问别的", "转人工"} <= set(li.labels)
    li.presses("没说清")
    assert rows(app, feedback.c.value, feedback.c.reason) == [("down", "unclear")]
    assert rows(app, question.c.why, question.c.entry, question.c.count) == [
        ("disliked", "subsidy-amount", 1)
    ]
    li.presses_token(up)  # satisfied after all: the office need not look
    assert rows(app, feedback.c.value, feedback.c.reason) == [("up", None)]
    assert rows(app, question.c.id) == []


def test_somebody_elses_thumb_does_nothing(talk: Talk, app: App) -> None:
    li, wu = talk("li"), talk("wu")
    li.says("补贴多少钱")
    for token in (
        li.token("👎"),
        li.token("👎").replace("down", "hm"),
        "up:x:y",
        "up:99:subsidy-amount",
        "pk:1:nothing",
        "why:bad:1:who",
    ):
        wu.presses_token(token)
        assert "已失效" in wu.text
    assert rows(app, feedback.c.id) == []
    assert rows(app, question.c.id) == []


def test_an_answer_by_button_is_disliked_under_its_title(talk: Talk, app: App) -> None:
    li = talk()
    li.says("常见问题")
    li.presses("补贴和税")
    li.presses("补贴能领几次")
    li.presses("👎")
    assert rows(app, question.c.text) == [("补贴能领几次",)]
    li.presses("答非所问")
    assert any(c.token.startswith("pick:") for m in li.replies for c in m.choices)


def test_picking_one_of_three_is_remembered_and_leaves_the_queue(talk: Talk, app: App) -> None:
    li = talk()
    li.says(UNSURE)
    assert rows(app, question.c.why, question.c.text) == [("unsure", UNSURE)]
    picked = next(c for m in li.replies for c in m.choices if c.token.startswith("pick:"))
    li.presses_token(picked.token)
    entry = picked.token.rsplit(":", 1)[1]
    assert rows(app, feedback.c.value, feedback.c.text, feedback.c.entry) == [("pick", UNSURE, entry)]
    assert rows(app, question.c.id) == []
    assert "依据" in li.text


# ---------------------------------------------------------------------- the queue


def test_what_is_surely_not_ours_does_not_reach_the_office(talk: Talk, app: App) -> None:
    talk().says("今天天气怎么样", "公积金怎么提取", "失业金怎么领", "谢谢", "补贴多少钱")
    assert rows(app, question.c.text) == []
    assert perhaps_ours(UNANSWERED, CORPUS.index.ask(UNANSWERED), CORPUS.index)


def test_the_same_question_is_queued_once_and_counted(talk: Talk, app: App) -> None:
    for i, text in enumerate((UNANSWERED, "老师，爱喝咖啡吗？", "老師愛喝咖啡嗎", "老师爱喝咖啡吗！！")):
        talk(f"p{i}").says(text)
    talk("p0").says(UNANSWERED)
    assert rows(app, question.c.text, question.c.count, question.c.why) == [(UNANSWERED, 5, "refused")]
    assert len(rows(app, asker.c.id)) == 4


def test_numbers_in_a_question_are_masked_in_the_queue_too(talk: Talk, app: App) -> None:
    talk().says("转人工", "老师爱喝咖啡吗，我的号13812345678")
    assert rows(app, question.c.text) == [("老师爱喝咖啡吗，我的号***********",)]
    wu = talk("wu")
    wu.says("写一条投诉线索", "问：我的号13912345678，老师爱喝咖啡吗", "转人工")  # this dialog takes numbers
    assert len(rows(app, question.c.id)) == 2
    assert all("13912345678" not in str(row) for row in rows(app, question))


def test_the_whole_loop(either_app: App, caplog: pytest.LogCaptureFixture) -> None:
    """Asked, queued, answered, pushed, forgotten; on either database."""
    app = either_app
    li, wu = Person(app.assistant, "li-the-asker"), Person(app.assistant, "wu-the-asker")
    with caplog.at_level(logging.DEBUG, "bot"):
        li.says(UNANSWERED)
        wu.says("老师爱喝咖啡吗？")
        wu.presses("转人工")
        assert "工作时间" in wu.text
        officer = officer_of(app)
        officer.says("待答问题")
        assert officer.labels[0] == f"{UNANSWERED}（转人工，2次）"
        officer.presses(UNANSWERED)
        shown = officer.text
        officer.presses("回复")
        officer.says("请带身份证到发证的评价机构申请补办。\n电话0631-5200000")
        assert "12月30日回复" in officer.text
        officer.presses("发送")
        assert "已发出" in officer.text
    assert all(name not in shown for name in ("li-the", "wu-the"))
    for person in (li, wu):
        (push,) = pushes(app, person)
        assert "请带身份证到发证的评价机构申请补办。\n电话0631-5200000" in push
        assert "专业技术人员管理科 12月30日回复" in push
        assert UNANSWERED in push
        assert pushes(app, person) == []  # once
    assert rows(app, asker.c.id) == []
    assert rows(app, question.c.state, question.c.count) == [("answered", 2)]
    assert rows(app, audit.c.action).count(("question.answered",)) == 1
    assert all("asker" not in str(row) for row in rows(app, audit.c.detail, audit.c.subject))
    assert "asker" not in caplog.text
    officer.says("待答问题")
    assert "没有待答" in officer.text
    li.says(UNANSWERED)  # asked again, it waits again
    assert len(rows(app, question.c.id)) == 2


def test_staff_see_who_asked_nowhere(talk: Talk, app: App, officer: Person) -> None:
    talk("li-secret").says(UNANSWERED)
    officer.says("待答问题")
    said = [officer.text]
    for press in (UNANSWERED, "回复"):
        officer.presses(press)
        said.append(
            officer.text
            + "".join(officer.labels)
            + "".join(c.token for m in officer.replies for c in m.choices)
        )
    officer.says("答复如下")
    said.append(officer.text)
    officer.presses("发送")
    said.append(officer.text)
    assert all("li-secret" not in text for text in said)


def test_two_officers_reply_only_the_first_counts(talk: Talk, app: App, officer: Person) -> None:
    li = talk()
    li.says(UNANSWERED)
    staff = officer_of(app, "qian", "staff")
    for person, text in ((officer, "第一个答复"), (staff, "第二个答复")):
        person.says("待答问题")
        person.presses(UNANSWERED)
        person.presses("回复")
        person.says(text)
    officer.presses("发送")
    staff.presses("发送")
    assert "已经处理过" in staff.text
    (push,) = pushes(app, li)
    assert "第一个答复" in push


def test_a_half_written_reply_does_not_go_to_another_question(talk: Talk, officer: Person, app: App) -> None:
    talk("a").says(UNANSWERED)
    talk("b").says("学员食堂好吃吗")
    officer.says("待答问题")
    first, second = [
        c.token.replace("desk.open", "desk.reply")
        for m in officer.replies
        for c in m.choices
        if c.token.startswith("desk.open")
    ]
    officer.presses_token(first)
    officer.says("只答第一个")
    officer.presses_token(second)
    assert "只答第一个" not in officer.text
    assert "发送" not in officer.labels


def test_looking_at_a_list_ends_what_was_half_done(talk: Talk, officer: Person, app: App) -> None:
    li = talk()
    li.says(UNANSWERED)
    officer.says("待答问题")
    officer.presses(UNANSWERED)
    officer.presses("回复")
    officer.says("投诉线索")
    officer.says("补贴多少钱")  # a question again, not the reply
    assert "五（三）" in officer.text
    officer.says("发布信息", "办公电话", "已发布", "退休了能报吗")
    assert "（三）" in officer.text
    assert pushes(app, li) == []


def test_the_list_has_pages(talk: Talk, officer: Person) -> None:
    for i in range(10):
        talk(f"p{i}").says(f"老师爱喝咖啡吗{'一二三四五六七八九十'[i]}")
    officer.says("待答问题")
    assert sum(label.startswith("老师") for label in officer.labels) == 8
    officer.presses("下一页")
    assert sum(label.startswith("老师") for label in officer.labels) == 2


def test_a_question_not_handled_is_dropped_and_only_who_handed_it_over_is_told(
    talk: Talk, officer: Person, app: App
) -> None:
    li, wu = talk("li"), talk("wu")
    li.says(UNANSWERED)
    wu.says(UNANSWERED, "转人工")
    officer.says("待答问题")
    officer.presses(UNANSWERED)
    officer.presses("不处理")
    officer.presses("确定")
    assert pushes(app, li) == []
    assert "答复范围" in pushes(app, wu)[0]
    assert rows(app, asker.c.id) == []
    li.says(UNANSWERED)  # counted, but not listed again …
    assert rows(app, question.c.state, question.c.count) == [("dropped", 3)]
    li.says("转人工")  # … until somebody asks for a person
    assert ("open", 1) in rows(app, question.c.state, question.c.count)


# ---------------------------------------------------------------------- 转人工


def test_handing_over_works_at_any_time_and_comes_back(talk: Talk, app: App) -> None:
    li = talk()
    li.says("补贴多少钱", "我能不能参加培训", "转人工")
    assert rows(app, question.c.why, question.c.text, question.c.entry) == [
        ("handed", "补贴多少钱", "subsidy-amount")
    ]
    assert "退休" in li.text  # the pending question again
    li.says("转人工")
    assert "已经转给" in li.text
    assert rows(app, question.c.count) == [(1,)]
    assert not any(
        c.isdigit() for c in li.replies[0].text.split("退休")[0]
    )  # no telephone number, no promised time


def test_handing_over_without_a_question_asks_for_it_once(talk: Talk, app: App) -> None:
    li = talk()
    li.says("转人工")
    assert "一条消息" in li.text
    li.says("我在高区，证书上名字印错了找谁")
    assert rows(app, question.c.why, question.c.text) == [("handed", "我在高区，证书上名字印错了找谁")]
    assert "已转给" in li.text


def test_a_channel_that_cannot_push_says_so(talk: Talk) -> None:
    li = talk()
    li.says("补贴多少钱", "转人工")
    assert "下次" in li.text
    assert channel_limits.channel_of("telegram").pushes
    wu = talk("77", channel="telegram")
    wu.says("补贴多少钱", "转人工")
    assert "下次" not in wu.text


# ---------------------------------------------------------------------- who may


def test_the_desk_is_for_the_office_only(contact: Person, talk: Talk, app: App) -> None:
    talk("wu").says(UNANSWERED, "转人工")
    tried = ["待答问题", "发布信息", "已发布"]
    for text in tried:
        contact.says(text)
        assert "没有这个权限" in contact.text
    tokens = [
        "dk:l:0",
        "dk:o:1",
        "dk:r:1",
        "dk:p:1",
        "dk:n:1",
        "dk:d:1",
        "dk:D:1",
        "ct:l:0",
        "ct:o:1",
        "ct:h:1",
        "pb:new",
        "pb:w:1",
    ]
    for token in tokens:
        contact.presses_token(token)
        assert "没有这个权限" in contact.text
        assert UNANSWERED not in contact.text
    denied = [row for row in rows(app, audit.c.action) if row == ("office.denied",)]
    assert len(denied) == len(tried) + len(tokens)
    assert rows(app, question.c.state) == [("open",)]


def test_a_role_taken_away_mid_reply_sends_nothing(talk: Talk, officer: Person, app: App) -> None:
    from storage.schema.core import membership

    li = talk()
    li.says(UNANSWERED)
    officer.says("待答问题")
    officer.presses(UNANSWERED)
    officer.presses("回复")
    officer.says("答复如下")
    with transaction(app.engine) as connection:
        connection.execute(membership.update().values(revoked_at=officer.now))
    officer.presses("发送")
    assert pushes(app, li) == []
    assert rows(app, question.c.state) == [("open",)]


# ---------------------------------------------------------------------- what is learnt


def test_a_question_becomes_a_proposed_phrasing_and_entry_and_changes_nothing_itself(
    talk: Talk, officer: Person, app: App, tmp_path: Path
) -> None:
    li = talk()
    li.says(UNANSWERED)
    officer.says("待答问题")
    officer.presses(UNANSWERED)
    number = next(c.token for m in officer.replies for c in m.choices if c.label == "存为问法")
    officer.presses("存为问法")
    officer.says("证书真假")
    officer.presses("证书去哪查真假")
    assert "才生效" in officer.text
    officer.presses_token(number.replace("desk.phrasing", "desk.entry"))
    officer.says("证书丢了怎么补", "通知没有写补办，请问发证的评价机构。")
    with transaction(app.engine, read_only=True) as connection:
        made = proposals.write(questions.proposals(connection), tmp_path / "out", CORPUS)
    assert (made.phrasings, made.entries) == (1, 1)
    lines = yaml.safe_load((tmp_path / "out/policy/index/phrasings/office.yaml").read_text(encoding="utf-8"))
    assert lines["author"] == "office"
    assert UNANSWERED in lines["phrasings"]["verify"]
    stub = (tmp_path / "out/policy/answers/topics/90-office.yaml").read_text(encoding="utf-8")
    (entry,) = yaml.safe_load(stub)["entries"]
    assert (entry["title"], entry["clauses"], entry["quote"]) == ("证书丢了怎么补", [], "")
    assert "依据哪一条" in stub
    assert CORPUS.index.ask(UNANSWERED).kind == "refuse"
    assert rows(app, question.c.state) == [("open",)]


def test_the_reply_can_become_the_entry(talk: Talk, officer: Person, app: App) -> None:
    talk().says(UNANSWERED)
    officer.says("待答问题")
    officer.presses(UNANSWERED)
    officer.presses("回复")
    officer.says("请问发证的评价机构。")
    officer.presses("发送")
    officer.presses("存为新条目")
    officer.says("证书丢了怎么补")
    officer.presses("用刚才的回复")
    assert rows(app, proposal.c.title, proposal.c.answer) == [("证书丢了怎么补", "请问发证的评价机构。")]


def test_the_command_writes_proposals_or_says_there_are_none(tmp_path: Path) -> None:
    here(tmp_path, "invite", "--office")  # makes the database
    done = here(tmp_path, "policy", "proposals", "--to", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert "没有" in done.stdout
    assert not (tmp_path / "out").exists()


# ---------------------------------------------------------------------- complaints


def complain(person: Person, *said: str) -> str:
    person.says("培训学校说包过，骗人，我要投诉")
    for one in said:
        person.says(one)
    person.presses("提交线索")
    return person.text.split("编号 ")[1][:11]


def test_an_anonymous_complaint_is_seen_by_the_office_only(
    talk: Talk, contact: Person, officer: Person, app: App
) -> None:
    li = talk("li-the-trainee")
    receipt = complain(li, "他们说交8000元包过，我的电话13812345678", "威海数字培训学校", "匿名")
    assert receipt in li.text
    assert rows(app, complaint.c.text, complaint.c.anonymous, complaint.c.contact) == [
        ("他们说交8000元包过，我的电话***********", True, None)
    ]
    contact.says("投诉线索")
    assert receipt not in contact.text
    contact.says("取消")
    contact.presses_token("ct:o:1")
    assert "没有这个权限" in contact.text
    officer.says("投诉线索")
    officer.presses("2026年12月30日")
    assert receipt in officer.text
    assert "8000元包过" in officer.text
    assert "li-the" not in officer.text
    officer.presses("标为已处理")
    officer.says("投诉线索")
    assert "没有未处理" in officer.text
    actions = [row[0] for row in rows(app, audit.c.action)]
    assert {"complaint.create", "complaint.read", "complaint.handled"} <= set(actions)
    assert rows(app, audit.c.person_id).count((None,)) >= 1
    created = [row for row in rows(app, audit.c.action, audit.c.person_id) if row[0] == "complaint.create"]
    assert created == [("complaint.create", None)]


def test_how_to_reach_the_writer_is_kept_encrypted_only(talk: Talk, officer: Person, app: App) -> None:
    li = talk()
    complain(li, "保证拿补贴，收了3000元", "跳过", "不匿名", "李女士 13812345678")
    ((sealed,),) = rows(app, complaint.c.contact)
    assert "13812345678" not in str(sealed)
    everything = (
        rows(app, turn.c.said)
        + rows(app, outbox.c.body)
        + rows(app, conversation.c.state)
        + rows(app, audit.c.detail)
    )
    assert all("13812345678" not in str(row) for row in everything)
    officer.says("投诉线索")
    officer.presses("2026年12月30日")
    assert "李女士 13812345678" in officer.text


def test_the_contact_is_sealed_before_the_complaint_is_finished(talk: Talk, app: App) -> None:
    li = talk()
    li.says("写一条投诉线索", "乱收费三千元", "跳过", "不匿名", "李女士 13812345678")
    li.says("修改")
    assert "13812345678" not in li.text + "".join(li.labels)
    assert all("13812345678" not in str(row) for row in rows(app, conversation.c.state))


# ---------------------------------------------------------------------- what is forgotten


def test_feedback_outlives_the_turn_it_was_about(talk: Talk, app: App) -> None:
    li = talk()
    li.says("补贴多少钱")
    li.presses("👎")
    assert retention.forget_messages(app.engine, li.now + timedelta(days=1)).turns == 2
    with transaction(app.engine) as connection:
        assert connection.execute(select(func.count()).select_from(feedback)).scalar_one() == 1
        assert connection.execute(select(asker.c.turn_id)).scalar_one() is None
    li.says("你好")  # the first turn's number is used anew on SQLite
    li.says("学时怎么登记")
    li.presses("👍")
    assert sorted(rows(app, feedback.c.value)) == [("down",), ("up",)]


def test_a_binding_code_is_no_question(talk: Talk, app: App) -> None:
    li = talk()
    li.says(f"绑定 {contact_code(app)}", "王芳", "跳过", "转人工")
    assert "一条消息" in li.text


def test_who_clears_a_borrowed_phone_gets_no_reply_and_no_class(
    talk: Talk, officer: Person, app: App
) -> None:
    li = talk()
    li.says(UNANSWERED, "转人工", "补贴多少钱")
    li.presses("👎")
    li.says("有班通知我", "大数据", "同意", "退出并清除")
    assert rows(app, asker.c.id) == []
    assert rows(app, subscription.c.id) == []
    assert rows(app, feedback.c.turn_id) == [(None,)]
    officer.says("待答问题")
    officer.presses(UNANSWERED)
    officer.presses("回复")
    officer.says("答复如下")
    officer.presses("发送")
    assert pushes(app, li) == []


def test_many_ask_at_once_and_are_counted_as_one_question(either_app: App) -> None:
    people = [Person(either_app.assistant, f"p{i}") for i in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda person: person.says(UNANSWERED), people))
        assert rows(either_app, question.c.count) == [(12,)]
        officer = officer_of(either_app)
        officer.says("待答问题")
        officer.presses(UNANSWERED)
        officer.presses("回复")
        officer.says("答复如下")
        replying = pool.submit(officer.presses, "发送")  # while others press 转人工
        list(pool.map(lambda person: person.says("转人工"), people))
        replying.result()
    told = sum(len(pushes(either_app, person)) for person in people)
    waiting = len(rows(either_app, asker.c.id))
    assert told == 12  # each was either told before handing it over anew, or at once
    assert waiting <= 12
    assert sum(count for (count,) in rows(either_app, question.c.count)) == 12 + waiting


def test_a_thumb_can_be_typed_as_a_word(talk: Talk) -> None:
    li = talk()
    li.says("退休了能报吗")
    assert "👍" in li.labels
    up = li.says("有用")
    again = talk("wang")
    again.says("退休了能报吗")
    assert [m.text for m in again.presses("👍")] == [m.text for m in up]


def test_the_original_text_begins_on_its_own_line(talk: Talk) -> None:
    li = talk()
    li.says("退休了能报吗", "看原文")
    assert "【三 培育对象】\n" in li.text
