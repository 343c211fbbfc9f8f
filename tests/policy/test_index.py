"""What the question index must get right, whatever its weights."""

from __future__ import annotations

import json
import random
from pathlib import Path

import opencc
import pytest

from policy.files import PolicyError
from policy.index.index import Found, Index, inputs_hash
from policy.index.model_file import packaged_weights
from policy.reading.text import LONGEST, grams, normalise
from tests.support.corpus import CORPUS

MODEL = Path(__file__).parents[2] / "policy" / "index" / "model"


def asked(text: str, last: str | None = None) -> tuple[str, tuple[str, ...]]:
    found = CORPUS.index.ask(text, last)
    return found.kind, found.entries


# ------------------------------------------------------------------------------------ questions


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("高级是不是高级工程师", "title-senior"),
        ("人工智能", "ai-field"),
        ("人工智能训练师算不算这个", "ai-trainer"),
        ("我妈去年退的休，能学区块链吗", "retirees"),
        ("这证顶不顶个工程师", "title-junior-mid"),
        ("啥时候发的", "notice-date"),
        ("分成几个台阶", "levels"),
        ("天津高级能直接报高工，威海也行吧", "other-cities"),
        ("补贴多少钱", "subsidy-amount"),
        ("同一个等级一年能领两回补贴吗", "subsidy-repeat"),
        ("会计这种以考代评的怎么认定", "exam-series"),
        ("多少分算及格", "pass-mark"),
        ("培训合格证和等级证是一回事吗", "two-certificates"),
        ("算继续教育的公需课还是专业课", "hours"),
        ("能不能抵个税3600", "tax-deduction"),
        ("科室电话是多少", "contact-office"),
        ("现在还能报上名吗", "where-to-enrol"),
        ("培训学校说包过，靠谱吗", "complaints"),
        ("季度表每季度几号交", "report-due"),
        ("如何报名", "where-to-enrol"),
        ("如何申请补贴", "subsidy-how"),
        ("网络安全算吗", "other-fields"),
        ("公务员能报吗", "worker-kinds"),
        ("毕业三年了还算应届生吗", "graduates-previous"),
        ("机器人专业算不算", "graduates-major"),
        ("公需课多少", "hours-required"),
        ("没拿到证能领补贴吗", "subsidy-lacking"),
        ("烟台能不能领补贴", "elsewhere"),
        ("能直接考高级吗", "exam-level"),
        ("报表金额单位是元还是万元", "report-unit"),
        ("俺是荣成的在石岛干云计算能参加不", "place"),
    ],
)
def test_a_question_in_peoples_words_finds_its_entry(text: str, entry: str) -> None:
    assert asked(text) == ("answer", (entry,))


@pytest.mark.parametrize("word", ["补贴", "学时", "职称", "英才卡", "报名", "学费", "证书", "退休", "考试"])
def test_a_bare_word_of_the_subject_is_answered_or_offered(word: str) -> None:
    assert CORPUS.index.ask(word).kind != "refuse"


@pytest.mark.parametrize(
    ("last", "text", "entry"),
    [
        ("title-junior-mid", "那高级呢", "title-senior"),
        ("who", "退休的呢", "retirees"),
        ("subsidy-amount", "一年能领几次", "subsidy-repeat"),
        ("report-contents", "交给谁", "report-due"),
        ("retirees", "那返聘的呢", "rehired-retirees"),
        ("subsidy-who", "能给多少", "subsidy-amount"),
    ],
)
def test_half_a_question_is_read_after_the_answer_before_it(last: str, text: str, entry: str) -> None:
    assert asked(text, last) == ("answer", (entry,))


def test_a_full_question_is_not_bent_by_the_answer_before_it() -> None:
    for last in ("report-due", "subsidy-amount", "title-senior"):
        assert asked("我妈去年退的休，能学区块链吗", last) == ("answer", ("retirees",))


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("退休了能报吗？补贴多少钱？", {"retirees", "subsidy-amount"}),
        ("考试考几门？证书去哪查真假？", {"exam-content", "verify"}),
        ("外地户口能参加吗，还有要培训多少学时", {"hukou", "course-length"}),
    ],
)
def test_two_questions_get_two_answers(text: str, entries: set[str]) -> None:
    found = CORPUS.index.ask(text)
    assert (found.kind, set(found.entries)) == ("answer", entries)


