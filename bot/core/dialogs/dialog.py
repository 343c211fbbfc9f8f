"""A conversation is its answers: replay them through a dialog to find where it stands.

A dialog is a coroutine whose questions are awaitable. Replaying is pure: the same answers and
context always give the same step, so going back, changing one answer and resuming after a
restart are all the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Generic, Protocol, TypeVar, cast

from bot.core.dialogs.vocabulary import yes_no
from bot.core.messages import Outgoing, Replies
from bot.core.render import render
from bot.core.turn import Answers, Turn

Value = TypeVar("Value", covariant=True)
Taken = TypeVar("Taken")


class Problem(Exception):
    """What was typed is no answer. `template` renders the sentence that says what to type.

    `reason`, `likely` and `value` tell the reader's finding to callers; the sentence may leave them out.
    """

    NOTES = frozenset({"reason", "likely", "value"})

    def __init__(self, template: str, **data: object) -> None:
        super().__init__(template)
        self.template = template
        self.data = data

    def sentence(
        self, question: Question[object] | None = None, serial: int = 0, sheet: bool = False
    ) -> Outgoing:
        """What to type instead, its buttons bound to the step `serial`; `question` is what was asked.

        `sheet`: it stands beside a cell of a page, where nothing is sent.
        """
        told: dict[str, Any] = {name: value for name, value in self.data.items() if name not in self.NOTES}
        notes = {name: value for name, value in self.data.items() if name in self.NOTES}
        return render(self.template, serial, ambient={"question": question, "sheet": sheet, **notes}, **told)


@dataclass(frozen=True)
class Question(Generic[Value]):
    """Something asked once, answered by a `Value`. `template` renders the words and the buttons.

    Subclasses read what people type; `accepts` re-validates an answer kept from before. `kind`
    tells the router how to take free text: choice, number, list or text. What a subclass reads with
    are fields of its own, which its template sees too; `data` is for the template alone.
    """

    id: str
    template: str
    data: Mapping[str, object] = field(default_factory=dict)
    kind: str = "choice"

    def __await__(self) -> Generator[Question[object], Any, Value]:
        return cast(Value, (yield self))

    @property
    def shown(self) -> dict[str, object]:
        """What the template is given: the fields of the question's own, and `data`."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _OF_ALL}
        return {**own, **self.data}

    def own(self, value: object) -> Value:
        """Type a value that this question has read as what it reads."""
        return cast(Value, value)

    def accepts(self, value: object) -> bool:
        """Whether a stored answer still is one."""
        return value is not None

    def read(self, text: str) -> Value:
        """The answer that a typed text gives.

        Raises:
            Problem: it is none; says what is expected.
        """
        raise NotImplementedError

    def meant(self, text: str) -> bool:
        """Whether a text that cannot be read is a slip in answering, and not a policy question."""
        return False

    def press(self, value: str) -> Value:
        """The answer that a pressed button gives; by default what typing its value would."""
        return self.read(value)


_OF_ALL = frozenset(f.name for f in fields(Question))


class Given(Protocol):
    """What somebody gave, to be read by the question it is for.

    Raises:
        Problem: that question does not take it.
    """

    def __call__(self, asked: Question[Taken], /) -> Taken:
        """Return its value."""


@dataclass(frozen=True)
class Typed:
    """A text, read as an answer."""

    text: str

    def __call__(self, asked: Question[Taken], /) -> Taken:
        """Return what the question reads in it."""
        return asked.read(self.text)


@dataclass(frozen=True)
class Pressed:
    """The value of a button."""

    value: str

    def __call__(self, asked: Question[Taken], /) -> Taken:
        """Return what the question takes it for."""
        return asked.press(self.value)


@dataclass(frozen=True)
class ReadBefore:
    """A text that `by` has read as `value`; another question (the draft moved on) reads it anew."""

    text: str
    by: Question[object]
    value: object

    def __call__(self, asked: Question[Taken], /) -> Taken:
        """Return the value, of the same question without reading again."""
        return asked.own(self.value) if asked is self.by else asked.read(self.text)


