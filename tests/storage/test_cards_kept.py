"""Result cards in the database: one's own, so many, for so long."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.app import App
from storage.connections.database import transaction
from storage.data_kinds import kept_for
from storage.people import cards
from storage.people.cards import Card
from storage.schema.core import account
from tests.support.talk import NOON, Person


def card(number: str, days: int = 0) -> Card:
    return Card(number, "route", "2026-12-30", {"facts": {"retired": "no"}}, NOON + timedelta(days=days))


def people(app: App) -> tuple[int, int]:
    for name in ("li", "wang"):
        Person(app.assistant, name).says("菜单")
    with transaction(app.engine, read_only=True) as connection:
        first, second = connection.execute(select(account.c.person_id).order_by(account.c.id)).scalars()
    return first, second


def test_cards_are_kept_found_and_deleted_by_their_owner(either_app: App) -> None:
    li, wang = people(either_app)
    with transaction(either_app.engine) as connection:
        assert cards.save(connection, li, card("A2B3-C4D5"))
        assert cards.save(connection, li, card("A2B3-C4D5"))  # the same again
        assert cards.save(connection, wang, card("A2B3-C4D5"))  # a number is one's own
        assert cards.save(connection, li, card("E2F3-G4H5", days=1))
    with transaction(either_app.engine, read_only=True) as connection:
        mine = cards.of_person(connection, li, NOON + timedelta(days=2))
        assert [one.number for one in mine] == ["E2F3-G4H5", "A2B3-C4D5"]
        assert mine[0] == card("E2F3-G4H5", days=1)
        assert cards.find(connection, wang, "E2F3-G4H5") is None
    with transaction(either_app.engine) as connection:
        assert cards.drop(connection, wang, "E2F3-G4H5") == 0
        assert cards.drop(connection, li, "E2F3-G4H5") == 1
        assert cards.drop(connection, li) == 1
        assert cards.find(connection, wang, "A2B3-C4D5") is not None


def test_so_many_and_so_long(either_app: App) -> None:
    li, _ = people(either_app)
    year = kept_for("cards")
    with transaction(either_app.engine) as connection:
        kept = [cards.save(connection, li, card(f"A2B3-C4D{i}", days=i)) for i in range(cards.MOST + 1)]
    assert kept == [True] * cards.MOST + [False]
    with transaction(either_app.engine) as connection:
        assert len(cards.of_person(connection, li, NOON + year + timedelta(days=3))) == cards.MOST - 4
        assert cards.forget_old(connection, NOON + timedelta(days=3)) == 4
        assert len(cards.of_person(connection, li, NOON)) == cards.MOST - 4
