"""Learning jobs from what made-up people say (development only: needs scikit-learn)."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from policy.files import PolicyError, packaged
from policy.form.form import Form
from policy.jobs.features import CLASS_MARK, features, windows
from policy.jobs.lexicon import Lexicon, packaged_lexicon
from policy.jobs.model_file import FORMAT, NONE, Weights, data_digest
from policy.jobs.reading import CERTAIN, JobReader

MODEL = Path(__file__).parent / "model"
SOFTNESS = 20.0  # the learner's C
KEPT_QUESTIONS = 6  # a feature of questions alone is kept when so many of them have it
# What is said before and after a request, so that the request is learnt and not what surrounds it.
BEFORE = (
    "那个",
    "不好意思",
    "我是应届生，",
    "证考下来了，",
    "学完了，",
    "我在高区上班，",
    "你好，",
    "行吧，",
    "先别管那个，",
    "我们学校的，",
    "好的那",
    "听我说，",
    "季度末了，",
    "刚下课，",
)
AFTER = ("谢谢", "，快点", "吧", "，行吗", "哈", "，急用", "，麻烦了", "呗", "，可以吗", "一下")
NOT_QUESTIONS = ("complaints",)  # an entry whose phrasings also ask for the job

Line = tuple[str, str]  # (text, job or none)


def people() -> dict[str, list[Line]]:
    """Return what each person says, by author, with the job that is wanted.

    Raises:
        PolicyError: a phrasing stands under a job that no rule knows.
    """
    found: dict[str, list[Line]] = {}
    known = set(packaged_lexicon().jobs)
    for name, data in packaged("jobs/phrasings"):
        for job in data["jobs"]:
            if job not in known:
                raise PolicyError(f"jobs/phrasings/{name}: 没有事项 {job}")
        lines = [(str(text), job) for job, texts in data["jobs"].items() for text in texts]
        found[data["author"]] = lines + [(str(text), NONE) for text in data["none"]]
    return found


def questions() -> list[Line]:
    """Return the questions that the index learns from: none of them is a job."""
    found: list[Line] = []
    for _, data in packaged("index/phrasings"):
        listed = [data.get(kind) or {} for kind in ("phrasings", "foreign", "near")]
        found += [
            (str(t), NONE) for by in listed for e, ts in by.items() if e not in NOT_QUESTIONS for t in ts
        ]
    return found


def surrounded(lines: Sequence[Line]) -> list[Line]:
    """Return the requests once more with something before or after them, the same every time."""
    wanted = [line for line in lines if line[1] != NONE]
    made = []
    for number, (text, job) in enumerate(wanted):
        if number % 2:
            made.append((text + AFTER[number // 2 % len(AFTER)], job))
        else:
            made.append((BEFORE[number // 2 % len(BEFORE)] + text, job))
    return made


def fit(said: Sequence[Line], lexicon: Lexicon) -> Weights:
    """Learn from what is said.

    Raises:
        PolicyError: scikit-learn is not installed.
    """
    try:
        from sklearn.feature_extraction import DictVectorizer
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise PolicyError("训练需要 scikit-learn，请安装开发依赖：pip install '.[dev]'") from error
    lines = [*said, *surrounded(said)]
    wanted = [job for _, job in lines]
    found = [features(window, lexicon) for text, _ in lines for window in windows(text)[:1] or [""]]
    of_jobs = {name for one, job in zip(found, wanted, strict=True) if job != NONE for name in one}
    often = Counter(name for one, job in zip(found, wanted, strict=True) if job == NONE for name in one)
    kept = of_jobs | {name for name, times in often.items() if times >= KEPT_QUESTIONS}
    kept |= {CLASS_MARK + name for name in lexicon.words}
    vectorizer = DictVectorizer(sort=True)
    table = vectorizer.fit_transform([{n: w for n, w in one.items() if n in kept} for one in found])
    learner = LogisticRegression(C=SOFTNESS, max_iter=400)
    learner.fit(table, wanted)
    return _packed(list(vectorizer.feature_names_), learner)


def _packed(words: list[str], learner: Any) -> Weights:
    scale, rows = array("f"), bytearray()
    for row in learner.coef_.T.tolist():
        step = max(max(map(abs, row)) / 127, 1e-9)
        scale.append(step)
        rows += bytes(round(value / step) & 0xFF for value in row)
    header = {
        "format": FORMAT,
        "outputs": [str(name) for name in learner.classes_],
        "bias": [round(float(value), 5) for value in learner.intercept_],
        "digest": data_digest(),
    }
    return Weights(header, words, scale, bytes(rows))


def train(lexicon: Lexicon, folder: Path = MODEL) -> None:
    """Learn from the packaged files and write the model."""
    fit([line for lines in people().values() for line in lines] + questions(), lexicon).write(folder)


def evaluate(form: Form, lexicon: Lexicon) -> list[str]:
    """Return a line for each author held out: jobs found, jobs mistaken, questions taken for jobs."""
    said, asked = people(), questions()
    told = []
    for author, held in said.items():
        learnt = fit([x for other, lines in said.items() if other != author for x in lines] + asked, lexicon)
        reader = JobReader(form, lexicon, learnt)
        read = [(reader.read(text), job) for text, job in held]
        jobs = [(got, job) for got, job in read if job != NONE]
        right = sum(got is not None and got.job == job for got, job in jobs)
        certain = sum(got is not None and got.job == job and got.sure == CERTAIN for got, job in jobs)
        wrong = sum(got is not None and got.job != job for got, job in jobs)
        none = [got for got, job in read if job == NONE]
        taken = sum(got is not None for got in none)
        told.append(
            f"{author}: {right}/{len(jobs)} right ({certain} certain), {wrong} another job; "
            f"{taken}/{len(none)} questions taken for jobs"
        )
    return told
