"""`python -m bot policy train` and `evaluate` (development only: they need scikit-learn)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from policy.index.evaluation import evaluate
from policy.index.training import MODEL, train


def main(argv: Sequence[str] | None = None) -> int:
    """`train` writes the model, `evaluate` prints held-out figures."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["train"]:
        train()
        print(f"已写入 {MODEL}")
        return 0
    if arguments[:1] == ["evaluate"] and set(arguments[1:]) <= {"--verbose"}:
        evaluate(verbose="--verbose" in arguments)
        return 0
    print("usage: python -m bot policy train | evaluate [--verbose]", file=sys.stderr)
    return 2
