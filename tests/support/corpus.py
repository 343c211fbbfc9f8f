"""The packaged policy data, read once for all tests."""

from __future__ import annotations

from policy.corpus import build_corpus

CORPUS = build_corpus()
