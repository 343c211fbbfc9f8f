"""Who may do what: every address of the office by every role, over HTTP, and the table's own rules."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, dataclass, replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select
from starlette.routing import Route

from bot.app import App
from bot.core import permissions
from bot.core.permissions import EVERYBODY, HEAD, OFFICE, PUBLIC, ROLES, BadRight, Right, Whose
from bot.documents import attachments as incoming_files
from bot.documents import examination, pdf
from bot.office import routes as office_routes
from bot.office.gate import COOKIE, csrf_of
from bot.office.routes import ENTRANCES, ROOMS, Entrance, Row
from bot.server import application
from storage import courses
from storage.connections.database import transaction
from storage.desk import documents, filings
from storage.people import people, sessions
from storage.reports import attachments, reports
from storage.schema.core import account, audit
from storage.totals import exports
from tests.conftest import contact_code, make_app, office_code
from tests.support.corpus import CORPUS
from tests.support.office_browser import at
from tests.support.office_scene import placed, reader, reports_
from tests.support.talk import NOON, Person

HERE, ELSEWHERE = "荣成职校", "乳山技校"  # the reader reads for the first one's district
GONE = "999999"  # the number of nothing: what is posted about it changes nothing
TABLE: list[Row | Entrance] = [*ROOMS, *ENTRANCES]
OPEN = {"gate.enter_page": 410, "gate.enter": 410, "gate.nowhere": 404}  # there is no such link or page
OPEN |= {"years.compare": 404}  # no year is closed yet
# What is posted does not say what is meant: 404.
UNSAID = {"report.accept", "report.return_", "report.reopen", "summary_downloads.order", "institution.invite"}
UNSAID |= {"filing.receive", "filing.return_", "filing.agree"}


def named(row: Row | Entrance) -> str:
    return f"{row.method} {row.path}"


@dataclass
class Scene:
    """A quarter in which two districts reported; role → the person, (institution, revision) by district."""

    app: App
    people: dict[str, int]
    places: dict[str, tuple[int, int]]
    file: str = ""

    def path(self, row: Row | Entrance, role: str, place: str = HERE) -> str:
        """The row's address, filled in with what there is."""
        institution, revision = self.places[place]
        values = {
            "quarter": "2026Q4",
            "institution": institution,
            "revision": revision,
            "kind": "practice" if row.name == "form_downloads.file" else "xlsx",
            "hash": self.file,
            "by": "occupation",
            "measure": "trained",
            "number": self.ordered(role) if "{number}" in row.path else 0,
            "membership": GONE,
            "course": 1,
            "year": 2026,
            "kept": "10",
            "filing": 1,
            "invite": GONE,
            "entry": "goal",
            "question": 1,
            "complaint": 1,
            "publication": GONE,
            "document": 1,
            "version": GONE,
            "token": "no-such-link",
            "rest:path": "no/such/page",
        }
        return re.sub(r"\{([\w:]+)\}", lambda m: str(values[m[1]]), row.path)

    def ordered(self, role: str) -> int:
        """The number of an export that this person ordered."""
        with transaction(self.app.engine) as connection:
            what = {"kind": "xlsx", "basis": "quarter", "accepted_only": False}
            return exports.allow(connection, self.people[role], NOON, "2026Q4", **what)

    async def asks(
        self, row: Row | Entrance, role: str, place: str = HERE, session: str | None = None
    ) -> httpx.Response:
        """Send the request with a session of that role's, its own token in what is posted."""
        session = self.enters(role) if session is None else session
        transport = httpx.ASGITransport(application(self.app), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://bot.test") as client:
            client.cookies.set(COOKIE, session)
            path = self.path(row, role, place)
            if row.method == "POST":
                return await client.post(path, data={"csrf": csrf_of(session)})
            return await client.get(path, params={"quarter": "2026Q4", "measure": "trained", "district": ""})

    def enters(self, role: str) -> str:
        """A real session; of somebody whom the chat gives no link as well."""
        with transaction(self.app.engine) as connection:
            token, _ = sessions.issue_link(connection, self.people[role], NOON)
            session = sessions.enter(connection, token, NOON)
        assert session is not None
        return session

    def denied(self, role: str) -> int:
        """How often somebody was refused, on record."""
        with transaction(self.app.engine, read_only=True) as connection:
            refusals = select(func.count()).where(
                audit.c.action == "office.denied", audit.c.person_id == self.people[role]
            )
            return int(connection.execute(refusals).scalar_one())


@pytest.fixture(scope="module")
def scene(sqlite_ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("rights")
    shutil.copy(sqlite_ready, folder / "bot.sqlite3")
    app = make_app(f"sqlite:///{folder}/bot.sqlite3", folder)
    who = {role: Person(app.assistant, role) for role in ("head", "staff", "contact", "lead", "stranger")}
    for role in ("head", "staff"):
        who[role].says(f"绑定 {office_code(app, role)}")
    who["stranger"].says("您好", "老师爱喝咖啡吗")
    who["stranger"].says("写一条投诉线索", "培训学校说包过", "跳过", "匿名", "确认")
    elsewhere = Person(app.assistant, "elsewhere")
    for person, school in ((who["contact"], HERE), (elsewhere, ELSEWHERE)):
        person.says(f"绑定 {contact_code(app, school)}", "王芳", "跳过")
    institution = placed(app, HERE, "荣成市")
    other = placed(app, ELSEWHERE, "乳山市")
    with transaction(app.engine) as connection:
        code, _ = people.create_invite(connection, app.keys.codes, NOON, "lead", institution, None)
    who["lead"].says(f"绑定 {code}")
    who["reader"] = reader(app, "荣成市")
    with transaction(app.engine) as connection:
        ids = {
            role: int(
                connection.execute(
                    select(account.c.person_id).where(account.c.sender == person.name)
                ).scalar_one()
            )
            for role, person in who.items()
        }
    content = b"%PDF-1.4 practice"
    found = examination.examine(CORPUS.form, "实践.pdf", content)
    places = {}
    for name, number, person, line in (
        (HERE, institution, who["contact"], "大数据 3 2 120 80 60 90000"),
        (ELSEWHERE, other, elsewhere, "大数据 3 2 110 70 50 80000"),
    ):
        person.says("填报 2026Q4", line)
        with transaction(app.engine) as connection:
            draft = reports.snapshot(connection, number, "2026Q4").draft
            assert draft is not None
            file = ("实践.pdf", found.hash, found.media, len(content))
            held = attachments.receive(connection, ids["head"], *file, NOON)
            attachments.attach(connection, draft, held, "practice", ids["head"], NOON)
        reports_(person, "2026Q4", line)
        places[name] = (number, draft.id)
    with transaction(app.engine) as connection:
        course = courses.create(connection, institution, "一期", "大数据", "junior", ids["contact"], NOON)
        assert course is not None
        details = filings.Details(NOON.date(), None, "某处", "offline", "某评价机构")
        filing = filings.file(connection, course, details, ids["contact"], NOON, NOON.date())
        held = attachments.receive(
            connection, ids["contact"], "方案.pdf", found.hash, found.media, len(content), NOON
        )
        filings.attach(connection, filing, "培训方案", held, ids["contact"], NOON)
    incoming_files.keep(content, found.hash, app.settings.data_dir)
    paper = {"title": "资金办法", "number": "鲁人社〔2025〕1号", "issuer": "省厅", "dated": NOON.date()}
    paper |= {"address": "", "public": True, "awaited": "", "valid_from": NOON.date(), "valid_until": None}
    with transaction(app.engine) as connection:
        documents.keep(connection, paper, [("第一条", "", "按规定执行。")], ids["head"], NOON)
    yield Scene(app, ids, places, found.hash)
    app.engine.dispose()


OF_THE_EXTRA = ("/office/summary/pdf",)  # what a plain installation cannot make


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("row", TABLE, ids=named)
async def test_every_address_lets_in_whom_it_names_and_nobody_else(
    scene: Scene, row: Row | Entrance, role: str
) -> None:
    session, before = scene.enters(role), scene.denied(role)
    answer = await scene.asks(row, role, session=session)
    if role in row.right.roles:
        expected = {200} if row.method == "GET" else {200, 303, 409, 422}
        if row.name in UNSAID:
            expected = {404}
        if row.path in OF_THE_EXTRA and pdf.lacks():
            expected = {409}  # let in, and told why there is none
        assert answer.status_code in ({OPEN[row.name]} if row.name in OPEN else expected)
        assert scene.denied(role) == before
    elif role in ("reader", "staff"):  # in, and not allowed: on record
        assert answer.status_code == 403
        assert scene.denied(role) == before + 1
    else:  # a session of nobody who serves or reads is none
        assert answer.status_code == 401
        assert scene.denied(role) == before


OF_A_PLACE = [row for row in ROOMS if row.right.whose == "own district"]


@pytest.mark.parametrize("row", OF_A_PLACE, ids=named)
async def test_a_reader_sees_nothing_of_another_district(scene: Scene, row: Row) -> None:
    answer = await scene.asks(row, "reader", ELSEWHERE)
    if {"{institution}", "{revision}"} & set(re.findall(r"\{\w+\}", row.path)):
        assert answer.status_code == 404
    else:
        assert answer.status_code == (409 if row.path in OF_THE_EXTRA and pdf.lacks() else 200)
        assert ELSEWHERE not in answer.text
        assert "乳山" not in answer.text


async def test_the_office_does_see_it(scene: Scene) -> None:
    shown = {row.name for row in OF_A_PLACE if ELSEWHERE in (await scene.asks(row, "staff", ELSEWHERE)).text}
    assert {"board.show", "report.show", "summary.origins"} <= shown


async def test_an_export_is_fetched_by_who_ordered_it_alone(scene: Scene) -> None:
    (row,) = [r for r in ROOMS if r.name == "summary_downloads.fetch"]
    mine = Row(f"/office/summary/file/{scene.ordered('staff')}", "GET", row.room, row.right)
    assert (await scene.asks(mine, "staff")).status_code == 200
    assert (await scene.asks(mine, "head")).status_code == 404


async def test_a_member_renames_themselves_and_only_the_head_others(scene: Scene) -> None:
    with transaction(scene.app.engine, read_only=True) as connection:
        numbers = {
            m.role: m.id for r in ("head", "staff") for m in people.memberships(connection, scene.people[r])
        }
    (row,) = [r for r in ROOMS if r.name == "people.rename"]
    for asking, asked, status in (("staff", "staff", 422), ("staff", "head", 403), ("head", "staff", 422)):
        target = replace(row, path=f"/office/people/{numbers[asked]}/rename")
        assert (await scene.asks(target, asking)).status_code == status, (asking, asked)


async def test_a_file_that_bears_a_telephone_is_kept_from_a_reader(scene: Scene) -> None:
    (form,) = [r for r in ROOMS if r.name == "form_downloads.form"]
    for kind in ("xlsx", "docx"):
        path = form.path.replace("{kind}", kind)
        assert (await scene.asks(replace(form, path=path), "reader")).status_code == 403
        assert (await scene.asks(replace(form, path=path), "staff")).status_code == 200


async def test_only_the_head_closes_a_quarter(scene: Scene) -> None:
    (row,) = [r for r in ROOMS if r.name == "board.close"]
    with transaction(scene.app.engine, read_only=True) as connection:
        done = select(func.count()).where(audit.c.action == "quarter.close")
        before = connection.execute(done).scalar_one()
    for role, status, more in (("reader", 403, 0), ("staff", 403, 0), ("head", 303, 1)):
        assert (await scene.asks(row, role)).status_code == status, role
        with transaction(scene.app.engine, read_only=True) as connection:
            assert connection.execute(done).scalar_one() == before + more, role


class TestTheTable:
    def test_it_holds_every_address_that_is_served(self, scene: Scene) -> None:
        served = {
            (route.path, method)
            for route in application(scene.app).routes
            if isinstance(route, Route) and route.path.startswith("/office") and route.path != "/office/"
            for method in (route.methods or set()) - {"HEAD"}
        }
        assert served == {(row.path, row.method) for row in TABLE}
        assert len(served) == len(TABLE)
        assert len({row.name for row in TABLE}) == len(TABLE)

    def test_what_names_nobody_does_not_start(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(BadRight):
            Right(frozenset(), "all")
        nobody = Row("/office/new", "GET", ROOMS[0].room, None)  # type: ignore[arg-type]
        monkeypatch.setattr(office_routes, "ROOMS", [*ROOMS, nobody])
        with pytest.raises(BadRight, match="/office/new"):
            application(scene.app)

    def test_an_entrance_is_open_to_everybody_or_does_not_start(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closed = replace(ENTRANCES[0], right=OFFICE)
        monkeypatch.setattr(office_routes, "ENTRANCES", [closed, *ENTRANCES[1:]])
        with pytest.raises(BadRight, match="open to everybody"):
            application(scene.app)


@dataclass(frozen=True)
class Held:
    role: str


class TestARight:
    @pytest.mark.parametrize("stored", ["contact", "lead", "district", "staff", "head"])
    @pytest.mark.parametrize("named", ROLES)
    def test_one_membership_of_a_named_role_is_enough(self, stored: str, named: str) -> None:
        right = Right(frozenset({named}), "none")
        same = named == ("reader" if stored == "district" else stored)
        assert right.allows([Held(stored)]) is same
        assert right.allows([Held("unheard of"), Held(stored)]) is same
        assert right.allows([]) is (named == "stranger")

    @pytest.mark.parametrize("whose", permissions.REACHES)
    def test_it_names_somebody(self, whose: Whose) -> None:
        with pytest.raises(BadRight):
            Right(frozenset(), whose)

    def test_nobody_widens_one_at_run_time(self) -> None:
        with pytest.raises(FrozenInstanceError):
            HEAD.roles = EVERYBODY  # type: ignore[misc]

    def test_a_role_that_the_table_does_not_know_may_nothing(self) -> None:
        assert not PUBLIC.allows([Held("unheard of")])

    @pytest.mark.parametrize(
        ("role", "whose"),
        [
            *((r, "all") for r in ("stranger", "contact", "lead", "reader")),
            *((r, "self or head") for r in ("stranger", "contact", "lead", "reader")),
            *((r, "own district") for r in ("stranger", "contact", "lead")),
            ("somebody", "none"),
            ("head", "whatever"),
        ],
    )
    def test_nobody_reaches_too_far(self, role: str, whose: Whose) -> None:
        with pytest.raises(BadRight):
            Right(frozenset({role}), whose)

    @pytest.mark.parametrize("whose", permissions.REACHES)
    def test_the_head_reaches_everything(self, whose: Whose) -> None:
        assert Right(frozenset({"head"}), whose).allows([Held("head")])

    def test_the_named_ones(self) -> None:
        assert frozenset(ROLES) == EVERYBODY == PUBLIC.roles
        assert {r for r in ROLES if r in OFFICE.roles} == {"staff", "head"}
        assert frozenset({"head"}) == HEAD.roles
        assert permissions.DISTRICT.roles == {"reader", "staff", "head"}

    @pytest.mark.parametrize("role", ["contact", "reader", "staff"])
    def test_the_chat_refuses_and_records_it(self, scene: Scene, role: str) -> None:
        before = scene.denied(role)
        Person(scene.app.assistant, "reader 荣成市" if role == "reader" else role).says("待审")
        assert scene.denied(role) == before + (role != "staff")