@dataclass(frozen=True)
class Known:
    """A value that needs no reading."""

    value: object

    def __call__(self, asked: Question[Taken], /) -> Taken:
        """Return it."""
        return asked.own(self.value)


@dataclass(frozen=True)
class Choose(Question[str]):
    """One of several. `typed` maps further words people type to a value."""

    values: tuple[str, ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict)

    def accepts(self, value: object) -> bool:
        """Whether the value is still offered."""
        return value in self.values

    def read(self, text: str) -> str:
        """The value, the one whose further words these are, or yes, no, not sure as people say it."""
        if text in self.values:
            return text
        if text in self.typed:
            return self.typed[text]
        if (said := yes_no(text)) in self.values:
            return str(said)
        raise Problem("problem/messages.choose")


@dataclass(frozen=True)
class FreeText(Question[Value]):
    """Asks for a text of at most `longest` characters; `skippable` offers to leave it out ("")."""

    kind: str = "text"
    longest: int = 200
    shortest: int = 1
    skippable: bool = False
    of_figures: bool = False  # said about figures: edits of them are understood here too
    of_policy: bool = False  # what is written here is itself a question about the policy, or its answer

    def accepts(self, value: object) -> bool:
        """Whether it is a text."""
        return isinstance(value, str)

    def plain(self, text: str) -> str:
        """The text, trimmed.

        Raises:
            Problem: it is too short or too long.
        """
        plain = " ".join(text.split())
        if not self.shortest <= len(plain) <= self.longest:
            raise Problem("problem/write.j2", shortest=self.shortest, longest=self.longest, length=len(plain))
        return plain

    def claims(self, text: str) -> bool:
        """Whether the text is read as what is asked for, and not as words that could mean anything."""
        try:
            return not isinstance(self.read(text), str)
        except Problem:
            return False

    def press(self, value: str) -> Value:
        """Only 跳过 can be pressed."""
        if value == "skip" and self.skippable:
            return self.own("")
        raise Problem("problem/messages.choose")


@dataclass(frozen=True)
class Write(FreeText[str]):
    """A free text, taken as it is."""

    def read(self, text: str) -> str:
        """The text, trimmed."""
        return self.plain(text)


@dataclass(frozen=True)
class Outcome:
    """How a dialog ends. Subclasses carry the values of the effect that `handle` performs once."""


@dataclass(frozen=True)
class Step:
    """Where a conversation stands: a pending question, or an outcome, and the way there."""

    question: Question[object] | None
    outcome: Outcome | None
    trail: tuple[tuple[Question[object], object], ...]


Context = TypeVar("Context")
Result = TypeVar("Result", bound=Outcome)
DialogRun = Callable[[Context], Coroutine[Question[object], object, Outcome]]


class DialogError(Exception):
    """A dialog is written wrongly: it awaits something else, or asks an id twice."""


def replay(
    run: DialogRun[Context], context: Context, answers: Mapping[str, object], revisit: str | None = None
) -> Step:
    """Drive a dialog with the answers given so far.

    Stops at the first question without a valid answer, or at `revisit`, whose answer is being
    given anew; later answers are kept and count only if they are reached again.

    Raises:
        DialogError: the dialog awaits anything but a question, or asks an id twice.
    """
    dialog = run(context)
    trail: list[tuple[Question[object], object]] = []
    seen: set[str] = set()
    value: object = None
    try:
        while True:
            question = dialog.send(value)
            if not isinstance(question, Question):
                raise DialogError(f"a dialog may await questions only, not {question!r}")
            if question.id in seen:
                raise DialogError(f"question {question.id} is asked twice")
            seen.add(question.id)
            value = answers.get(question.id)
            if question.id == revisit or question.id not in answers or not question.accepts(value):
                return Step(question, None, tuple(trail))
            trail.append((question, value))
    except StopIteration as stop:
        return Step(None, stop.value, tuple(trail))
    finally:
        dialog.close()


