"""The language model of the settings, for commands that try it out."""

from __future__ import annotations

from bot.cli.problems import problem
from bot.model_reader.reader import ModelReader, model_reader
from bot.settings import load_settings
from policy.corpus import Corpus


def configured(corpus: Corpus) -> ModelReader:
    """Return the reader that the settings name.

    Raises:
        Failed: they name none.
        BadSetting: they name one that cannot be used.
    """
    reader = model_reader(load_settings(), corpus)
    if reader is None:
        raise problem("model")
    return reader
