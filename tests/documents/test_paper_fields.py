"""The DOCX files that a clerk edits in Word: a field that is lost or stands elsewhere stops the start."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document as WordDocument

from bot.app import App, open_app
from bot.cli.problems import sentence_of
from bot.documents import docx, paper_fields
from bot.documents.paper_fields import BadPaper
from tests.support.corpus import CORPUS
from tests.support.form_files import Document, reported, taken

Edit = Callable[[str], str]
ROW = [f"row.{m.id}" for m in CORPUS.form.measures]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the clerk's files."""
    return Path(shutil.copytree(docx.FOLDER, tmp_path / "docx"))


def edit(path: Path, change: Edit, part: str = "word/document.xml") -> None:
    """Save the file with one of its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    changed = change(parts[part].decode())
    assert changed != parts[part].decode()
    parts[part] = changed.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def without(field: str) -> Edit:
    return lambda xml: re.sub(r"\{\{ " + re.escape(field) + r" \}\}", "", xml)


def swapped(one: str, other: str) -> Edit:
    a, b = f"{{{{ {one} }}}}", f"{{{{ {other} }}}}"
    return lambda xml: xml.replace(a, "@").replace(b, a).replace("@", b)


def told(folder: Path) -> tuple[BadPaper, str]:
    """What is wrong, and the sentence that says so."""
    with pytest.raises(BadPaper) as caught:
        paper_fields.check(CORPUS.form, folder)
    sentence = sentence_of(caught.value)
    assert sentence is not None
    return caught.value, sentence


def test_the_packaged_files_are_whole() -> None:
    paper_fields.check(CORPUS.form)


@pytest.mark.parametrize(
    "field", [*ROW, "row.name", "institution", "when.day", "filled_by", "note.words", "line"]
)
def test_a_field_that_is_gone_is_told_by_name(folder: Path, field: str) -> None:
    edit(folder / "form.docx", without(field))
    problem, sentence = told(folder)
    assert (problem.kind, problem.name) == ("missing", field)
    assert f"{{{{ {field} }}}}" in sentence and "form.docx" in sentence


def test_a_column_is_told_by_what_the_form_calls_it(folder: Path) -> None:
    edit(folder / "form.docx", without("row.amount"))
    assert CORPUS.form.measures[-1].title in told(folder)[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [("row.trained", "row.certified"), ("row.name", "row.amount"), ("institution", "row.name")],
)
def test_a_field_that_was_moved_is_told_by_name(folder: Path, one: str, other: str) -> None:
    edit(folder / "form.docx", swapped(one, other))
    problem, sentence = told(folder)
    assert problem.kind == "moved" and problem.name in (one, other)
    assert problem.name in sentence


def test_a_field_that_nothing_fills_is_told(folder: Path) -> None:
    edit(folder / "form.docx", lambda xml: xml.replace("{{ quarter }}", "{{ quarter }}{{ weather }}", 1))
    problem, sentence = told(folder)
    assert (problem.kind, problem.name) == ("unknown", "weather")
    assert "weather" in sentence


@pytest.mark.parametrize("tag", ["{%tr endfor %}", "{%p endif %}", "{%tr for row in rows %}"])
def test_a_loop_left_open_is_told(folder: Path, tag: str) -> None:
    edit(folder / "form.docx", lambda xml: xml.replace(tag, "", 1))
    assert told(folder)[0].kind == "broken"


def test_what_is_no_document_is_told(folder: Path) -> None:
    (folder / "annexes.docx").write_bytes(b"PK")
    problem, sentence = told(folder)
    assert (problem.kind, problem.file) == ("broken", "annexes.docx")
    assert "annexes.docx" in sentence


def test_the_footer_belongs_to_it(folder: Path) -> None:
    edit(folder / "form.docx", without("mark"), "word/footer1.xml")
    assert told(folder)[0].name == "mark"


def test_the_bot_does_not_start_on_it(folder: Path, monkeypatch: pytest.MonkeyPatch, app: App) -> None:
    edit(folder / "form.docx", without("telephone"))
    monkeypatch.setattr(paper_fields, "FOLDER", folder)
    with pytest.raises(BadPaper):
        open_app(app.settings, CORPUS)


def test_words_that_a_clerk_changed_in_word_are_printed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, app: App
) -> None:
    paper = WordDocument(str(folder / "form.docx"))
    line = next(p for p in paper.paragraphs if p.text.startswith("填表人"))
    line.insert_paragraph_before("请用黑色签字笔签名。")
    (field,) = line.runs  # Word cuts a field into runs where its spelling or its font changes
    field.text, rest = field.text[:30], field.text[30:]
    line.add_run(rest).bold = True
    paper.core_properties.author = "某科员"
    paper.save(str(folder / "form.docx"))
    paper_fields.check(CORPUS.form, folder)
    monkeypatch.setattr(docx, "FOLDER", folder)
    wang = reported(app)
    wang.presses("打印盖章用表")
    content = taken(wang, app, ".docx")
    printed = Document(content)
    assert "请用黑色签字笔签名。" in printed.paragraphs
    assert any(re.fullmatch(r"填表人：王芳\s+联系电话：_+", p) for p in printed.paragraphs)
    assert "某科员" not in printed.parts["docProps/core.xml"].decode()


def test_the_form_says_what_the_annex_says() -> None:
    form = CORPUS.form
    paper = Document((docx.FOLDER / "form.docx").read_bytes())
    heads = paper.table(1)
    below = {at: text for at, (text, _, _) in enumerate(heads[1]) if text}
    above: dict[int, str] = {}
    at = 0
    for text, span, _ in heads[0]:
        above, at = {**above, at: text} if text else above, at + span
    for column, measure in enumerate(form.measures, 1):
        assert (below if measure.part_of else above)[column] == re.sub(r"\s", "", measure.printed)
    assert above[0] == form.first_column
    assert paper.paragraphs[:2] == [form.clause, form.title]
    assert form.note in paper.paragraphs
    assert all(any(f"{label}：" in p for p in paper.paragraphs) for label in (*form.head, *form.foot))


def test_what_docxtpl_would_read_as_its_own_is_printed_as_typed() -> None:
    typed = "{_{ x }_} {_% if %_} {{ y }}"
    values = {
        "title": "t",
        "counted": typed,
        "institutions": [],
        "without": "",
        "mark": "",
    }
    made = Document(docx.document("annexes", "t", values))
    assert f"{typed}。其中 0 家有附页。" in made.paragraphs


def test_equal_values_give_equal_bytes_whenever() -> None:
    values = {"title": "t", "counted": "", "institutions": [], "without": "", "mark": ""}
    first = docx.document("annexes", "t", values)
    assert first == docx.document("annexes", "t", values)
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {info.date_time for info in archive.infolist()} == {docx.FIXED}