@pytest.mark.parametrize(
    ("text", "entries", "left"),
    [
        ("退休了能报吗？补贴多少？去哪报名", ("retirees", "subsidy-amount", "where-to-enrol"), ()),
        (
            "1. 怎么报名 2. 学费多少钱 3. 考几门 4. 谁能领补贴",
            ("where-to-enrol", "fees", "exam-content"),
            ("谁能领补贴",),
        ),
        ("①怎么报名②多少钱③考几门", ("where-to-enrol", "fees", "exam-content"), ()),
        ("一、怎么报名；二、多少钱", ("where-to-enrol", "fees"), ()),
    ],
)
def test_of_several_questions_three_are_answered_and_the_others_named(
    text: str, entries: tuple[str, ...], left: tuple[str, ...]
) -> None:
    found = CORPUS.index.ask(text)
    assert (found.kind, found.entries, found.left) == ("answer", entries, left)


def test_a_number_is_no_item_of_a_list() -> None:
    for text in ("1. 补贴多少钱", "2.5万补贴是真的吗", "威人社函〔2023〕25号是什么文件"):
        assert len(CORPUS.index.ask(text).entries) == 1


def test_one_question_with_its_circumstances_is_one_question() -> None:
    text = "我是厂里开数控机床的，今年五十二，学历不高，还能不能参加"
    assert len(CORPUS.index.ask(text).entries) == 1


# ---------------------------------------------------------------------- refusals and small talk


@pytest.mark.parametrize(
    "text",
    ["公积金怎么提取", "失业金能领几个月", "教师资格证什么时候报名", "落户威海要什么材料", "软考报名时间"],
)
def test_another_offices_business_is_refused_as_such(text: str) -> None:
    assert CORPUS.index.ask(text) == Found("refuse", (), neighbour=True)


@pytest.mark.parametrize("text", ["今天天气怎么样", "红烧肉怎么做", "帮我写一段python代码", "国足比分"])
def test_anything_else_is_refused(text: str) -> None:
    assert CORPUS.index.ask(text) == Found("refuse", ())


def test_a_foreign_question_stays_foreign_after_an_answer() -> None:
    for last in ("subsidy-amount", "where-to-enrol", "retirees"):
        assert CORPUS.index.ask("今天天气怎么样", last).kind == "refuse"
        assert CORPUS.index.ask("公积金怎么提取", last).kind == "refuse"


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("你好", "hello"),
        ("您好！", "hello"),
        ("你是谁", "who-are-you"),
        ("你是真人还是机器人？", "who-are-you"),
        ("谢谢", "thanks"),
        ("谢谢啦～", "thanks"),
        ("再见", "goodbye"),
        ("你真棒", "praise"),
        ("答非所问", "upset"),
    ],
)
def test_small_talk_is_recognised(text: str, entry: str) -> None:
    assert asked(text) == ("answer", (entry,))


def test_a_greeting_before_a_question_does_not_hide_it() -> None:
    assert asked("你好，请问补贴多少钱") == ("answer", ("subsidy-amount",))


# -------------------------------------------------------------------------------------- spelling


def test_normalising_unifies_width_case_script_and_drops_marks() -> None:
    assert normalise("ＡＩ 補貼，２０２３年？😀\u200b") == "ai补贴2023年"
    assert normalise("😀！？　") == ""
    assert len(normalise("证" * 5000)) == LONGEST


def test_grams_are_all_singles_and_pairs() -> None:
    assert grams("补贴钱") == ["补", "贴", "钱", "补贴", "贴钱"]


def test_traditional_text_gets_the_answer_of_simplified_text() -> None:
    convert = opencc.OpenCC("s2t").convert
    for entry in CORPUS.answers.entries.values():
        if not entry.smalltalk:
            assert CORPUS.index.ask(convert(entry.title)) == CORPUS.index.ask(entry.title), entry.title


@pytest.mark.parametrize(
    ("typo", "entry"),
    [("报名废多少", "fees"), ("补帖多少钱", "subsidy-amount"), ("制定依剧是什么", "legal-basis")],
)
def test_a_homophone_typo_does_not_lose_the_question(typo: str, entry: str) -> None:
    found = CORPUS.index.ask(typo)
    assert found.kind != "refuse"
    assert entry in found.entries


def test_a_right_character_is_not_repaired() -> None:
    for entry in CORPUS.answers.entries.values():
        if not entry.smalltalk:
            title = normalise(entry.title)
            assert CORPUS.index.weights.repaired(title) == title


# ------------------------------------------------------------------------------------ robustness


