"""How well the questions in `tests/policy/questions` are understood, through the answer people get.

    python -m tests.bench.questions [--wrong] [SET …]
    python -m tests.bench.questions --folder DIR

Prints, blind sets first, what share of each kind is right; `--wrong` prints the others too. The blind
sets are by people who saw the notice only, and nothing is ever learnt from them. `--folder` prints the
totals of the sets that lie there, named by their kind (`inscope.jsonl` …), and no question.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from bot.features.questions import answer
from policy.jobs.reading import CERTAIN
from tests.support.corpus import CORPUS

QUESTIONS = Path(__file__).parents[1] / "policy" / "questions"
ON = date(2026, 11, 28)
# Who wrote the jobs made fewer differences than there are.
MEANT = {
    "mydata": {"my-data", "export-data"},
    "delete": {"delete-data"},
    "withdraw": {"withdraw-consent", "unsubscribe"},
    "print": {"print", "download-form"},
    "stop": {"stop", "wait"},
    "other": {"other-person"},
    "continue": {"resume", "wait"},
    "correct": {"correct", "amend"},
}
SETS = (
    "fresh-heldout fresh-grid fresh-falseyes fresh-traps fresh-multi fresh-followups fresh-jobs "
    "blind-inscope blind-grid blind-false blind-multi blind-follow jobs_heldout "
    "seen-heldout seen-grid seen-falseyes seen-traps seen-multi seen-followups"
).split()
# A word that grants what was asked, or denies it, at the head of an answer.
YES = re.compile(
    r"^(会|有|可以|可|能|行|要|需要|是|是的|对|对的|没错|算|包括|照发|专业技术人员照发)[^不没未]{0,4}[：:，。]"
)
YES_OR_NO = re.compile(r"^(可以|能|不能|不可以|有|算|行|照发|会|要|是)[：:，。]")
HONEST = re.compile(r"(没有|没|未)(直接|单独|明确)?(写|规定|说|提|列|点名)|核实|对上原文|答不上")
# What the answer to a group of people must say, by the clause of the step.
OF_STEP = {
    "五（三）": "人员对象|资金管理规定",
    "五（二）": "评审范围|专业技术人员",
    "五（一）": "专业技术人员|专业课",
    "六（一）": "专业技术人员",
    "四（三）": "培训合格|评价机构|告知承诺|国家职业标准|等级证书",
    "五（四）": "突出贡献|优秀名次|有关政策|人才工程",
}


@dataclass
class Tally:
    """Counts of one kind, and the cases that were wrong."""

    right: int = 0
    total: int = 0
    wrong: list[str] = field(default_factory=list)

    def count(self, good: bool, case: str) -> None:
        """Count one case."""
        self.total += 1
        self.right += good
        if not good:
            self.wrong.append(case)


Counts = dict[str, Tally]


def read(name: str, folder: Path = QUESTIONS) -> Iterator[dict[str, Any]]:
    """The cases of one set."""
    for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def shown(question: str, said: dict[str, Any]) -> str:
    """One case as it is printed."""
    text = said["text"].split("\n\n依据")[0].replace("\n", " ")
    entry, near = said.get("entry"), said.get("point", "")
    return f"{question}  →  {said['kind']} {near} {entry} {''.join(said['clauses'])} {text[:150]}"


def asked(turns: list[str]) -> dict[str, Any]:
    """The answer to the last of several messages."""
    last = None
    said: dict[str, Any] = {}
    for text in turns:
        said, last = answer.in_order(CORPUS, text, ON, last)
    return said


def clause_hit(case: dict[str, Any], said: dict[str, Any]) -> bool:
    """Whether the answer rests on a clause that the question is about."""
    return not case["clauses"] or bool(set(case["clauses"]) & set(said["clauses"]))


def matches(case: dict[str, Any], said: dict[str, Any]) -> bool:
    """Whether the text holds what it must and nothing that it must not."""
    text = said["text"]
    return bool(re.search(case.get("must") or "", text)) and not (
        case.get("never") and re.search(case["never"], text)
    )


def inscope(case: dict[str, Any], counts: Callable[[str], Tally]) -> None:
    """By people who saw the notice: `written` says whether it holds the point."""
    said = answer.as_json(CORPUS, case["q"], ON)
    line, hit = shown(case["q"], said), clause_hit(case, said)
    answered, near = said["kind"] == "answer", said.get("point") == "near"
    if case["written"]:
        counts("written: right clause").count(answered and hit, line)
        counts("written: exact").count(answered and hit and not near, line)
        denied = "通知没有写" in said["text"] and near
        counts("written: not called unwritten").count(not denied, line)
    else:
        counts("unwritten: right clause or refused").count(
            said["kind"] == "refuse" or (answered and hit), line
        )
        counts("unwritten: near or refused").count(said["kind"] == "refuse" or (answered and near), line)
        counts("unwritten: not refused").count(said["kind"] != "refuse", line)
    good = answered and hit and near != case["written"]
    counts("right and addressing").count(good, line)


def heldout(case: dict[str, Any], counts: Callable[[str], Tally]) -> None:
    """In scope, with a pattern; or foreign."""
    said = answer.as_json(CORPUS, case["q"], ON)
    line = shown(case["q"], said)
    if case["entry"] is None:
        counts("foreign refused").count(said["kind"] == "refuse", line)
        return
    good = said["kind"] == "answer" and clause_hit(case, said)
    counts("right clause").count(good, line)
    counts("right and addressing").count(good and matches(case, said), line)


def grid(case: dict[str, Any], counts: Callable[[str], Tally]) -> None:
    """Group and step: the step's clause, what it says of groups, no yes or no."""
    said = answer.as_json(CORPUS, case["q"], ON)
    line, good = shown(case["q"], said), said["kind"] == "answer"
    counts("right clause").count(good and clause_hit(case, said), line)
    good = good and set(case.get("all", ())) <= set(said["clauses"]) and clause_hit(case, said)
    if "must" in case:
        good = good and matches(case, said)
    else:
        must = "|".join(OF_STEP[c] for c in case["clauses"] if c in OF_STEP)
        good = good and bool(re.search(must, said["text"]))
        good = good and (case["clauses"] == ["三"] or not YES_OR_NO.search(said["text"]))
    counts("right").count(good, line)


