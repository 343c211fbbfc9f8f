"""What the office does in chat: institutions, codes, who has reported, the aggregated form."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.core import paging
from bot.core.dialogs import dialog_manager
from bot.core.dialogs.dialog_manager import begin
from bot.core.messages import FileRef, Outgoing, Replies
from bot.core.render import words
from bot.core.turn import Turn
from bot.features.institutions import dialog as institution_dialog
from bot.features.institutions import name_lookup
from policy.calendar.quarters import Quarter, reporting_quarter
from policy.institutions.districts import DISTRICTS
from policy.institutions.roster_file import district_of
from storage import audit
from storage.institutions import institutions, roster
from storage.people import people
from storage.reports import board
from storage.totals import aggregates, coverage

NAMED = 60  # institutions named in one message; the board has all of them
_WITH_ARGUMENT = {
    "new": re.compile(r"^新建(?:培训)?机构[\s:：]+(.+)$", re.S),
    "lead": re.compile(r"^邀请(?:复核人|负责人)[\s:：]+(.+)$", re.S),
    "reader": re.compile(r"^邀请区市(?:查看)?[\s:：]+(.+)$", re.S),
    "invite": re.compile(r"^邀请码[\s:：]+(.+)$", re.S),
    "export": re.compile(r"^(?:导出)?汇总表?[\s:：]*([^\s:：].*)?$|^导出[\s:：]*([^\s:：].*)?$"),
    "extend": re.compile(r"^延期[\s:：]+([^\s:：].*)$"),
    "status": re.compile(r"^(?:报送)?进度[\s:：]+([^\s:：].*)$"),
}
_ACCEPTED = re.compile(
    r"[\s:：，,（(]*(?:只算|只要|仅)?已审(?:核|的)?[)）]?$"
)  # after a quarter: accepted ones only
LONGEST_ARGUMENT = 40  # characters of a quarter and what is asked of it
_OF_QUARTER = ("status", "export")
_PLAIN = {"新建机构": "new", "新建培训机构": "new", "邀请码": "list", "邀请区市": "reader", "延期": "extend"}


def command_in(text: str) -> tuple[str, str] | None:
    """(command, argument) when the text is one of the office's commands."""
    plain = text.strip()
    if plain in _PLAIN:
        return _PLAIN[plain], ""
    for name, pattern in _WITH_ARGUMENT.items():
        if found := pattern.match(plain):
            argument = next((g for g in found.groups() if g), "").strip()
            if name == "export" and len(argument) > LONGEST_ARGUMENT:
                continue
            quarter = _ACCEPTED.sub("", argument) if name == "export" else argument
            if name == "export" and quarter and not _quarter_like(quarter):
                continue  # “汇总表要填什么” is a question
            return name, argument
    return None


def _quarter_like(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9０-９年第季度上本QqA-Z一二三四\s-]{1,12}", text))


def everything(turn: Turn) -> list[Outgoing]:
    """机构: every institution, with what the office can do about it."""
    role = turn.office_role
    listed = institutions.everything(turn.connection)
    return [turn.say("office/list.j2", institutions=listed, head=role is not None and role.role == "head")]


def new(turn: Turn, name: str = "") -> list[Outgoing]:
    """新建机构: by the name given, else it is asked for."""
    return institution_dialog.create(turn, name) if name else dialog_manager.start(turn, "institution")


def own_name(turn: Turn, argument: str) -> list[Outgoing]:
    """Ask an officer's own name."""
    return begin(turn, "officer-name")


def code_for(sure: bool, turn: Turn, argument: str) -> Replies:
    """Give, or offer to give, a contact's code for the institution that a button names."""
    wanted = roster.get(turn.connection, paging.number(argument))
    if wanted is None:
        return None
    return (institution_dialog.give_code if sure else institution_dialog.offer_code)(turn, wanted.id)


def staff_code(turn: Turn) -> list[Outgoing]:
    """邀请同事: a code for somebody who serves in the office."""
    code, expires = people.create_invite(
        turn.connection, turn.keys.codes, turn.now, "staff", None, turn.person_id
    )
    return [turn.say("office/messages.staff_code", code=code, expires=expires)]


def status(turn: Turn) -> list[Outgoing]:
    """进度, of the quarter that is due."""
    return _of_quarter(turn, "status", "")