@dataclass(frozen=True)
class Stay(Outcome):
    """The dialog rests here: shown again on request, and an answer can still be changed."""


@dataclass(frozen=True)
class Leave(Outcome):
    """The dialog is over without any effect."""


class Dialog(Generic[Context, Result]):
    """Base of all dialogs. `run` is replayed; the other methods act once per message.

    `Context` is what a replay knows, immutable; `Result` are the outcomes whose effect `finish` performs.
    """

    name = ""
    version = 1
    park = True  # whether leaving it half-way keeps its answers for later
    of_figures = False  # whether it takes rows of figures
    counted = False  # whether it is counted how far people come in it
    at_desk = False  # whether looking at one of the desk's lists ends it
    secret = False  # whether what is typed is kept nowhere, not even in what was said
    private = False  # whether a telephone number may be meant: what is typed then comes unmasked

    async def run(self, context: Context) -> Result | Leave:
        """The conversation, as a coroutine that awaits questions only."""
        raise NotImplementedError

    def begin(self, answers: Answers, given: Answers) -> Answers:
        """The answers to go on with, of those kept, when it is started with some given from outside."""
        return {**answers, **given}

    def load(self, turn: Turn, answers: Answers) -> tuple[Context, Answers]:
        """The context of the replay, and all answers that count."""
        raise NotImplementedError

    def store(
        self, turn: Turn, context: Context, question: Question[object], value: object
    ) -> list[Outgoing]:
        """Keep an answer; words to say about it, if any. By default the conversation holds it."""
        turn.state.answers[question.id] = value
        return []

    def hold(self, turn: Turn, context: Context, question: Question[object], given: Given) -> Replies:
        """Words instead of taking an answer that was not meant for this question; None to take it."""
        return None

    def way_back(self, context: Context, trail: list[Question[object]]) -> list[Question[object]]:
        """The questions on the way here to which 上一步 may lead, in order."""
        return trail

    def shown(self, turn: Turn, context: Context, question: Question[object]) -> None:
        """The question is being put to the person."""

    def news(self, turn: Turn, context: Context) -> list[Outgoing]:
        """What others did meanwhile, told before the question is put."""
        return []

    def overtaken(self, turn: Turn, context: Context, outcome: Result | None, answers: Answers) -> Replies:
        """Words for an answer that came after others ended the dialog; None when it is no such answer."""
        return None

    def finish(self, turn: Turn, context: Context, outcome: Result) -> list[Outgoing]:
        """Perform the outcome's effect, once, and say so. For `Stay`: show it."""
        raise NotImplementedError

    def migrate(self, version: int, answers: Answers) -> Answers:
        """Answers of an older version as this one's; what cannot be kept is left out."""
        return answers

    def label(self, question: Question[object], value: object) -> tuple[str, str]:
        """(what was asked, what was answered) in a few words, for the list of answers."""
        return question.id, str(value)

    def changes(self, turn: Turn, context: Context) -> Replies:
        """A list of its own of what can be changed; None for the usual list of answers."""
        return None

    def aside(self, turn: Turn, context: Context, outcome: Result | None, action: str) -> Replies:
        """An action of the dialog's own, bound to the step; None when it has none of that name."""
        return None

    def in_rows(self, context: Context) -> bool:
        """Whether rows are filled in, so that 填错了 is about one of them."""
        return False

    def submit(self, turn: Turn, context: Context, question: Question[object] | None) -> Replies | str:
        """提交: the answer that submits, or words about what is missing; None where nothing is submitted."""
        return None

    def restart(self, turn: Turn, context: Context) -> list[Outgoing]:
        """Discard what was entered (asked for and confirmed)."""
        turn.state.answers.clear()
        turn.state.revisit = None
        return []


class PlainDialog(Dialog[None, Result]):
    """A dialog that has to know nothing but its answers."""

    def load(self, turn: Turn, answers: Answers) -> tuple[None, Answers]:
        """Nothing, and the answers as they are."""
        return None, answers


AnyDialog = Dialog[Any, Any]  # one of the table, whatever it knows and comes to
