"""Each guard over its whole set: cells of a CSV, private numbers, sessions, what is kept and how long."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from bot.app import App
from bot.core.input_limits import mask
from bot.documents import export
from bot.server import forget_old
from storage.address import Address
from storage.connections.database import transaction
from storage.people.sessions import ABSOLUTE, IDLE
from storage.schema.core import institution, turn
from tests.storage.test_retention import days_pass
from tests.support.corpus import CORPUS
from tests.support.office_browser import Browser
from tests.support.office_scene import head, reports_, school
from tests.support.talk import NOON, Person

LI = Address("terminal", "test", "li")


class TestACellOfTheCsv:
    SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")
    FORMS = ("＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫")  # full-width and small forms
    BLANKS = (" ", "\u3000", "\u00a0", "\t", "\r")

    @pytest.fixture
    def cell(self, app: App) -> Callable[[str], str]:
        """The institution's cell of the CSV, when the institution bears that name."""
        reports_(school(app, "某校", "荣成市"), "2026Q4", "大数据 3 2 120 80 60 90000")

        def of(name: str) -> str:
            with transaction(app.engine) as connection:
                connection.execute(update(institution).values(name=name))
                out = io.BytesIO()
                export.write_origins(connection, CORPUS.form, "2026Q4", False, out, "quarter")
            rows = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))
            return rows[1][0]

        return of

    @pytest.mark.parametrize("sign", SIGNS + FORMS)
    def test_what_begins_like_a_formula_is_a_text(self, cell: Callable[[str], str], sign: str) -> None:
        assert cell(f"{sign}1+1") == f"'{sign}1+1"
        assert cell(sign) == f"'{sign}"

    @pytest.mark.parametrize("blank", BLANKS)
    @pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＠"])
    def test_so_is_one_behind_blanks(self, cell: Callable[[str], str], blank: str, sign: str) -> None:
        assert cell(f"{blank}{sign}1") == f"'{blank}{sign}1"

    @pytest.mark.parametrize("name", ["威海职校", "3+2学校", "a=b", "（甲）校", "·校", "'校", " 校"])
    def test_a_name_stays_as_it_is(self, cell: Callable[[str], str], name: str) -> None:
        assert cell(name) == name


# Every form in which a private number is known to be typed; none of its digits may be kept.
PRIVATE = {
    "ID card": (
        "370602199001011234",
        "37060219900101123X",
        "37060219900101123x",
        "３７０６０２１９９００１０１１２３４",
    ),
    "bank card": (
        "6222021234567890",
        "6222021234567890123",
        "6222 0212 3456 7890 123",
        "6222-0212-3456-7890",
    ),
    "mobile": ("13812345678", "138 1234 5678", "138-1234-5678", "+8613812345678", "86 13812345678"),
    "landline": ("0631-5123456", "010-12345678"),
}


@pytest.mark.parametrize(("kind", "number"), [(kind, n) for kind, all_ in PRIVATE.items() for n in all_])
@pytest.mark.parametrize("around", ["{}", "号码是{}。", "我{}谢谢", "第一行\n{}\n第三行", "x{}x"])
def test_a_private_number_is_masked_in_every_form(kind: str, number: str, around: str) -> None:
    if around == "x{}x" and number[-1] in "Xx":
        return  # the check letter cannot be told from the letter after it
    masked, was = mask(CORPUS.form, around.format(number))
    assert was, kind
    assert masked == around.format("*" * len(number))


@dataclass
class Clock:
    """What the server takes for now, also after it started."""

    moment: datetime = NOON


class TestASession:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> Clock:
        clock = Clock()
        monkeypatch.setattr("bot.server.now", lambda: clock.moment)
        return clock

    @pytest.fixture
    async def browser(self, app: App, clock: Clock) -> Browser:
        return await Browser(app).enters(head(app))

    def test_its_limits_are_those_that_are_told(self) -> None:
        assert timedelta(hours=12) == ABSOLUTE
        assert timedelta(hours=2) == IDLE

    async def test_who_works_on_is_out_after_twelve_hours(self, browser: Browser, clock: Clock) -> None:
        used = [NOON + timedelta(minutes=m) for m in range(60, 720, 60)]
        for moment in (*used, NOON + timedelta(hours=12, microseconds=-1)):
            clock.moment = moment
            assert (await browser.opens("/office")).status == 200, moment
        clock.moment = NOON + timedelta(hours=12)
        assert (await browser.opens("/office")).status == 401

    async def test_who_does_nothing_is_out_after_two(self, browser: Browser, clock: Clock) -> None:
        clock.moment = NOON + timedelta(hours=2, microseconds=-1)
        assert (await browser.opens("/office")).status == 200
        clock.moment += timedelta(hours=2)  # from when it was last used
        assert (await browser.opens("/office")).status == 401


def turns(app: App, sender: str) -> int:
    with transaction(app.engine, read_only=True) as connection:
        wanted = select(func.count()).select_from(turn).where(turn.c.sender == sender)
        return int(connection.execute(wanted).scalar_one())


@pytest.mark.parametrize("days", [1, 3, 7])
def test_the_same_message_days_later_changes_nothing(app: App, days: int) -> None:
    li = Person(app.assistant, "li")
    first = li.says("我能不能参加培训", id="m1")
    li.says("没有退休", id="m2")
    later = NOON + timedelta(days=days)
    days_pass(app, later)
    forget_old(app, later)
    li.now = later
    assert li.says("我能不能参加培训", id="m1") == first
    assert turns(app, "li") == 2


def test_a_conversation_is_kept_thirty_days(app: App) -> None:
    li = Person(app.assistant, "li")
    li.says("啥时候发的")
    for days, left in ((30, 1), (31, 0)):
        later = li.now + timedelta(days=days)
        days_pass(app, later)
        forget_old(app, later)
        assert turns(app, "li") == left, days
