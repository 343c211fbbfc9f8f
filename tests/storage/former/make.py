"""Make `conversations.sql`: a database with open conversations, as the version of commit d38a67f left it.

Run in a checkout of that commit, with this repository's dependencies:

    git worktree add --detach ../former d38a67f
    cd ../former && PYTHONPATH=$PWD python $HERE/make.py $HERE/conversations.sql

What people still have on their screens, the buttons of what was said to them, goes into
`conversations.json` beside it: who → label → token.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any


def talk(folder: Path) -> dict[str, dict[str, str]]:
    """Hold the conversations; who → the buttons of everything said to them."""
    conftest: Any = import_module("tests.conftest")  # names of that version
    Person: Any = import_module("tests.talk").Person  # noqa: N806
    house = conftest.make_house(f"sqlite:///{folder}/bot.sqlite3", folder)
    contact_code, office_code = conftest.contact_code, conftest.office_code
    buttons: dict[str, dict[str, str]] = {}
    ids = (f"former-{number}" for number in count(1))

    def keep(person: Any) -> None:
        shown = {c.label: c.token for m in person.replies for c in m.choices}
        buttons.setdefault(person.name, {}).update(shown)

    def say(person: Any, *texts: str) -> None:
        for text in texts:
            person.says(text, id=next(ids))
            keep(person)

    def press(person: Any, label: str) -> None:
        person.presses(label, id=next(ids))
        keep(person)

    head = Person(house.assistant, "zhang")
    say(head, f"绑定 {office_code(house)}", "菜单")
    chen = Person(house.assistant, "chen")  # has submitted
    say(chen, f"绑定 {contact_code(house, '威海第二培训学校')}", "陈静", "跳过")
    say(chen, "填报 2026Q4", "区块链 2 1 60 40 30 45000", "提交")
    press(chen, "确认提交")
    say(head, "待审")
    wang = Person(house.assistant, "wang")  # in the middle of a report
    say(wang, f"绑定 {contact_code(house, '威海数字培训学校')}", "王芳", "跳过")
    say(wang, "菜单", "填报 2026Q4", "大数据、区块链", "3", "2", "120", "修改")
    say(wang, "填报")  # which shows the question again
    li = Person(house.assistant, "li")  # in the middle of a check
    say(li, "菜单", "我能不能参加培训", "没有退休")
    zhao = Person(house.assistant, "zhao")  # has got an answer, and can say what it was worth
    say(zhao, "证书能对应什么职称")
    house.engine.dispose()
    return buttons


def main() -> int:
    """Write the dump, and the buttons beside it."""
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        buttons = talk(Path(folder))
        with sqlite3.connect(f"{folder}/bot.sqlite3") as connection:
            dump = "\n".join(connection.iterdump())
    target.write_text(dump + "\n", encoding="utf-8")
    shown = json.dumps(buttons, ensure_ascii=False, indent=1, sort_keys=True)
    target.with_suffix(".json").write_text(shown + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