def false_yes(case: dict[str, Any], counts: Callable[[str], Tally]) -> None:
    """What the notice never says: no yes-word, and said so."""
    said = answer.as_json(CORPUS, case["q"], ON)
    line = shown(case["q"], said)
    opens = re.search(case.get("never") or YES, said["text"])
    counts("no false yes").count(not opens, line)
    counts("honest").count(not opens and bool(re.search(case.get("must") or HONEST, said["text"])), line)
    if case.get("clauses"):
        counts("right clause or refused").count(said["kind"] == "refuse" or clause_hit(case, said), line)


def traps(case: dict[str, Any], counts: Callable[[str], Tally]) -> None:
    """Something false put as a statement."""
    said = answer.as_json(CORPUS, case["q"], ON)
    line = shown(case["q"], said)
    counts("right").count(said["kind"] == "answer" and matches(case, said), line)


def multi(case: dict[str, Any], counts: Callable[[str], Tally]) -> None:
    """Two or three questions: each answered or named."""
    said = answer.as_json(CORPUS, case["q"], ON)
    line = shown(case["q"], said)
    both = said["kind"] == "answer" and set(case["all"]) <= set(said["clauses"])
    counts("all answered").count(both and matches(case, said), line)
    counts("answered or named").count((both and matches(case, said)) or "请单独再问" in said["text"], line)


def follow(case: dict[str, Any], counts: Callable[[str], Tally]) -> None:
    """The last of several messages."""
    said = asked(case["turns"])
    line = shown(" / ".join(case["turns"]), said)
    counts("right").count(said["kind"] == "answer" and clause_hit(case, said) and matches(case, said), line)


def foreign(case: dict[str, Any], counts: Callable[[str], Tally]) -> None:
    """None of ours."""
    said = answer.as_json(CORPUS, case["q"], ON)
    counts("refused").count(said["kind"] == "refuse", shown(case["q"], said))


def jobs(case: dict[str, Any], counts: Callable[[str], Tally]) -> None:
    """Something wanted done, or only what looks like it."""
    got, wants = CORPUS.jobs.recognise(case["q"]), case["wants"]
    line = f"{case['q']}  →  {got.job + ' ' + got.sure if got else None}, wanted {wants}"
    if wants == "none":
        counts("look-alikes never certain").count(got is None or got.sure != CERTAIN, line)
        counts("look-alikes not offered").count(got is None, line)
        return
    right = got is not None and got.job in MEANT.get(wants, {wants})
    counts("right job").count(right, line)
    counts(f"  {wants}").count(right, line)
    counts("another job never certain").count(
        got is None or got.sure != CERTAIN or got.job in MEANT.get(wants, {wants}), line
    )


HOW = {
    "foreign": foreign, "jobs": jobs, "jobs_heldout": jobs,
    "inscope": inscope, "heldout": heldout, "grid": grid, "false": false_yes, "falseyes": false_yes,
    "traps": traps, "multi": multi, "follow": follow, "followups": follow,
}  # fmt: skip


def score(name: str, folder: Path = QUESTIONS) -> Counts:
    """What came of one set."""
    counts: Counts = {}
    for case in read(name, folder):
        HOW[name.split("-")[-1]](case, lambda key: counts.setdefault(key, Tally()))
    return counts


def main(arguments: list[str]) -> None:
    """Print the figures."""
    folder, secret = QUESTIONS, "--folder" in arguments
    if secret:
        at = arguments.index("--folder")
        folder, arguments = Path(arguments[at + 1]), arguments[:at] + arguments[at + 2 :]
    wanted = [a for a in arguments if not a.startswith("--")]
    if not wanted:
        wanted = sorted(path.stem for path in folder.glob("*.jsonl")) if secret else SETS
    for name in wanted:
        for key, tally in score(name, folder).items():
            print(f"{name:16} {key:36} {tally.right / tally.total:6.3f}  {tally.right}/{tally.total}")
            if "--wrong" in arguments and not secret:
                for case in tally.wrong:
                    print(f"    {case}")


if __name__ == "__main__":
    main(sys.argv[1:])
