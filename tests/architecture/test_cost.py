"""What a message or a file costs is bounded by its length, whatever it is made of."""

from __future__ import annotations

import io
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from types import FrameType
from typing import Any

import pytest

from bot.app import App
from bot.core import channel_limits, input_limits
from bot.core.dialogs import option_matching, vocabulary
from bot.core.dialogs.dialog import Problem
from bot.core.render import prepare
from bot.core.security import one_time_code
from bot.documents import examination, media_type, sheet_reader
from bot.features.checks import answers
from bot.features.figures import pasted_rows
from bot.features.figures.cells import occupations_in
from bot.features.institutions import office_commands
from bot.features.people import telephones
from bot.features.report import selection as report_selection
from bot.features.report.prompts import AskOccupations, says_no_reason
from policy.answers import publications as publication_kinds
from policy.calendar.quarters import Quarter
from policy.form.changes import read_change, read_correction, read_removal
from policy.form.rows import bare_row, is_row, read_lines
from policy.form.sheet import SheetCell, read_form
from policy.notice import clause_names
from policy.reading import dates, numbers, private_numbers
from tests.support.corpus import CORPUS
from tests.support.form_files import FIGURES, bound, sheet

LONGEST = input_limits.LONGEST_TEXT
NOW = datetime(2026, 12, 1, 12)
FACTS = tuple(CORPUS.facts.values())
FORM = CORPUS.form
ROWS = [o.name for o in FORM.occupations]
ORDINARY = "大数据 3 2 120 80 60 90000"
TINY = 0.02  # seconds: below that a ratio of two times says nothing
TELEPHONE = " 138 0000 1111"


# -- what is measured: calls, which are the same on every machine, and processor time for what runs in C


class TooManySteps(Exception):
    """More calls than were allowed."""


