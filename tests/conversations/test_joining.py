"""A code that joins another channel moves no role: what each side has afterwards, for every pair of roles."""

from __future__ import annotations

import itertools
import re

import pytest
from sqlalchemy import select, update

from bot.app import App
from storage.connections.database import transaction
from storage.institutions import institutions
from storage.people import accounts, people
from storage.schema.core import account, audit, membership, outbox
from storage.schema.core import institution as institution_table
from tests.conftest import contact_code
from tests.support.talk import NOON, Person

ROLES = ("contact", "lead", "staff", "head", "district")
OR_NONE = (None, *ROLES)
LOWER_FIRST = (("contact", "lead"), ("district", "staff", "head"))  # within one place


def invite(app: App, role: str, name: str = "甲校", by: Person | None = None) -> str:
    """A code for that role, made by somebody or at the command line."""
    maker = person_of(app, by) if by else None
    contact_code(app, name)  # the institution exists
    with transaction(app.engine) as connection:
        found = institutions.find(connection, name)
        assert found
        at = found.id if role in ("contact", "lead") else None
        district = "荣成市" if role == "district" else None
        return people.create_invite(connection, app.keys.codes, NOON, role, at, maker, district=district)[0]


def somebody(app: App, name: str, role: str | None, at: str = "甲校", channel: str = "terminal") -> Person:
    """Somebody with that role or, None, with none."""
    person = Person(app.assistant, name, channel)
    person.says(f"绑定 {invite(app, role, at)}" if role else "您好")
    if role in ("contact", "lead"):
        person.says(name, "跳过")
    return person


def person_of(app: App, person: Person) -> int:
    with transaction(app.engine, read_only=True) as connection:
        wanted = select(account.c.person_id).where(account.c.sender == person.name)
        return int(connection.execute(wanted).scalar_one())


def roles(app: App, person: Person) -> set[tuple[str, str | None]]:
    with transaction(app.engine, read_only=True) as connection:
        held = people.memberships(connection, person_of(app, person))
    return {(m.role, m.institution) for m in held}


def joining_code(maker: Person) -> str:
    maker.says("换个渠道")
    found = re.search(r"绑定 (\S+)", maker.text)
    assert found
    return found[1]


def pushed(app: App, person: Person) -> list[str]:
    mine = (outbox.c.sender == person.name) & outbox.c.turn_id.is_(None)
    with transaction(app.engine, read_only=True) as connection:
        return [b["text"] for b in connection.execute(select(outbox.c.body).where(mine)).scalars()]


def join(app: App, user: Person, maker: Person) -> None:
    user.says(f"绑定 {joining_code(maker)}")
    assert person_of(app, user) == person_of(app, maker)


@pytest.mark.parametrize("place", ["甲校", "乙校"])
@pytest.mark.parametrize(("users", "makers"), list(itertools.product(OR_NONE, OR_NONE)))
def test_a_joining_code_leaves_every_role_where_it_is(
    app: App, users: str | None, makers: str | None, place: str
) -> None:
    maker = somebody(app, "maker", makers, place)
    user = somebody(app, "user", users, channel="telegram")
    of_maker, of_user = roles(app, maker), roles(app, user)
    code = joining_code(maker)
    user.says(f"绑定 {code}")
    assert roles(app, maker) == of_maker
    if users is None:
        assert person_of(app, user) == person_of(app, maker)
    else:
        assert person_of(app, user) != person_of(app, maker)
        assert roles(app, user) == of_user
        assert "换个渠道" in user.labels  # how it is done from here
        assert pushed(app, maker) == []


@pytest.mark.parametrize("makers", OR_NONE)
@pytest.mark.parametrize("given", ROLES)
def test_a_role_that_comes_after_joining_asks_whose_the_other_channels_are(
    app: App, given: str, makers: str | None
) -> None:
    maker = somebody(app, "maker", makers, "乙校")
    user = somebody(app, "user", None, channel="telegram")
    join(app, user, maker)
    of_maker = roles(app, maker)
    code = invite(app, given)
    user.says(f"绑定 {code}")
    assert roles(app, maker) == of_maker
    assert "终端" in user.text
    user.presses("我的账号")
    user.presses("断开终端")
    user.says(f"绑定 {code}")
    assert given in {role for role, _ in roles(app, user)} or higher(given, makers)
    assert roles(app, maker) == set()


def higher(given: str, had: str | None) -> bool:
    """Whether a role that somebody had stands above the one given in the same place."""
    return any(given in order and had in order[order.index(given) + 1 :] for order in LOWER_FIRST)


@pytest.mark.parametrize("given", ROLES)
def test_a_role_reaches_every_channel_once_all_are_ones_own(either_app: App, given: str) -> None:
    maker = somebody(either_app, "maker", None)
    user = somebody(either_app, "user", None, channel="telegram")
    join(either_app, user, maker)
    user.says(f"绑定 {invite(either_app, given)}")
    user.presses("都是我本人的")
    assert len(user.replies) == 1  # and a contact is asked for the name, nothing after it
    assert [role for role, _ in roles(either_app, user)] == [given]
    assert person_of(either_app, user) == person_of(either_app, maker)


