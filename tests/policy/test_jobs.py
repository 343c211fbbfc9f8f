"""What somebody wants done, read from their own words and told from questions that look like it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policy.jobs.features import windows
from policy.jobs.lexicon import LONGEST_CLAUSE, MOST_CLAUSES, clauses
from policy.jobs.model_file import NONE, data_digest
from policy.jobs.reading import CERTAIN, JobReading
from policy.jobs.training import people
from tests.support.corpus import CORPUS

QUESTIONS = Path(__file__).parent / "questions"
# The writers of the held-out lines made fewer differences than there are jobs.
MEANT = {
    "mydata": {"my-data", "export-data"},
    "delete": {"delete-data"},
    "withdraw": {"withdraw-consent", "unsubscribe"},
    "print": {"print", "download-form"},
    "stop": {"stop", "wait"},
}


def held_out() -> list[tuple[str, str]]:
    lines = (QUESTIONS / "jobs_heldout.jsonl").read_text(encoding="utf-8").splitlines()
    return [(line["q"], line["wants"]) for line in map(json.loads, lines)]


def test_nine_of_ten_jobs_of_unseen_people_are_read() -> None:
    jobs = [(CORPUS.jobs.recognise(text), wants) for text, wants in held_out() if wants != NONE]
    right = [got for got, wants in jobs if got is not None and got.job in MEANT.get(wants, {wants})]
    sure = [got for got in right if got.sure == CERTAIN]
    wrong = [
        (got.job, wants)
        for got, wants in jobs
        if got is not None and got.sure == CERTAIN and got.job not in MEANT.get(wants, {wants})
    ]
    print(
        f"\njobs held out: {len(right)}/{len(jobs)} right, {len(sure)} certain, {len(wrong)} certainly wrong"
    )
    assert len(right) >= 0.88 * len(jobs)
    assert len(sure) >= 0.6 * len(jobs)
    assert len(wrong) <= 0.03 * len(jobs)


def test_what_only_looks_like_a_job_is_never_certain() -> None:
    read = [CORPUS.jobs.recognise(text) for text, wants in held_out() if wants == NONE]
    offered = [got for got in read if got is not None]
    print(f"\nlook-alikes held out: {len(offered)}/{len(read)} offered as a job")
    assert all(got.sure != CERTAIN for got in offered)
    assert len(offered) <= 0.15 * len(read)


def test_questions_for_information_are_not_done_as_jobs() -> None:
    lines = (QUESTIONS / "information.txt").read_text(encoding="utf-8").splitlines()
    read = [got for text in lines if (got := CORPUS.jobs.recognise(text)) is not None]
    sure = [got for got in read if got.sure == CERTAIN]
    print(f"\nquestions: {len(sure)}/{len(lines)} certainly a job, {len(read)} offered at all")
    assert len(sure) <= 0.01 * len(lines)
    assert len(read) <= 0.03 * len(lines)


@pytest.mark.parametrize(
    "text",
    [
        "补贴怎么算", "投诉电话是多少", "报表什么时候交", "能不能退出这个项目", "删除了学籍还能报吗",
        "打印社保去哪", "更正报表有期限吗", "人工智能能报吗", "继续教育学时几月登记", "重新考试要交钱吗",
    ],
)  # fmt: skip
def test_a_question_that_names_a_job_is_no_job(text: str) -> None:
    got = CORPUS.jobs.recognise(text)
    assert got is None or got.sure != CERTAIN


@pytest.mark.parametrize(
    ("text", "job"),
    [
        ("给俺测测看能报名不", "enrol"),
        ("从头到尾给我捋一遍", "route"),
        ("我要报三季度的数", "report"),
        ("大数据 3 2 120 80 60 90000", "report"),
        ("接着填上次没填完的", "resume"),
        ("把填好的表打出来盖章", "print"),
        ("找个活人来", "human"),
        ("把我的信息删了", "delete-data"),
        ("不对，我是中级不是初级", "correct"),
        ("改成中级", "correct"),
        ("先不弄了", "stop"),
        ("換個人，這回幫我妹妹測", "other-person"),
    ],
)
def test_a_job_is_certain_in_plain_words(text: str, job: str) -> None:
    got = CORPUS.jobs.recognise(text)
    assert got is not None and (got.job, got.sure) == (job, CERTAIN)


def test_what_is_said_along_with_a_job_is_kept() -> None:
    assert CORPUS.jobs.recognise("我要报三季度的数") == JobReading("report", CERTAIN, quarter="三季度")
    assert CORPUS.jobs.recognise("帮我爱人测一下补贴") == JobReading(
        "other-person", CERTAIN, person="family", check="subsidy"
    )
    corrected = CORPUS.jobs.recognise("不对，我是中级不是初级")
    assert corrected is not None and corrected.value == "中级"
    figures = CORPUS.jobs.recognise("大数据 3 2 120 80 60 90000")
    assert figures is not None and (figures.figures, figures.occupation) == (True, "大数据")


@pytest.mark.parametrize("text", ["我没说要投诉", "不用转人工", "我不是要删我的信息", "先别转人工"])
def test_a_job_that_is_declined_is_not_done(text: str) -> None:
    got = CORPUS.jobs.recognise(text)
    assert got is None or got.sure != CERTAIN


@pytest.mark.parametrize(
    "piece", ["a", "我", "帮我", "别", "😀", "س", "가", "1 ", "，", "給我測", "不是", "\u202e", "\n"]
)
def test_a_long_text_costs_what_its_looked_at_parts_cost(piece: str) -> None:
    text = (piece * 4000)[:4000]
    assert len(windows(text)) <= 2
    assert all(len(window) <= LONGEST_CLAUSE for window in windows(text))
    parts = clauses(text)
    assert len(parts) <= MOST_CLAUSES
    assert all(len(part) <= LONGEST_CLAUSE for part in parts)
    CORPUS.jobs.recognise(text)


def test_the_packaged_model_was_made_from_these_data() -> None:
    assert CORPUS.jobs.weights.header["digest"] == data_digest(), "run `python -m policy.jobs.training train`"
    assert set(CORPUS.jobs.weights.outputs) == {*CORPUS.jobs.lexicon.jobs, NONE}


def test_every_job_is_said_by_several_people() -> None:
    for job in CORPUS.jobs.lexicon.jobs:
        assert sum(any(said == job for _, said in lines) for lines in people().values()) >= 3, job