@pytest.mark.parametrize("text", ["", " ", "😀😀", "？？？", "\0", "\ud800", "\u200b\u2060", "。。。"])
def test_nothing_to_read_is_refused(text: str) -> None:
    assert CORPUS.index.ask(text) == Found("refuse", ())


def test_weird_input_never_raises() -> None:
    random.seed(7)
    pool = [chr(c) for c in (0, 9, 10, 36, 94, 127, 0x200B, 0xD83D, 0xDC00, 0x1F600, 0x20000, 0xFFFF)]
    texts = ["补贴" * 2000, "a" * 4000, "^$", "$^补贴$", "？" * 4000, "补，" * 2000, "\0补贴\0多少"]
    texts += ["".join(random.choices([*pool, *"补贴职称？，ab "], k=40)) for _ in range(300)]
    for text in texts:
        for last in (None, "retirees", "hello", "no such entry"):
            found = CORPUS.index.ask(text, last)
            assert found.kind in ("answer", "choose", "refuse")
            assert (found.entries == ()) == (found.kind == "refuse")


def test_an_unknown_last_entry_changes_nothing() -> None:
    assert CORPUS.index.ask("补贴多少钱", "no such entry") == CORPUS.index.ask("补贴多少钱")


def test_ranking_names_every_ordinary_entry_once_best_first() -> None:
    ranked = CORPUS.index.rank("补贴多少钱")
    assert {e for e, _ in ranked} == {e.id for e in CORPUS.answers.entries.values() if not e.smalltalk}
    assert [s for _, s in ranked] == sorted((s for _, s in ranked), reverse=True)


def test_a_choice_is_three_and_an_answer_has_others_beside_it() -> None:
    found = CORPUS.index.ask("补贴多少钱")
    assert 1 <= len(found.near) <= 3
    assert not set(found.near) & set(found.entries)
    for text in ("有没有要求", "什么时候", "多少", "怎么办", "条件", "时间", "材料"):
        choice = CORPUS.index.ask(text)
        if choice.kind == "choose":
            assert len(set(choice.entries)) == 3
            return
    pytest.fail("none of the vague words led to a choice")


# -------------------------------------------------------------------------------------- the model


def test_the_model_is_not_stale() -> None:
    assert not CORPUS.index.stale(CORPUS.training_inputs), (
        "entries or phrasings changed: run `python -m bot policy train`"
    )
    assert CORPUS.index.header["inputs"] == inputs_hash(CORPUS.training_inputs)


def test_a_phrasing_that_asks_for_an_unwritten_point_teaches_the_topic_only() -> None:
    from policy.index.training_data import material_of

    material = material_of(CORPUS.training_inputs)
    asked = [line for author in material.authors.values() for line in author.points]
    assert ("考试题型是选择题还是写代码，时长多少", "exam-content") in asked
    assert not any(CORPUS.answers.entries[entry].unwritten for _, entry in asked)
    for author in material.authors.values():
        assert not set(author.points) & set(author.phrasings)


def test_loading_twice_gives_the_same_index() -> None:
    again = Index(packaged_weights())
    for text in ("补贴多少钱", "退休了能报吗？补贴多少钱？", "公积金怎么提取", "那高级呢"):
        assert again.ask(text) == CORPUS.index.ask(text)
        assert again.rank(text) == CORPUS.index.rank(text)


def test_writing_what_was_loaded_gives_the_same_bytes(tmp_path: Path) -> None:
    packaged_weights().write(tmp_path)
    for path in sorted(p for p in MODEL.iterdir() if p.is_file()):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_broken_model_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="policy train"):
        packaged_weights(tmp_path)
    packaged_weights().write(tmp_path)
    (tmp_path / "weights.bin").write_bytes(b"short")
    with pytest.raises(PolicyError, match="policy train"):
        packaged_weights(tmp_path)
    (tmp_path / "index.json").write_text(json.dumps({"format": 0}), encoding="utf-8")
    with pytest.raises(PolicyError, match="policy train"):
        packaged_weights(tmp_path)


def test_the_model_is_small() -> None:
    assert sum(p.stat().st_size for p in MODEL.iterdir()) < 4_000_000


@pytest.mark.long
def test_training_again_gives_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("pypinyin")
    from policy.index.training import train
    from policy.index.training_data import material_of

    train(material_of(CORPUS.training_inputs), tmp_path)
    for path in sorted(p for p in MODEL.iterdir() if p.is_file()):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
