"""`policy check`: the notice, the answers, the rules and the form agree with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from policy.answers.entries import Answers
from policy.answers.publications import KINDS
from policy.checks.conditions import Condition, Leaf
from policy.checks.dated import leaves, rests
from policy.checks.lists import list_problems
from policy.checks.rules import Check
from policy.corpus import Corpus
from policy.files import as_day
from policy.form.form import Form
from policy.notice.clauses import Notices, bare
from policy.spans import LATER

FEWEST_PHRASINGS = 6


@dataclass(frozen=True)
class Checked:
    """What was found. `table` shows clause → entries → phrasings."""

    problems: list[str]
    clauses: int
    entries: int
    checks: int
    phrasings: int
    table: str


def phrasings(files: Mapping[str, Any]) -> dict[str, list[str]]:
    """Entry id → every phrasing of every author."""
    found: dict[str, list[str]] = {}
    for data in files.values():
        for entry_id, lines in data["phrasings"].items():
            found.setdefault(entry_id, []).extend(lines)
    return found


def notice_problems(all_notices: Notices) -> list[str]:
    """The base notice is whole: its text is the one whose hash is recorded."""
    base = all_notices.base
    if base.sha256 and base.text_hash() != base.sha256:
        return [f"notices/{base.id}: 原文与记录的校验值不符，有字被改动、增加或删去"]
    return []


def answer_problems(library: Answers, all_notices: Notices, all_checks: Mapping[str, Check]) -> list[str]:
    """Unknown ids, quotations that are not verbatim, clauses without an answer."""
    problems: list[str] = []
    known, covered = set(all_notices.ids()), set[str]()
    for entry in library.entries.values():
        where = f"answers/{entry.id}"
        if not entry.answer.strip():
            problems.append(f"{where}: 没有答案")
        if not entry.smalltalk and not entry.clauses:
            problems.append(f"{where}: 没有写依据哪一条")
        if not entry.smalltalk and not entry.quote:
            problems.append(f"{where}: 没有引用原文")
        unknown = [c for c in entry.clauses if c not in known]
        problems += [f"{where}: 条款“{c}”不存在" for c in unknown]
        covered.update(entry.clauses)
        if entry.quote and not unknown:
            texts = [all_notices.clause(c, entry.valid_from) for c in entry.clauses]
            if not any(t.contains(entry.quote) for t in texts):
                problems.append(f"{where}: 引文不是原文：{entry.quote[:20]}…")
        problems += [f"{where}: 相关条目“{r}”不存在" for r in entry.related if r not in library.entries]
        unknown_kinds = [k for k in entry.publishable if k not in KINDS]
        problems += [f"{where}: 没有可发布的类型“{k}”" for k in unknown_kinds]
        if entry.service not in ("", "subscribe", "complaint"):
            problems.append(f"{where}: 服务“{entry.service}”不存在")
        if entry.check and entry.check not in all_checks:
            problems.append(f"{where}: 自测“{entry.check}”不存在")
        if entry.replaces and entry.replaces not in library.entries:
            problems.append(f"{where}: 要替换的条目“{entry.replaces}”不存在")
        if entry.valid_from and entry.valid_from < all_notices.base.valid_from:
            problems.append(f"{where}: 生效日早于通知")
    problems += [f"notices: 条款“{c}”没有任何答案" for c in all_notices.ids() if c not in covered]
    return problems


def amendment_problems(library: Answers, all_notices: Notices) -> list[str]:
    """An answer whose sentence an amendment took away needs one that replaces it from that day."""
    problems = []
    for notice in all_notices.amendments:
        day, amended = notice.valid_from, {c.id for c in notice.clauses}
        for entry in library.entries.values():
            held = library.get(entry.replaces or entry.id, day)
            if held is not entry or not entry.quote or not amended & set(entry.clauses):
                continue
            if not any(all_notices.clause(c, day).contains(entry.quote) for c in entry.clauses):
                problems.append(
                    f"answers/{entry.id}: 引文从 {day} 起已被 {notice.number} 修改，要有替换它的条目"
                )
    return problems


def rule_problems(all_checks: Mapping[str, Check], all_notices: Notices) -> list[str]:
    """Every leaf names a clause that exists and quotes it to the letter."""
    problems: list[str] = []

    def visit(check: Check, condition: Condition) -> None:
        if not isinstance(condition, Leaf):
            for part in condition.parts:
                visit(check, part)
            return
        where = f"checks/{check.id}/{condition.fact}"
        if condition.clause not in all_notices.ids():
            problems.append(f"{where}: 条款“{condition.clause}”不存在")
        elif condition.quote and not all_notices.clause(condition.clause).contains(condition.quote):
            problems.append(f"{where}: 引文不是原文：{condition.quote[:20]}…")
        options = set(check.facts[condition.fact].decided) | {"unsure"}
        if "unsure" in condition.met | condition.not_met:
            problems.append(f"{where}: “不确定”不能算满足或不满足")
        if not (condition.met | condition.not_met) <= options:
            problems.append(f"{where}: 选项不存在")

    for check in all_checks.values():
        visit(check, check.rule)
    return problems


def rule_amendment_problems(corpus: Corpus) -> list[str]:
    """Every rule, fact and line of the form that still rests on a text which an amendment took away."""
    problems: list[str] = []
    for notice in corpus.notices.amendments:
        day = notice.valid_from
        told = f"从 {day} 起已被 {notice.number} 修改"
        stale = [
            (check.id, leaf)
            for check in corpus.checks_on(day).values()
            for leaf in leaves(check.rule)
            if not rests(leaf, corpus.notices, day)
        ]
        problems += [f"checks/{check}/{leaf.fact}: 引文{told}，要有从那天起的规则" for check, leaf in stale]
        facts = dict.fromkeys(leaf.fact for _, leaf in stale)
        problems += [f"facts/{fact}: 依据的条款{told}，请核对问法和选项" for fact in facts]
        if corpus.form.clause in {clause.id for clause in notice.clauses}:
            problems += [
                f"form.yaml: “{line}”{told}" for line in unprinted(corpus.on(day).form, corpus.notices, day)
            ]
    return problems


def span_problems(corpus: Corpus) -> list[str]:
    """Every change of the form or of a fact names a notice there is, and begins no earlier than it."""
    begins = {n.id: n.valid_from for n in (corpus.notices.base, *corpus.notices.amendments)}
    dated = [("form.yaml", one) for one in corpus.form_data.get(LATER) or ()]
    for name, data in corpus.facts_data.items():
        dated += [(f"facts/{name}", one) for one in data.get(LATER) or ()]
    problems = []
    for where, change in dated:
        first, notice = as_day(change.get("valid_from")), change.get("notice")
        if first is None:
            problems.append(f"{where}: later 没有写 valid_from")
        elif notice not in begins:
            problems.append(f"{where}: 从 {first} 起的改动没有写依据哪份通知（notice）")
        elif first < begins[notice]:
            problems.append(f"{where}: 从 {first} 起的改动早于 {notice} 的生效日")
    return problems


def unprinted(form: Form, all_notices: Notices, on: date | None = None) -> list[str]:
    """Return the lines of the form that its clause does not print on that day."""
    annex = bare(all_notices.clause(form.clause, on).text)
    printed = [m.printed for m in form.measures] + [form.title, form.note]
    printed += [o.name for o in form.occupations[:3]]
    return [p for p in printed if bare(p) not in annex]


def form_problems(form: Form, all_notices: Notices) -> list[str]:
    """The form prints what the annex prints."""
    return [f"form.yaml: 附件里没有“{p}”" for p in unprinted(form, all_notices)]


def phrasing_problems(library: Answers, lines: dict[str, list[str]]) -> list[str]:
    """Every entry has phrasings, and every phrasing an entry."""
    problems = [f"phrasings: 条目“{i}”不存在" for i in lines if i not in library.entries]
    for entry in library.entries.values():
        count = len(lines.get(entry.replaces or entry.id, ()))
        if count < FEWEST_PHRASINGS:
            problems.append(f"phrasings: {entry.id} 只有 {count} 条问法，至少 {FEWEST_PHRASINGS} 条")
    return problems


def coverage(library: Answers, all_notices: Notices, lines: dict[str, list[str]]) -> str:
    """Clause → entries (phrasings of each), one clause a line."""
    rows = []
    for clause_id in all_notices.ids():
        entries = [e for e in library.entries.values() if clause_id in e.clauses]
        listed = "，".join(f"{e.id}({len(lines.get(e.id, ()))})" for e in entries)
        rows.append(f"{clause_id}\t{listed}")
    return "\n".join(rows)


def report(corpus: Corpus) -> Checked:
    """All checks on the data."""
    library, all_notices, all_checks = corpus.answers, corpus.notices, corpus.checks
    lines = phrasings(corpus.phrasings)
    problems = [
        *corpus.faults,
        *notice_problems(all_notices),
        *answer_problems(library, all_notices, all_checks),
        *amendment_problems(library, all_notices),
        *rule_problems(all_checks, all_notices),
        *rule_amendment_problems(corpus),
        *span_problems(corpus),
        *list_problems(corpus.form, corpus.facts, all_notices),
        *form_problems(corpus.form, all_notices),
        *phrasing_problems(library, lines),
    ]
    if corpus.index.stale(corpus.learnt.training_inputs):
        problems.append("model: 问法或答案改动后还没有重新训练，请运行 python -m bot policy train")
    return Checked(
        problems,
        len(all_notices.ids()),
        len(library.entries),
        len(all_checks),
        sum(len(v) for v in lines.values()),
        coverage(library, all_notices, lines),
    )