def steps(call: Callable[[], object], most: int = 10_000_000) -> int:
    """How many calls of functions it takes; it is broken off beyond `most`."""
    count = 0

    def counted(_: FrameType, event: str, __: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")
        if count > most:
            sys.setprofile(None)
            raise TooManySteps

    sys.setprofile(counted)
    try:
        call()
    except (ValueError, Problem):
        pass  # refused, which is an answer
    finally:
        sys.setprofile(None)
    return count


def seconds(call: Callable[[], object], tries: int = 1) -> float:
    """The processor time it takes, the least of some tries."""
    least = float("inf")
    for _ in range(tries):
        begun = time.process_time()
        with suppress(ValueError, Problem):
            call()
        least = min(least, time.process_time() - begun)
    return least


def grows_evenly(short: Callable[[], object], long: Callable[[], object]) -> bool:
    """Whether twice the length takes about twice the time (four times would be its square)."""
    return any(seconds(long) < TINY or seconds(long, 3) < 3 * seconds(short, 3) for _ in range(4))


# -- texts

HEADS = [SheetCell("A2", "名称", "text"), SheetCell("B2", "人数", "text")]
TEXT_PARSERS: dict[str, Callable[[str], object]] = {
    "mask": lambda text: private_numbers.mask(text, lambda line: True),
    "mask beside figures": lambda text: private_numbers.mask(text, lambda line: False),
    "a row": lambda text: is_row(FORM, text),
    "lines": lambda text: pasted_rows.sort_lines(FORM, text, ROWS),
    "lines without a report": lambda text: read_lines(FORM, text, []),
    "a bare row": lambda text: bare_row(FORM, text),
    "a change": lambda text: read_change(FORM, text, ROWS),
    "a correction": read_correction,
    "a removal": lambda text: read_removal(FORM, text, ROWS),
    "a figure": numbers.is_figure,
    "its unit": numbers.unit_of,
    "like a figure": numbers.looks_like_figure,
    "a date": lambda text: dates.read_date(text, NOW.date()),
    "a day": lambda text: publication_kinds.read_day(text, date(2026, 12, 1)),
    "a quarter": lambda text: Quarter.parse(text, NOW),
    "a question": lambda text: CORPUS.index.ask(text),
    "a clause": lambda text: clause_names.clauses_named(text, CORPUS.notices),
    "a word": vocabulary.command_word,
    "put as a question": vocabulary.asks,
    "nothing to report": vocabulary.says_nothing,
    "lost": option_matching.lost,
    "one of several": lambda text: option_matching.pick(
        text, [("yes", ("是", "符合")), ("no", ("不是",))], "威海"
    ),
    "an answer": lambda text: answers.read_answer(CORPUS.facts["place"], text, NOW.date(), "self", FACTS),
    "other answers": lambda text: answers.read_also(FACTS, "place", text, NOW.date()),
    "a code": one_time_code.code_in,
    "a telephone": telephones.find_telephone,
    "a report named": report_selection._NAMED.match,
    "the office's words": office_commands.command_in,
    "occupations": lambda text: occupations_in(FORM, text),
    "occupations asked": AskOccupations.of("o", FORM, [], adding=False).read,
    "occupations meant": AskOccupations.of("o", FORM, [], adding=False).meant,
    "an occupation": FORM.find_occupation,
    "one like it": FORM.near_occupations,
    "a level": FORM.of_level,
    "a measure": FORM.find_measure,
    "a heading": publication_kinds.column_of,
    "no reason": says_no_reason,
    "cut for Telegram": lambda text: channel_limits.split(text, channel_limits.CHANNELS["telegram"]),
    "cut for WeChat": lambda text: channel_limits.split(text, channel_limits.CHANNELS["wechat"]),
    "a form's title": lambda text: read_form(FORM, [[SheetCell("A1", text, "text")], HEADS]),
}

# What a text is filled with: alphabets, cells, and what the beginnings of our patterns look like.
UNITS = [
    *"<(（1a一①、，。/-:\t\n 　的了嗯就",
    "大数据 ", "大数据\t", "大数据\n", "大数据 3 ", "大数据 1 2 3 4 5 6\n", "名称\t", "名称 人数 ",
    "人数 1 ",
    "1,", "1,000,", "1 个 ", "1\t", "1\n", "一二", "(1)", "1.", "- ", "A ", "AAAAA-", "合计 ", "合 计 ",
    "2026年", "2026年第",
    "138 0000 1111 ", "138 0000 1111\n", "6222 ", "0631-", "早就", "记不",
    "填报单位：", "（初级", "工程师 ", "人工智能训练师 ",
    "怎么补贴？", "五（三）和", "https://a", "ﷺ",
]  # fmt: skip
BEGINNINGS = ["", "大数据 ", "填报", "汇总 ", "进度 ", "AAAAA", "6312345", "2026", "早就"]
ENDS = ["", TELEPHONE, "\na\nb"]


def filled(beginning: str, unit: str, end: str, length: int) -> str:
    """A text of that length: a beginning, a unit over and over, an end."""
    room = length - len(beginning) - len(end)
    return beginning + (unit * room)[:room] + end


@pytest.mark.parametrize("parser", TEXT_PARSERS)
def test_twice_the_text_costs_about_twice(parser: str) -> None:
    read = TEXT_PARSERS[parser]
    seconds(lambda: read(ORDINARY))  # what is loaded at its first use is loaded now
    for number, unit in enumerate(UNITS):
        for beginning in BEGINNINGS if unit == " " else (BEGINNINGS[number % len(BEGINNINGS)],):
            end = ENDS[(number + len(beginning)) % len(ENDS)]
            for length in (LONGEST // 4, LONGEST):  # what is worse than a square is seen at the shorter
                short, long = (partial(read, filled(beginning, unit, end, n)) for n in (length // 2, length))
                assert grows_evenly(short, long), (parser, beginning, unit, end)


@pytest.mark.parametrize("opened", [False, True])
def test_a_message_made_to_be_slow_is_answered_like_any_other(app: App, opened: bool) -> None:
    prepare()
    _ = app.corpus.questions  # read once, whoever asks first
    wang = bound(app)
    if opened:
        wang.says("填报 2026Q4", FIGURES)
    wang.says(ORDINARY)
    ordinary = steps(lambda: wang.says(ORDINARY.replace("90000", "80000")))  # a text not read before
    wang.says("菜单", *(["填报 2026Q4"] if opened else []))
    rows = ("大数据 3 ", "大数据 1 2 3 4 5 6\n", "人工智能训练师 1 2 3 4 5 6\n")
    for unit in ("大数据 ", "大数据\t", "名称\t", "(", "1,", " ", *rows):
        text = filled("大数据 ", unit, TELEPHONE, LONGEST)
        assert steps(partial(wang.says, text), 80 * ordinary) <= 80 * ordinary, unit


def test_more_than_is_read_is_said_and_nothing_of_it_is_taken(app: App) -> None:
    wang = bound(app)
    wang.says("填报 2026Q4", FIGURES)
    for text in ("区块链 1 1 30 28 28 42000\n" * 150 + "\n".join("1" * 90), "区块链 " + "1 " * 400):
        lines, taken = pasted_rows.sort_lines(FORM, text * 2, ROWS)
        assert [p["kind"] for p in lines.problems] == ["many"]
        assert taken == []
    wang.says("区块链 " + "1 " * 400)
    assert "都没有记" in wang.text
    assert "每行 300 格" in wang.text


def test_a_row_typed_twice_is_written_once() -> None:
    lines, taken = pasted_rows.sort_lines(FORM, "大数据 人数 120\n大数据 取证 80\n" * 20, ROWS)
    assert not lines.problems
    assert [sorted(line.cells.values()) for line in taken] == [["120", "80"]]


# -- files

WORD = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def archive(**parts: str) -> bytes:
    """An Office file of these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        for name, text in parts.items():
            packed.writestr(name, text)
    return made.getvalue()


def word(text: str) -> bytes:
    """A DOCX with that behind its beginning."""
    return archive(**{"word/document.xml": WORD + text})


def workbook(rows: str, strings: str = "", styles: str = "", dimension: str = "A1") -> bytes:
    """An XLSX of one sheet, its parts as they are given."""
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = "".join(
        f'<Relationship Id="{key}" Type="{kinds}/{kind}" Target="{target}"/>'
        for key, kind, target in (
            ("r1", "worksheet", "worksheets/sheet1.xml"),
            ("r2", "sharedStrings", "sharedStrings.xml"),
            ("r3", "styles", "styles.xml"),
        )
    )
    return archive(
        **{
            "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{kinds}"><sheets>'
            '<sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f"<Relationships>{relations}</Relationships>",
            "xl/worksheets/sheet1.xml": f'<worksheet {MAIN}><dimension ref="{dimension}"/>'
            f"<sheetData>{rows}</sheetData></worksheet>",
            "xl/sharedStrings.xml": f"<sst {MAIN}>{strings}</sst>",
            "xl/styles.xml": f"<styleSheet {MAIN}>{styles}<cellXfs><xf/></cellXfs></styleSheet>",
        }
    )


MEGABYTE = 1024 * 1024
WIDE = "<row>" + "<c><v>1</v></c>" * 16_384 + "</row>"
HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "tags never closed": ("a.docx", lambda: word("<" * (3 * MEGABYTE))),
    "beginnings of tags": ("a.docx", lambda: word("<w:tab" * (MEGABYTE // 2))),
    "a paragraph never closed": ("a.docx", lambda: word("</w:p" * (MEGABYTE // 2) + ">")),
    "empty tags": ("a.docx", lambda: word("<a>" * MEGABYTE)),
    "more text than is looked at": ("a.docx", lambda: word("1" * (11 * MEGABYTE))),
    "empty rows": ("a.xlsx", lambda: workbook("<row/>" * 500_000)),
    "one row over and over": ("a.xlsx", lambda: workbook('<row r="1"/>' * 300_000)),
    "wide rows": ("a.xlsx", lambda: workbook(WIDE * 10)),
    "a last row far below": ("a.xlsx", lambda: workbook('<row r="1048576"><c><v>1</v></c></row>')),
    "a huge dimension": ("a.xlsx", lambda: workbook("<row><c><v>1</v></c></row>", dimension="A1:XFD1048576")),
    "many strings": (
        "a.xlsx",
        lambda: workbook('<row><c t="s"><v>300000</v></c></row>', "<si><t/></si>" * 300_000),
    ),
    "many fonts": ("a.xlsx", lambda: workbook("<row/>", styles="<font/>" * 500_000)),
    "deep elements": ("a.xlsx", lambda: workbook("<a>" * 500_000)),
    "a long cell": ("a.xlsx", lambda: workbook(f'<row><c t="str"><v>{"填报单位：" * 300_000}</v></c></row>')),
    "a long number": ("a.xlsx", lambda: workbook(f"<row><c><v>{'1' * 3_000_000}</v></c></row>")),
    "heads everywhere": (
        "a.xlsx",
        lambda: workbook(("<row>" + '<c t="str"><v>名称</v></c>' * 40 + "</row>") * 200),
    ),
    "a cell a line": ("a.csv", lambda: b"1\n" * MEGABYTE),
    "one line": ("a.csv", lambda: b"1," * MEGABYTE),
    "one line of quotes": ("a.csv", lambda: b'"' * (2 * MEGABYTE)),
    "quotes and marks": ("a.csv", lambda: b"'\",'" * (MEGABYTE // 2)),
    "one cell": ("a.csv", lambda: b"1" * (2 * MEGABYTE)),
    "brackets": ("a.csv", lambda: ("名称," + "（" * 500 + ",").encode() * 1000),
    "more than a form": ("a.csv", lambda: b"1," * (4 * MEGABYTE)),
}


@pytest.fixture(scope="module")
def ordinary_file() -> tuple[float, int]:
    """Seconds and steps of a form as people send it, with what looking at some megabytes takes anywhere."""
    heads = ["名称", *(m.title for m in FORM.measures)]
    content = sheet(heads, *([name, 1, 1, 30, 28, 28, 42000] for name in ROWS))
    assert examination.examine(FORM, "a.xlsx", content).form is not None
    unpack = seconds(lambda: sum(zlib.crc32(b"0" * MEGABYTE) for _ in range(12)), 3)
    return seconds(lambda: examination.examine(FORM, "a.xlsx", content), 3) + unpack, steps(
        lambda: examination.examine(FORM, "a.xlsx", content)
    )


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_made_to_be_slow_is_looked_at_like_any_other(
    kind: str, ordinary_file: tuple[float, int]
) -> None:
    name, make = HOSTILE[kind]
    content = make()
    assert len(content) <= media_type.LONGEST
    assert (
        steps(lambda: examination.examine(FORM, name, content), 50 * ordinary_file[1])
        <= 50 * ordinary_file[1]
    )
    assert any(
        seconds(lambda: examination.examine(FORM, name, content)) < 100 * ordinary_file[0] for _ in range(3)
    )


def test_a_file_beyond_the_bounds_is_refused() -> None:
    assert examination.examine(FORM, "a.xlsx", workbook(WIDE * 10)).refused == "rows"
    assert examination.examine(FORM, "a.docx", word("1" * (5 * MEGABYTE))).refused == "large"
    assert examination.examine(FORM, "a.csv", b"1," * (2 * MEGABYTE)).refused == "large"


def test_rows_are_placed_by_their_numbers_and_only_the_first_are_read() -> None:
    rows = (
        '<row r="3"><c r="B3" t="inlineStr"><is><t>数</t><rPh><t>shu</t></rPh></is></c>'
        "<c><v>2.50</v></c></row>"
        '<row><c t="s"><v>1</v></c><c><f>1+1</f></c><c t="e"><v>#REF!</v></c><c t="b"><v>1</v></c></row>'
        '<row r="500"><c><v>9</v></c></row>'
    )
    strings = "<si><t>零</t></si><si><r><t>大</t></r><r><t>数据</t></r></si>"
    (grid,), base = sheet_reader.read_xlsx(workbook(rows, strings))
    assert base is None
    assert [[(c.address, c.text, c.kind) for c in line if c.kind != "empty"] for line in grid] == [
        [],
        [],
        [("B3", "数", "text"), ("C3", "2.5", "number")],
        [("A4", "大数据", "text"), ("B4", "", "formula"), ("C4", "#REF!", "error"), ("D4", "True", "other")],
    ]
