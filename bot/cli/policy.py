"""`python -m bot policy`: checks the policy data, trains and evaluates the answers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.corpus import Corpus

MOST = 300  # questions a model is tried on: a second each


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions, each with its own arguments."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    check = actions.add_parser("check", help="prove that notice, answers, rules and form agree")
    check.set_defaults(act=_check)

    train = actions.add_parser("train", help="learn the indexes of questions and jobs (dev extra)")
    train.set_defaults(act=_train)

    evaluate = actions.add_parser("evaluate", help="accuracy, each author held out in turn (dev extra)")
    evaluate.add_argument("--verbose", action="store_true", help="every question that went wrong too")
    evaluate.add_argument(
        "--model", action="store_true", help="only what the model of BOT_MODEL_… gains and harms, where asked"
    )
    evaluate.add_argument(
        "--most", type=int, default=MOST, metavar="N", help="questions given to it (%(default)s)"
    )
    evaluate.add_argument(
        "--without",
        metavar="PART",
        help="only how deep questions are answered without one part of what is learnt from: "
        "composition, points, marks, near, readers; nothing leaves none out",
    )
    evaluate.set_defaults(act=_evaluate)

    diagram = actions.add_parser("diagram", help="a check's rule as Mermaid and SVG")
    diagram.add_argument("check", metavar="CHECK", help="enrolment, hours, assessment, title, subsidy")
    diagram.add_argument("--svg", metavar="FILE.svg", type=Path, help="write the picture to a file")
    diagram.set_defaults(act=_diagram)

    proposals = actions.add_parser("proposals", help="the office's answers proposed for everybody, as files")
    proposals.add_argument("--to", required=True, metavar="DIR", type=Path)
    proposals.set_defaults(act=_proposals)

    export = actions.add_parser("export", help="what the office published in /office, as changed files")
    export.add_argument("--to", required=True, metavar="DIR", type=Path)
    export.set_defaults(act=_export)


def run(options: argparse.Namespace) -> int:
    """Do the action."""
    status: int = options.act(options)
    return status


def _check(options: argparse.Namespace) -> int:
    from bot.core.render import words
    from policy.consistency import report
    from policy.corpus import build_corpus

    checked = report(build_corpus())
    print(words("cli/checked.j2", vars(checked)))
    if checked.problems:
        return 1
    print(checked.table)
    return 0


def _train(options: argparse.Namespace) -> int:
    from bot.core.render import words
    from policy.corpus import build_corpus
    from policy.index import training
    from policy.index.training_data import material_of
    from policy.jobs import training as jobs

    corpus = build_corpus()
    training.train(material_of(corpus.training_inputs))
    jobs.train(corpus.jobs.lexicon)
    print(words("cli/messages.trained", {"paths": [str(training.MODEL), str(jobs.MODEL)]}))
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from policy.corpus import build_corpus
    from policy.index.evaluation import evaluate, measure_without, report_without
    from policy.jobs import training as jobs

    corpus = build_corpus()
    if options.model:
        return _evaluate_model(corpus, options.most)
    if options.without is not None:
        part = "" if options.without == "nothing" else options.without
        report_without(part, measure_without(corpus, part), options.verbose)
        return 0
    evaluate(build_corpus, verbose=options.verbose)
    print("\n".join(jobs.evaluate(corpus.form, corpus.jobs.lexicon)))
    return 0


def _evaluate_model(corpus: Corpus, most: int) -> int:
    from bot.cli.model import configured
    from policy.index.outside_evaluation import evaluate_outside, lines

    reader = configured(corpus)
    print("\n".join(lines(evaluate_outside(corpus.questions, corpus.training_inputs, reader.read, most))))
    reader.close()
    return 0


def _diagram(options: argparse.Namespace) -> int:
    from bot.cli.problems import problem
    from policy.checks.diagram import mermaid, svg
    from policy.corpus import build_corpus

    checks = build_corpus().checks
    check = checks.get(options.check)
    if check is None:
        raise problem("check", options.check, "、".join(sorted(checks)))
    print(mermaid(check))
    if options.svg is None:
        print(svg(check))
        return 0
    try:
        options.svg.write_text(svg(check), encoding="utf-8")
    except OSError:
        raise problem("write", str(options.svg)) from None
    return 0


def _proposals(options: argparse.Namespace) -> int:
    from bot.cli.opening import opened
    from bot.cli.problems import problem
    from bot.core.render import words
    from bot.features.questions import proposals
    from storage.connections.database import transaction
    from storage.desk import questions

    app = opened()
    with transaction(app.engine, read_only=True) as connection:
        found = questions.proposals(connection)
    try:
        made = proposals.write(found, options.to, app.corpus)
    except OSError:
        raise problem("write", str(options.to)) from None
    print(words("cli/proposals.j2", vars(made)))
    return 0


def _export(options: argparse.Namespace) -> int:
    from bot.cli.opening import opened
    from bot.cli.problems import problem
    from bot.core.render import words
    from bot.features.questions import exported
    from storage import knowledge
    from storage.connections.database import transaction

    app = opened()
    with transaction(app.engine, read_only=True) as connection:
        version, layer = knowledge.latest(connection)
    try:
        paths = exported.write(layer, options.to)
    except OSError:
        raise problem("write", str(options.to)) from None
    print(words("cli/exported_answers.j2", {"version": version, "paths": paths}))
    return 0