def export(turn: Turn, argument: str) -> list[Outgoing]:
    """汇总表, of the quarter a button names, else of the one that is due."""
    return _of_quarter(turn, "export", argument)


def carry_out(turn: Turn, command: str, argument: str) -> list[Outgoing]:
    """Carry out a command that was typed with what it is about."""
    typed: dict[str, Callable[[Turn, str], list[Outgoing]]] = {
        "new": new,
        "invite": institution_dialog.invite,
        "lead": _lead,
        "reader": _reader,
        "extend": _extend,
    }
    if command in typed:
        return typed[command](turn, argument)
    if command in _OF_QUARTER:
        return _of_quarter(turn, command, argument)
    return everything(turn)


def _of_quarter(turn: Turn, command: str, argument: str) -> list[Outgoing]:
    """What is asked of one quarter; without one, of the quarter that is due."""
    named = _ACCEPTED.sub("", argument) if command == "export" else argument
    try:
        quarter = Quarter.parse(named, turn.now) if named else reporting_quarter(turn.now)
    except ValueError:
        return [turn.say("office/messages.quarter_problem", current=reporting_quarter(turn.now))]
    if command == "export":
        return _export(turn, quarter, accepted_only=named != argument)
    return _status(turn, quarter)


def _lead(turn: Turn, name: str) -> list[Outgoing]:
    """A code for an institution's lead; the institution has to be in the list."""
    meant = name_lookup.meant(turn.connection, name)
    one = meant.one
    if one is None or meant.closed:
        shown = one.name if one else meant.name[:60]
        return [turn.say("office/lead_unknown.j2", name=shown, closed=meant.closed, near=meant.near)]
    code, expires = people.create_invite(
        turn.connection, turn.keys.codes, turn.now, "lead", one.id, turn.person_id
    )
    return [turn.say("office/lead_code.j2", institution=one.name, code=code, expires=expires)]


def _reader(turn: Turn, district: str) -> list[Outgoing]:
    """A code for somebody who may read, and only read, what concerns a district."""
    known = roster.districts(turn.connection)
    named = district_of(district)
    if named is None or (named not in DISTRICTS and named not in known):
        return [turn.say("office/messages.reader_unknown", district=district[:20], districts=list(DISTRICTS))]
    code, expires = people.create_invite(
        turn.connection, turn.keys.codes, turn.now, "district", None, turn.person_id, district=named
    )
    return [turn.say("office/messages.reader_code", district=named, code=code, expires=expires)]


def _extend(turn: Turn, name: str) -> list[Outgoing]:
    """延期 机构全称: for the quarter that is due."""
    meant = name_lookup.meant(turn.connection, name) if name else name_lookup.Meant("")
    if meant.one is None:
        some = meant.near or [one.name for one in institutions.everything(turn.connection)[:1]]
        return [turn.say("review/messages.extend_which", name=name, example=some[0] if some else "")]
    return begin(turn, "extend", institution=str(meant.one.id), quarter=str(reporting_quarter(turn.now)))


def _status(turn: Turn, quarter: Quarter) -> list[Outgoing]:
    due = turn.times.due(quarter)
    lines = board.lines(turn.connection, str(quarter), due)
    return [turn.say("office/status.j2", quarter=quarter, due=due, lines=lines, most=NAMED)]


def _export(turn: Turn, quarter: Quarter, accepted_only: bool = False) -> list[Outgoing]:
    name = str(quarter)
    sums = aggregates.totals(turn.connection, name, name, accepted_only)
    args = {"quarter": name, "accepted_only": accepted_only}
    audit.record(
        turn.connection, turn.now, turn.person_id, "export", f"quarter:{quarter}", accepted_only=accepted_only
    )
    return [
        turn.say(
            "office/export.j2",
            files=(FileRef("aggregate", words("office/messages.export_name", args), args),),
            quarter=quarter,
            accepted_only=accepted_only,
            turnout=coverage.turnout(turn.connection, name, accepted_only),
            figures=[(m, sum(one.sums[m.id] for one in sums)) for m in turn.corpus.form_of(quarter).measures],
            gaps=sum(sum(one.not_known.values()) for one in sums),
        )
    ]
