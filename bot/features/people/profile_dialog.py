"""Who fills the form in: 填表人 and 联系电话, asked once and printed on every form."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.dialogs.dialog import FreeText, Outcome, PlainDialog, Problem, Question, Write
from bot.core.dialogs.vocabulary import tidy
from bot.core.messages import Outgoing
from bot.core.turn import Turn
from bot.features.people.telephones import NotATelephone, find_telephone
from policy.institutions.roster_file import tidy_name
from storage.people import contacts, people


@dataclass(frozen=True)
class Both:
    """A name and a telephone number in one message."""

    name: str
    telephone: str


@dataclass(frozen=True)
class WriteName(FreeText[str | Both]):
    """A name; a number typed beside it answers the next question too."""

    def read(self, text: str) -> str | Both:
        """The name, or `Both`; a number never becomes part of a name, which is not encrypted."""
        try:
            found = find_telephone(text)
        except NotATelephone as error:
            if error.reason != "none":
                raise Problem("problem/telephone.j2", reason=error.reason, count=error.count) from error
            return self.plain(text)
        if not found.beside:
            raise Problem("profile/messages.name_first")
        return Both(self.plain(found.beside), found.number)


DELETE = "-"  # instead of a number: what was kept goes
NONE_KEPT = frozenset(
    {"删除", "删掉", "删除电话", "删了", "不留", "不留电话", "不填", "不要留", "清空", DELETE}
)


@dataclass(frozen=True)
class WriteTelephone(Write):
    """A telephone number, whatever is typed beside it."""

    def read(self, text: str) -> str:
        """The number, written in one way; or that none is to be kept."""
        if tidy(text) in NONE_KEPT:
            return DELETE
        try:
            return find_telephone(text).number
        except NotATelephone as error:
            raise Problem("problem/telephone.j2", reason=error.reason, count=error.count) from error

    def press(self, value: str) -> str:
        """跳过, or 删除."""
        return DELETE if value == "delete" else super().press(value)


@dataclass(frozen=True)
class ProfileKept(Outcome):
    """Both were given or skipped."""


class ProfileDialog(PlainDialog[ProfileKept]):
    """Asked after a contact was bound, and whenever they want to change it."""

    name = "profile"
    park = False
    private = True

    async def run(self, context: None) -> ProfileKept:
        """Name, then telephone; both can be skipped."""
        await WriteName("name", "profile/messages.name", longest=32, skippable=True)
        await WriteTelephone("telephone", "profile/messages.telephone", skippable=True)
        return ProfileKept()

    def store(self, turn: Turn, context: None, question: Question[object], value: object) -> list[Outgoing]:
        """Write to the person at once; the telephone number only encrypted."""
        given = {question.id: str(value)}
        if isinstance(value, Both):
            given = {"name": value.name, "telephone": value.telephone}
        for field, said in given.items():
            if field == "telephone" and said == DELETE:
                people.drop_telephone(turn.connection, turn.person_id)
            elif said:
                kept = turn.keys.seal(said) if field == "telephone" else said
                people.set_profile(turn.connection, turn.person_id, **{field: kept})
            turn.state.answers[field] = ""  # the figures of a person are not kept twice
        return []

    def finish(self, turn: Turn, context: None, outcome: ProfileKept) -> list[Outgoing]:
        """Say where to go on."""
        profile = people.profile(turn.connection, turn.person_id)
        return [turn.say("profile/messages.kept", name=profile.name, telephone=bool(profile.telephone))]


class OfficerNameDialog(PlainDialog[ProfileKept]):
    """What an officer is called on the board and in the records; nothing else is asked of them."""

    name = "officer-name"
    park = False

    async def run(self, context: None) -> ProfileKept:
        """One question, which can be skipped."""
        await Write("name", "profile/messages.officer_name", longest=32, skippable=True)
        return ProfileKept()

    def store(self, turn: Turn, context: None, question: Question[object], value: object) -> list[Outgoing]:
        """Write to the person at once, with its mark in the records."""
        if value:
            contacts.rename(turn.connection, turn.person_id, tidy_name(str(value)), turn.person_id, turn.now)
        turn.state.answers[question.id] = ""
        return []

    def finish(self, turn: Turn, context: None, outcome: ProfileKept) -> list[Outgoing]:
        """Say what was kept."""
        name = people.profile(turn.connection, turn.person_id).name
        return [turn.say("profile/messages.officer_kept", name=name)]
