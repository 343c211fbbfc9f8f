"""`python -m bot restore FILE`: a backup into an empty place; deletions that came after it are repeated."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("file", metavar="FILE.zip")
    parser.add_argument(
        "--deletions", metavar="FILE", action="append", default=[], help="a list of deletions kept elsewhere"
    )


def run(options: argparse.Namespace) -> int:
    """Restore, and print what came back."""
    from pathlib import Path

    from bot.cli.opening import say_database
    from bot.cli.problems import problem
    from bot.core.render import words
    from bot.operation import deletions, restoring
    from bot.operation.archive import Archive
    from bot.settings import load_settings

    settings, path = load_settings(), Path(options.file)
    say_database(settings.database_url)
    if missing := [name for name in options.deletions if not Path(name).is_file()]:
        raise problem("read", missing[0])
    lists = [Path(name) for name in options.deletions]
    lists += [path.absolute().parent / deletions.FILE, settings.data_dir / deletions.FILE]
    try:
        with Archive(path) as archive:
            done = restoring.restore(archive, settings, lists)
    except FileNotFoundError:
        raise problem("read", options.file) from None
    except OSError:
        raise problem("write", str(settings.data_dir)) from None
    print(words("cli/restored.j2", {"done": done, "manifest": archive.manifest}))
    return 0
