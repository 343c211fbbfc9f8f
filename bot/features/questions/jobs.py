"""What somebody wants done, started when it is certain, offered in one tap when it is likely.

A job is done by what does it anyway: a word that works everywhere, a button, or an act of the dialog
under way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from bot.core.dialogs import dialog_manager
from bot.core.dialogs.dialog import Known, Problem, Write
from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Reader, Reading
from bot.core.messages import Outgoing, Replies
from bot.core.permissions import INSTITUTION_IF_ANY, PUBLIC, SELF, Right
from bot.core.render import words as rendered
from bot.core.turn import Turn
from policy.calendar.quarters import Quarter
from policy.corpus import Corpus
from policy.index.outside_reading import OutsideReading
from policy.jobs.reading import CERTAIN, CHECKS, LIKELY, JobReading
from policy.notice.clause_names import clauses_named


class Job(NamedTuple):
    """What does a job, and who may have it done.

    `way` is "command" (`name` is one's), "button" (a standing button's token), or "here" (of this module).
    """

    way: str
    name: str
    right: Right


JOBS = {
    "enrol": Job("button", "go:check-enrolment", SELF),
    "route": Job("button", "go:route", SELF),
    "title": Job("button", "go:check-title", SELF),
    "subsidy": Job("button", "go:check-subsidy", SELF),
    "hours": Job("button", "go:check-hours", SELF),
    "assessment": Job("button", "go:check-assessment", SELF),
    "other-person": Job("here", "other-person", SELF),
    "report": Job("here", "report", INSTITUTION_IF_ANY),
    "resume": Job("here", "resume", SELF),
    "history": Job("command", "history", INSTITUTION_IF_ANY),
    "print": Job("command", "print", INSTITUTION_IF_ANY),
    "download-form": Job("command", "form", INSTITUTION_IF_ANY),
    "amend": Job("command", "correct", INSTITUTION_IF_ANY),
    "status": Job("here", "status", INSTITUTION_IF_ANY),
    "human": Job("here", "human", SELF),
    "complaint": Job("button", "complain", SELF),
    "my-data": Job("command", "my_data", SELF),
    "export-data": Job("command", "my_data", SELF),
    "delete-data": Job("command", "delete_data", SELF),
    "withdraw-consent": Job("command", "withdraw_consent", SELF),
    "privacy": Job("command", "privacy", PUBLIC),
    "back": Job("command", "back", PUBLIC),
    "correct": Job("here", "correct", SELF),
    "stop": Job("command", "cancel", PUBLIC),
    "wait": Job("here", "wait", PUBLIC),
    "restart": Job("command", "restart", PUBLIC),
    "menu": Job("command", "menu", PUBLIC),
    "help": Job("command", "help", PUBLIC),
    "bind": Job("here", "bind", SELF),
    "subscribe": Job("command", "subscribe", SELF),
    "unsubscribe": Job("command", "subscriptions", SELF),
    "original": Job("here", "original", PUBLIC),
}
# Only who speaks for an institution can have these done; to others: bind first.
OF_INSTITUTIONS = frozenset(name for name, job in JOBS.items() if job.right is INSTITUTION_IF_ANY)
# Only in the middle of something is there anything to move about in.
OF_DIALOGS = frozenset(("back", "stop", "wait", "restart", "correct"))
# What somebody may want while a text is asked for; anything else is more likely that text.
BESIDE_TEXT = frozenset(
    ("human", "menu", "help", "stop", "my-data", "export-data", "delete-data", "withdraw-consent", "bind")
)
_A_PERSON = re.compile(r"人工|真人|活人|客服|工作人员")
# Words of somebody who wants something done, whatever else they ask.
_REQUEST = re.compile(
    r"帮|替[我俺]|[给][我俺](?=[测查看算找转叫发打来开填报改删导设记判对走过留])|麻烦|请你|请给|我要|俺要|我想(?=测|查|看|填|报数|退|改)"
    r"|想要|来[个一份]|测|查(一?下|查|询)|看看|看一?[下眼]|瞅|判|试试|走一|过一遍|捋"
    r"|转人工|人工|真人|活人|打出来|打印|导出|发我|发一|下载|删|清[除空]|撤|退出|停|算了|先不|继续|接着|改成|重来|退一步|返回|上一"
)
SHOWN = 40  # characters of an older question on a button


def take(turn: Turn, reading: JobReading) -> list[Outgoing]:
    """Do what is certainly wanted; offer what is likely, and put the pending question again.

    Where words are asked for they may be the answer: there every job is only offered.
    """
    stage = dialog_manager.open_stage(turn)
    words_wanted = stage is not None and stage.question is not None and stage.question.kind == "text"
    if reading.job in OF_INSTITUTIONS and not _may_report(turn, reading.job):
        return [_bind_first(turn, reading), *_again(stage)]
    if reading.sure == CERTAIN and not words_wanted:
        return _do(turn, reading, stage)
    if turn.office_role is None:
        turn.counted.add("job", reading.job, "guessed")
    offer = turn.say("jobs/offer.j2", job=reading.job, token=_token(reading), words_wanted=words_wanted)
    return [offer, *_again(stage)]


def press(turn: Turn, argument: str) -> Replies:
    """The button of an offered job: `<job>:<what was said with it>`; None for a job there is not."""
    job, _, rest = argument.partition(":")
    stage = dialog_manager.open_stage(turn)
    if job == "write":  # 转人工, once more: what is asked for is written now, and only that is sent
        return dialog_manager.begin(turn, "handover")
    if job not in JOBS:
        return None
    person, _, check = rest.partition(":")
    reading = (
        JobReading(job, CERTAIN, person=person, check=check)
        if job == "other-person"
        else JobReading(job, CERTAIN, quarter=rest if job == "report" else "", value=rest)
    )
    if job in OF_INSTITUTIONS and not _may_report(turn, job):
        return [_bind_first(turn, reading), *_again(stage)]
    return _do(turn, reading, stage)


def as_json(corpus: Corpus, text: str, outside: OutsideReading | None = None) -> dict[str, Any] | None:
    """A job as `python -m bot ask --json` prints it; None when a text asks for nothing to be done.

    Whoever asks 我能不能报 wants to hear the conditions; the check is offered beside them.
    """
    own = corpus.jobs.recognise(text)
    reading = own or _read_outside(outside)
    if reading is None or (reading.job == "original" and clauses_named(text, corpus.notices)):
        return None  # a clause that is named is shown to the letter
    if own is not None and (own.sure != CERTAIN or own.job in CHECKS) and asks_only(corpus, text):
        return None
    named = {
        name: value
        for name in ("quarter", "occupation", "person", "check", "value")
        if (value := getattr(reading, name))
    }
    return {
        "kind": "job",
        "job": reading.job,
        "sure": reading.sure,
        "entry": "",
        "title": rendered("jobs/label.j2", {"job": reading.job}),
        "text": rendered("jobs/messages.how", {"job": reading.job, "figures": reading.figures}),
        "clauses": [],
        "alternatives": [],
        **named,
    }


def _read_outside(outside: OutsideReading | None) -> JobReading | None:
    """The job that a language model read: offered in one tap, never done on its word."""
    wanted = outside is not None and not outside.entry and outside.job in JOBS
    return JobReading(outside.job, LIKELY) if outside is not None and wanted else None


def asks_only(corpus: Corpus, text: str) -> bool:
    """Whether a text is a question with an answer in the notice, and requests nothing: 补贴给不给咱."""
    if _REQUEST.search(text) or not corpus.jobs.asks(text):
        return False
    understood = corpus.questions.understand(text)
    return any(corpus.answers.entries[part.entry].clauses for part in understood.parts)


def _token(reading: JobReading) -> str:
    """The button that does it, with what was said along, as far as a button has room."""
    said = {
        "other-person": f"{reading.person}:{reading.check}",
        "report": reading.quarter,
        "correct": reading.value,
    }.get(reading.job, "")
    whole = f"job:{reading.job}:{said}"
    return whole if len(whole.encode()) <= 60 else f"job:{reading.job}"


def _may_report(turn: Turn, job: str) -> bool:
    return bool(turn.institutions) or (job == "status" and turn.office_role is not None)


def _bind_first(turn: Turn, reading: JobReading) -> Outgoing:
    return turn.say("jobs/bind_first.j2", job=reading.job, figures=reading.figures)


def _again(stage: Stage | None) -> list[Outgoing]:
    return [dialog_manager.ask(stage, again=True)] if stage and stage.question else []


def _do(turn: Turn, reading: JobReading, stage: Stage | None) -> list[Outgoing]:
    if reading.job in OF_DIALOGS and stage is None:
        return [turn.say("jobs/messages.nothing_open", job=reading.job)]
    way, name, _ = JOBS[reading.job]
    if way == "command":
        return turn.start(name)
    if way == "button":
        return turn.press(name) or []
    return _HERE[name](turn, reading, stage)


def _report(turn: Turn, reading: JobReading, stage: Stage | None) -> list[Outgoing]:
    """The report of the quarter that was named; one that was not understood is asked for."""
    mine = [m.institution_id for m in turn.institutions]
    try:
        quarter = Quarter.parse(reading.quarter, turn.now) if reading.quarter else None
    except ValueError:
        quarter = None
    if quarter is not None and quarter <= Quarter.of(turn.now) and len(mine) == 1:
        return turn.press(f"fill:{mine[0]}:{quarter}") or turn.start("report")
    return turn.start("report")


def _resume(turn: Turn, reading: JobReading, stage: Stage | None) -> list[Outgoing]:
    """What is under way, else what was put aside; of several, the one that is chosen."""
    if stage is not None:
        return dialog_manager.show(turn)
    names = {f"check-{_check_id(job)}": job for job in CHECKS} | {"route": "route", "report": "report"}
    parked = [name for name in turn.memory.parked if name in names and name in turn.dialogs]
    if parked == ["report"] or (not parked and turn.institutions):
        return turn.start("report")
    if len(parked) == 1:
        return dialog_manager.start(turn, parked[0])
    return [turn.say("jobs/resume.j2", jobs=[names[name] for name in parked])]


def _check_id(job: str) -> str:
    return "enrolment" if job == "enrol" else job


def _status(turn: Turn, reading: JobReading, stage: Stage | None) -> list[Outgoing]:
    return turn.start("mine" if turn.institutions else "status")


def _other_person(turn: Turn, reading: JobReading, stage: Stage | None) -> list[Outgoing]:
    """The check that was named, or the one under way, for that person; else the whole route."""
    about = {"family": "family", "colleague": "employee"}.get(reading.person, "")
    here = stage.dialog.name if stage is not None else ""
    if reading.check:
        check = _check_id(reading.check)
    else:
        check = here.removeprefix("check-") if here.startswith("check-") else "route"
    return turn.press(f"who:{check}:{about}") or []


def _human(turn: Turn, reading: JobReading, stage: Stage | None) -> list[Outgoing]:
    """Ask what is to be sent: neither an older question nor the request itself goes out unasked."""
    older, token = "", ""
    if turn.memory.asked is not None:
        turn_id, entry = turn.memory.asked
        from storage.desk import questions

        older = questions.said_in(turn.connection, turn.incoming.address, turn_id) or ""
        token = f"handover:{turn_id}:{entry}"
    if not older and stage is None:
        return dialog_manager.begin(turn, "handover")
    return [turn.say("jobs/messages.human", older=older[:SHOWN], token=token), *_again(stage)]


def _correct(turn: Turn, reading: JobReading, stage: Stage | None) -> list[Outgoing]:
    """Change the one answer that can be what was said; else show the answers to change."""
    if stage is None:
        return [turn.say("jobs/messages.nothing_open", job=reading.job)]
    found = _fitting(stage, reading.value) if reading.value else []
    if len(found) != 1:
        return dialog_manager.changes(stage)
    question_id, value = found[0]
    asked = next(question for question, _ in stage.step.trail if question.id == question_id)
    label, said = stage.dialog.label(asked, value)
    dialog_manager.revisit(stage, question_id)
    again = dialog_manager.open_stage(turn)
    changed = dialog_manager.answer(again, Known(value)) if again else []
    return [turn.say("jobs/messages.corrected", label=label, said=said), *changed]


def _fitting(stage: Stage, value: str) -> list[tuple[str, Any]]:
    """(question, other answer) of the choices made that a value would change."""
    found = []
    for question, given in stage.step.trail:
        if question.kind != "choice":
            continue  # a figure or a date fits too many
        try:
            read = question.read(value)
        except Problem:
            continue
        if read != given:
            found.append((question.id, read))
    return found


def _wait(turn: Turn, reading: JobReading, stage: Stage | None) -> list[Outgoing]:
    """Nothing moves: the pending question stays where it is."""
    return [turn.say("jobs/messages.wait"), *_again(stage)]


def _bind(turn: Turn, reading: JobReading, stage: Stage | None) -> list[Outgoing]:
    return [turn.say("bind/how.j2"), *_again(stage)]


def _original(turn: Turn, reading: JobReading, stage: Stage | None) -> list[Outgoing]:
    """The clauses that are named, else those of the last answer; before any, the one that is chosen."""
    if named := clauses_named(turn.text, turn.corpus.notices):
        return [message for clause in named for message in turn.press(f"clause:{clause}") or []]
    if turn.memory.topic is not None:
        return turn.start("original")
    listed = [(clause, turn.corpus.notices.clause(clause).title) for clause in turn.corpus.notices.ids()]
    return [turn.say("jobs/messages.original", clauses=listed), *_again(stage)]


_HERE: dict[str, Callable[[Turn, JobReading, Stage | None], list[Outgoing]]] = {
    "report": _report,
    "resume": _resume,
    "status": _status,
    "other-person": _other_person,
    "human": _human,
    "correct": _correct,
    "wait": _wait,
    "bind": _bind,
    "original": _original,
}


def read(turn: Turn, stage: Stage | None, text: str) -> Reading | None:
    """Understand what somebody wants done; where a text is asked for only what is certain."""
    prompt = stage.question if stage else None
    if prompt is not None and prompt.kind != "text" and dialog_manager.must_answer(prompt, text):
        return None
    found: JobReading | None = turn.once(f"job {text}", lambda: turn.corpus.jobs.recognise(text))
    if found is None and prompt is None:
        found = _read_outside(turn.read_outside(text))
    elif found is not None and found.sure != CERTAIN and (prompt is not None or asks_only(turn.corpus, text)):
        return None  # what is asked has the first word
    if found is None or (found.figures and turn.institutions):
        return None
    if found.job == "correct" and found.sure != CERTAIN and stage is None:
        return None  # 我是护士, with nothing open, goes on from the answer before
    if prompt is not None and prompt.kind == "text":
        explicit = found.job != "human" or _A_PERSON.search(text)  # 漏了一个人 is a reason
        meant = explicit and found.job in BESIDE_TEXT and not (isinstance(prompt, Write) and prompt.of_policy)
        return Reading("command", partial(_do, turn, found, stage), sure=False) if meant else None
    return Reading("job", partial(take, turn, found), sure=found.sure == CERTAIN)


JOB = Reader("job", read, PUBLIC)
