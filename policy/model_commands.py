"""`python -m bot policy train` and `evaluate` (development only: they need scikit-learn)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from policy.corpus import Corpus
from policy.index.evaluation import evaluate
from policy.index.training import MODEL, train
from policy.index.training_data import material_of
from policy.jobs import training as jobs


def main(arguments: Sequence[str], corpus: Corpus) -> int:
    """`train` writes the model, `evaluate` prints held-out figures."""
    if list(arguments) == ["train"]:
        train(material_of(corpus.training_inputs))
        jobs.train(corpus.jobs.lexicon)
        print(f"已写入 {MODEL}、{jobs.MODEL}")
        return 0
    if arguments[:1] == ["evaluate"] and set(arguments[1:]) <= {"--verbose"}:
        material, library = material_of(corpus.training_inputs), corpus.answers.entries
        evaluate(material, library, verbose="--verbose" in arguments)
        print("\n".join(jobs.evaluate(corpus.form, corpus.jobs.lexicon)))
        return 0
    print("usage: python -m bot policy train | evaluate [--verbose]", file=sys.stderr)
    return 2
