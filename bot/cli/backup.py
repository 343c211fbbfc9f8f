"""`python -m bot backup FILE`: the database, the attachments and a manifest in one file, no key in it."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("file", metavar="FILE.zip")


def run(options: argparse.Namespace) -> int:
    """Write the backup and, beside it, the list of deletions. 1 where a kept file is missing."""
    from datetime import UTC, datetime
    from pathlib import Path

    from bot.cli.opening import opened
    from bot.cli.problems import problem
    from bot.cli.version import version
    from bot.core.render import words
    from bot.operation import archive, deletions
    from storage import audit
    from storage.connections.database import transaction
    from storage.monitoring import installation

    target, now = Path(options.file), datetime.now(UTC)
    if target.exists():
        raise problem("there", options.file)
    app = opened()
    try:
        manifest = archive.write(app.engine, app.settings.data_dir, target, version(), now)
        deletions.note(app.engine, app.settings.data_dir)
        known = deletions.read(app.settings.data_dir / deletions.FILE)
        deletions.add(target.absolute().parent / deletions.FILE, known)
    except OSError:
        raise problem("write", options.file) from None
    size = target.stat().st_size
    with transaction(app.engine) as connection:
        installation.put(connection, installation.BACKUP, now.isoformat(timespec="seconds"))
        audit.record(connection, now, None, "data.backup", "installation:data", bytes=size)
    data = {"manifest": manifest, "path": options.file, "size": size, "deletions": deletions.FILE}
    print(words("cli/backed_up.j2", data))
    return 1 if manifest.missing else 0
