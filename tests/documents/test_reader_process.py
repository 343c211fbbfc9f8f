"""Files are read in a process that is killed over one it cannot finish; the next file is read."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.app import App
from bot.assistant import Assistant
from bot.core.messages import Arrived
from bot.documents import examination
from bot.documents.attachments import look
from bot.documents.media_type import BadFile
from bot.documents.reader_process import SECONDS, Readers, TooCostly
from bot.documents.store import store_incoming
from bot.office.institutions import importing
from tests.conftest import contact_code
from tests.support import hostile_readers
from tests.support.corpus import CORPUS
from tests.support.processes import ROOT
from tests.support.talk import NOON, Person

PDF = b"%PDF-1.4 practice"
READERS = [hostile_readers.hang, hostile_readers.sleep, hostile_readers.swallow, hostile_readers.crash]
SHORT = 0.3  # seconds that a hanging reader is given here


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Readers]:
    monkeypatch.setenv("BOT_SECRET_KEY", "k" * 32)
    made = Readers(1)
    yield made
    made.close()


def wang(app: App, readers: Readers) -> Person:
    person = Person(Assistant(app.engine, app.keys, CORPUS, readers=readers), "wang")
    person.says(f"绑定 {contact_code(app)}", "王芳", "跳过", "填报", "2026Q4", "大数据")
    return person


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_that_never_ends_or_takes_too_much_is_given_up_and_the_next_file_read(
    readers: Readers, reader: Callable[..., None]
) -> None:
    if reader in (hostile_readers.hang, hostile_readers.sleep):
        readers.seconds = SHORT
    with pytest.raises(TooCostly):
        readers.read(reader)
    readers.seconds = SECONDS
    assert readers.read(examination.examine, CORPUS.form, "附页.pdf", PDF).media == "pdf"


def test_who_sent_such_a_file_is_told_and_the_next_file_is_taken(
    app: App, readers: Readers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    person = wang(app, readers)
    monkeypatch.setattr("bot.documents.attachments.examine", hostile_readers.hang)
    readers.seconds = SHORT
    person.sends(store_incoming("一直读.pdf", PDF, app.settings.data_dir))
    assert "report/file_refused.j2" in person.templates
    monkeypatch.undo()
    readers.seconds = SECONDS
    person.sends(store_incoming("实践做法.pdf", PDF, app.settings.data_dir))
    assert "report/file_kind.j2" in person.templates


def test_what_a_reader_refuses_is_refused_here(readers: Readers) -> None:
    with pytest.raises(BadFile) as refused:
        readers.read(hostile_readers.refuse)
    assert refused.value.reason == "macro"


def test_the_process_has_no_settings_of_ours_writes_nothing_and_starts_nothing(
    readers: Readers, tmp_path: Path
) -> None:
    assert readers.read(hostile_readers.settings) == []
    assert readers.read(hostile_readers.write, str(tmp_path / "a.txt")) == "OSError"
    if os.geteuid() != 0:  # root is never bound by how many processes there may be
        assert readers.read(hostile_readers.start) == "BlockingIOError"


def test_its_answers_are_plain_values(readers: Readers) -> None:
    with pytest.raises(Exception, match="no plain value"):
        readers.read(hostile_readers.answer_slyly)


def test_everything_that_an_answer_may_hold_comes_back_the_same(readers: Readers) -> None:
    empty = "机构名称,区市\n甲学校,荣成市\n".encode()
    assert readers.read(importing.read_list, "名单.csv", empty, NOON) == importing.read_list(
        "名单.csv", empty, NOON
    )
    form = "名称,已培训班次\n大数据,3\n".encode()
    told = look(readers, CORPUS.form, "情况表.csv", form)
    assert isinstance(told, Arrived)
    assert told == examination.examine(CORPUS.form, "情况表.csv", form)


def test_it_ends_with_whoever_started_it() -> None:
    script = (
        "import os, signal\n"
        "from bot.documents.reader_process import Readers\n"
        "made = Readers(1)\n"
        "made.read(len, [])\n"
        "print(made._all[0]._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    child = int(done.stdout)
    for _ in range(200):
        stat = Path(f"/proc/{child}/stat")
        if not stat.exists() or " Z " in stat.read_text():
            return
        time.sleep(0.05)
    raise AssertionError("the child lives on")