def test_that_button_takes_no_other_word_for_a_code(app: App) -> None:
    user = somebody(app, "user", None)
    for token in ("bd:", "bd:17", "bd:AAAAABBBBB", "bd:绑定"):
        user.presses_token(token)
        assert roles(app, user) == set()


@pytest.mark.parametrize("place", ["甲校", "乙校"])
@pytest.mark.parametrize(("had", "given"), list(itertools.product(ROLES, ROLES)))
def test_an_invitation_adds_to_the_user_and_moves_nothing_to_its_maker(
    app: App, had: str, given: str, place: str
) -> None:
    maker = somebody(app, "maker", "head" if given in ("staff", "head", "district") else "lead", place)
    user = somebody(app, "user", had)
    of_maker = roles(app, maker)
    user.says(f"绑定 {invite(app, given, place, by=maker)}")
    at = {"contact": place, "lead": place}.get(given)
    had_at = {"contact": "甲校", "lead": "甲校"}.get(had)
    expected = {(had, had_at), (given, at)}
    if at == had_at and had != given:  # one place: the higher stays
        expected = {(had, had_at)} if higher(given, had) else {(given, at)}
    assert roles(app, user) == expected
    assert roles(app, maker) == of_maker


@pytest.mark.parametrize(("makers", "told"), [(r, r in ("staff", "head")) for r in OR_NONE])
def test_the_other_channels_and_the_other_heads_hear_of_a_new_one(
    either_app: App, makers: str | None, told: bool
) -> None:
    first = somebody(either_app, "first", "head")
    colleague = somebody(either_app, "colleague", "staff")
    maker = somebody(either_app, "maker", makers)
    phone = somebody(either_app, "phone", None, channel="telegram")
    join(either_app, phone, maker)
    assert len(pushed(either_app, maker)) == 1
    assert [("Telegram" in text) for text in pushed(either_app, first)] == [True] * told
    assert pushed(either_app, colleague) == []
    assert pushed(either_app, phone) == []


def test_a_role_that_sleeps_with_its_institution_counts(app: App) -> None:
    user, stranger = somebody(app, "user", "contact"), somebody(app, "stranger", None)
    with transaction(app.engine) as connection:
        connection.execute(update(institution_table).values(closed_at=NOON))
    user.says(f"绑定 {joining_code(stranger)}")
    assert person_of(app, user) != person_of(app, stranger)


def test_a_refusal_is_recorded_spends_no_code_and_is_no_wrong_attempt(either_app: App) -> None:
    maker = somebody(either_app, "maker", "contact")
    head = somebody(either_app, "head", "head")
    code = joining_code(maker)
    for _ in range(people.ATTEMPTS + 1):
        head.says(f"绑定 {code}")
    head.says(f"绑定 {invite(either_app, 'contact', '乙校')}")
    assert roles(either_app, head) == {("head", None), ("contact", "乙校")}
    phone = somebody(either_app, "phone", None, channel="telegram")
    phone.says(f"绑定 {code}")
    assert person_of(either_app, phone) == person_of(either_app, maker)
    refused = select(audit.c.detail).where(audit.c.action == "invite.refused")
    with transaction(either_app.engine, read_only=True) as connection:
        rows = connection.execute(refused).scalars().all()
    assert [row["reason"] for row in rows] == ["role"] * (people.ATTEMPTS + 1)


def test_ones_own_code_sent_where_it_was_made_still_works_elsewhere(app: App) -> None:
    maker = somebody(app, "maker", "contact")
    code = joining_code(maker)
    maker.says(f"绑定 {code}")
    assert pushed(app, maker) == []
    phone = somebody(app, "phone", None, channel="telegram")
    phone.says(f"绑定 {code}")
    assert roles(app, phone) == roles(app, maker) == {("contact", "甲校")}


def test_a_name_stays_with_whom_it_was_given_for(app: App) -> None:
    user = somebody(app, "user", "contact")
    with transaction(app.engine) as connection:
        connection.execute(update(membership).values(revoked_at=NOON))
    stranger = somebody(app, "stranger", None)
    join(app, user, stranger)
    with transaction(app.engine, read_only=True) as connection:
        assert people.profile(connection, person_of(app, stranger)).name is None


def test_a_channel_that_was_parted_has_no_way_back(either_app: App) -> None:
    head = somebody(either_app, "head", "head")
    lost = somebody(either_app, "lost", None, channel="telegram")
    join(either_app, lost, head)
    code = joining_code(lost)
    with transaction(either_app.engine, read_only=True) as connection:
        mine = accounts.of_person(connection, person_of(either_app, head))
    number = next(a.id for a in mine if a.channel == "telegram")
    head.presses_token(f"ac:drop:{number}")
    lost.says(f"绑定 {code}")
    assert roles(either_app, lost) == set()
    assert roles(either_app, head) == {("head", None)}
