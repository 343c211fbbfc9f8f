"""All tables, whichever module holds them."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import MetaData

import storage.schema
from storage.schema.core import metadata


def all_tables() -> MetaData:
    """Return the metadata once every module of tables has been imported."""
    for module in iter_modules(storage.schema.__path__):
        if module.name != "whole":
            import_module(f"storage.schema.{module.name}")
    return metadata
