"""From a message to what is done with it: the order in which it is understood is `Router.ORDER`.

A text is read once: each step either understands it or leaves it to the next one. Nothing is done
before a step has understood; what is understood says how sure it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import partial
from typing import ClassVar

from bot.core import input_limits
from bot.core.dialogs import dialog_manager, vocabulary
from bot.core.dialogs.dialog import FreeText, Known, Pressed, Problem, ReadBefore, Typed
from bot.core.dialogs.dialog_manager import Stage
from bot.core.feature import Reading
from bot.core.messages import Outgoing
from bot.core.security import one_time_code
from bot.core.turn import Kept, Turn
from bot.registry import Registry, refusal
from bot.router.greeting import MENU_TOKENS, greeted
from bot.router.joining import merge
from bot.router.typed_buttons import label_typed, token_typed

_STEP = re.compile(r"^s([0-9]+):([va]):(.*)$", re.S)
OFFERS_KEPT = 40
Step = Callable[["Router", str], Reading | None]


def respond(turn: Turn, registry: Registry) -> list[Outgoing]:
    """Return all that is said in reply to one message; the conversation's memory is updated."""
    return Router(turn, registry).respond()


class Router:
    """One message on its way through the steps."""

    def __init__(self, turn: Turn, registry: Registry) -> None:
        self.turn = turn
        self.registry = registry
        self.fresh = turn.talk.serial == 0 and not turn.memory.offers
        turn.command = self._command_named(turn.text)
        turn.start, turn.press = self._do, partial(registry.press, turn)
        self.stage = dialog_manager.open_stage(turn)
        self.problem: Problem | None = None  # what the pending prompt says of the text

    def respond(self) -> list[Outgoing]:
        """Take the message, greet where it is due, remember the buttons that were shown."""
        try:
            said = self._take()
        except tuple(self.registry.faults) as fault:
            said = self.registry.faults[type(fault)](self.turn, fault)
        if not said:  # a sheet wrote a cell: what was shown last still counts
            return said
        said = merge(greeted(self.turn, self.stage, self.registry, said))
        offers = [c for message in reversed(said) for c in message.choices]
        self.turn.memory.offers = [(c.label, c.token) for c in offers[:OFFERS_KEPT]]
        self.turn.memory.kept = self.turn.kept  # over with its step
        return said

    def _take(self) -> list[Outgoing]:
        turn = self.turn
        if self.stage is not None and (too_late := dialog_manager.overtaken(self.stage)):
            return too_late
        if turn.incoming.file is not None:
            return self._file(turn.incoming.file.name)
        if turn.incoming.choice:
            return self._press(turn.incoming.choice)
        if turn.incoming.edited:
            return self._edited(turn.text.strip())
        return self._text(turn.text.strip())

    def _edited(self, text: str) -> list[Outgoing]:
        """What came before, altered by its sender: rows are written again, questions answered again.

        An answer given before stays: which one was meant is not known for sure, so the way back is shown.
        """
        if self.stage is None or self.stage.question is None:
            return self._text(text)
        named = any(sign.isalpha() for sign in text)  # a row of figures names what they are of
        reading = self._readers(text, ("figures",)) if named else None
        said = reading.act() if reading is not None and reading.sure else None
        return said if said is not None else [self.turn.say("messages.edited"), *self._again()]

    def _text(self, text: str) -> list[Outgoing]:
        for step in self.ORDER:
            reading = step(self, text)
            if reading is not None and (said := reading.act()) is not None:
                return said
        return [self.turn.say("messages.menu_hint")]

    # The steps, in the order in which they are asked.

    def _typed_button(self, text: str) -> Reading | None:
        """A button's label, or on a numbered channel its number, typed."""
        token = token_typed(self.turn, self.stage, text)
        return Reading("button", partial(self._press, token)) if token else None

    def _joining_code(self, text: str) -> Reading | None:
        """A one-time code."""
        code = one_time_code.code_in(text)
        return Reading("code", partial(self.registry.bind, self.turn, code)) if code is not None else None

    def _asking(self, text: str) -> Reading | None:
        """What stands behind 问：, a question whatever is pending."""
        question = vocabulary.asked_outright(text)
        return self.registry.ask(self.turn, self.stage, question) if question is not None else None

    def _pending_prompt(self, text: str) -> Reading | None:
        """A value that the pending prompt reads as certain; a prompt for free text claims nothing."""
        prompt = self.stage.question if self.stage else None
        if self.stage is None or prompt is None or prompt.kind == "text":
            return None
        try:
            value = prompt.read(text)
        except Problem as problem:
            self.problem = problem
            return None
        # Somebody else may have moved the draft on: then the prompt that was seen reads the text.
        given = ReadBefore(text, prompt, value)
        return Reading("answer", partial(dialog_manager.answer, self.stage, given))

    def _word_everywhere(self, text: str) -> Reading | None:
        """A word that works everywhere: in the dialog, or starting something of a feature."""
        stage, name = self.stage, self.turn.command
        if name in ON_DIALOG:
            return Reading("command", partial(ON_DIALOG[name], self))
        command = self.registry.commands.get(name or "")
        if command is not None and not (command.own and self._not_own(text)):
            return Reading("command", partial(self._start, command.name))
        if stage is None or stage.question is None:
            skipped = vocabulary.tidy(text) in vocabulary.SKIP  # an offer that needs no answer was left alone
            return Reading("command", lambda: [self.turn.say("messages.menu_hint")]) if skipped else None
        return self._taken_back(stage, text)

    def _open_feature(self, text: str) -> Reading | None:
        """What the readers make of it, those of the open feature first."""
        stage = self.stage
        prompt = stage.question if stage else None
        if stage is not None and isinstance(prompt, FreeText) and prompt.kind == "text":
            return self._beside_text(stage, prompt, text)
        if prompt is not None and self._is_heard():
            return self._readers(text, ("figures", "command", "button"))
        if stage is not None and prompt is not None and (half := self._half_taken_back(stage, text)):
            return self._readers(text, ("figures", "command", "button", "job")) or half
        if prompt is not None and dialog_manager.must_answer(prompt, text):
            return self._readers(text, ("figures", "command", "button", "job"))
        return self._readers(text)

    def _free_text(self, text: str) -> Reading | None:
        """What nobody has claimed: the answer of a prompt for free text, or what the prompt says of it."""
        if self.stage is None or self.stage.question is None:
            return None
        return Reading("answer", partial(dialog_manager.answer, self.stage, Typed(text)))

    ORDER: ClassVar[tuple[Step, ...]] = (
        _typed_button,
        _joining_code,
        _asking,
        _pending_prompt,
        _word_everywhere,
        _open_feature,
        _free_text,
    )

    # Readers.

    def _is_heard(self) -> bool:
        """Whether the pending prompt knows what is meant and asks it back: it has the first word."""
        problem = self.problem
        return problem is not None and (
            problem.data.get("likely") is not None or problem.template in ASKED_BACK
        )

    def _readers(self, text: str, kinds: Collection[str] = ()) -> Reading | None:
        turn = self.turn
        for reader in self.registry.readers(self.stage):
            reading = reader.read(turn, self.stage, text)
            if reading is None or (kinds and reading.kind not in kinds):
                continue
            if not reader.right.allows(turn.memberships):
                return Reading(reading.kind, partial(refusal, turn, reader.name, reader.right))
            return reading
        return None

    def _beside_text(self, stage: Stage, prompt: FreeText[object], text: str) -> Reading | None:
        """Where a text is asked for, what plainly is something else is asked about in one tap, never lost."""
        if prompt.claims(text):
            return None
        reading = self._beside(stage, prompt, text)
        if reading is None or (reading.sure and reading.kind == "figures"):
            return reading
        if not self._reads(prompt, text):
            return reading
        return Reading(reading.kind, partial(self._ask_what, stage, prompt, reading.kind, text), sure=False)

    def _beside(self, stage: Stage, prompt: FreeText[object], text: str) -> Reading | None:
        """What a text is, if it is not the one asked for."""
        if token := label_typed(text, self.turn.memory.offers):
            return Reading("button", partial(self._press, token), sure=False)
        slip = vocabulary.corrected(text) == "" and (prompt.of_figures or vocabulary.names_former(text))
        if slip:
            return Reading("former", partial(self._take_back, stage), sure=False)
        command = self.registry.command(text)
        own = command if command is not None and command.own and self.turn.institutions else None
        if own and (prompt.of_figures or own.name != "correct"):  # why something is corrected may be said so
            return Reading("command", partial(self._start, own.name), sure=False)
        for reader in self.registry.readers(stage):
            if not reader.right.allows(self.turn.memberships):
                continue
            reading = reader.read(self.turn, stage, text)
            if reading is not None and not (reading.kind == "question" and prompt.of_policy):
                return reading
        return None

    def _ask_what(self, stage: Stage, prompt: FreeText[object], meant: str, text: str) -> list[Outgoing]:
        turn = self.turn
        turn.step()  # a text kept before and its buttons are over
        token = label_typed(text, turn.memory.offers) or ""
        turn.memory.kept = Kept(turn.talk.serial, meant, turn.keys.seal(text), token)
        shown = input_limits.mask(turn.corpus.form, vocabulary.tidy(text))[0][:20]
        data = {"meant": meant, "shown": shown, "why": prompt.of_figures, "report": stage.dialog.of_figures}
        return [turn.say("problem/likely.j2", **data)]

    def _kept(self, choice: str) -> list[Outgoing]:
        """A text that was kept while it was asked what it is: the answer, or what it looked like."""
        turn, stage, kept = self.turn, self.stage, self.turn.kept
        text = turn.keys.open(kept.sealed) if kept else None
        prompt = stage.question if stage else None
        if kept is None or text is None or stage is None or not isinstance(prompt, FreeText):
            return self._stale()
        if choice == "write":
            return dialog_manager.answer(stage, Typed(text))
        if kept.meant == "button":
            return self._press(kept.token)
        if kept.meant == "question":  # unmasked where a telephone number may be the answer, but not here
            return (
                self.registry.ask(turn, stage, input_limits.mask(turn.corpus.form, text)[0]).act()
                or self._again()
            )
        reading = self._beside(stage, prompt, text)
        return (reading.act() if reading else None) or self._again()

    @staticmethod
    def _reads(prompt: FreeText[object], text: str) -> bool:
        try:
            prompt.read(text)
        except Problem:
            return False
        return True

    # Slips and corrections.

    def _slips(self, stage: Stage, text: str) -> bool:
        """Tell a text that only takes the former answer back; a bare 填错了 among rows is about its cells."""
        about_cells = stage.dialog.in_rows(stage.context) and (
            vocabulary.tidy(text) in vocabulary.WRONG or self.turn.command == "correct"
        )
        return vocabulary.corrected(text) == "" and not about_cells

    def _not_own(self, text: str) -> bool:
        """Tell whether a word about one's own report means something else here."""
        if not self.turn.institutions:
            return True
        stage = self.stage
        if stage is None or stage.question is None:
            return False
        return stage.question.kind == "text" or self._slips(stage, text)

    def _taken_back(self, stage: Stage, text: str) -> Reading | None:
        """Words that ask for a moment, or take back the answer before: never an answer.

        A bare 不对 may be a plain no where there is one: that is asked.
        """
        prompt = stage.question
        if prompt is None:
            return None
        if vocabulary.waits(text):
            return Reading("wait", lambda: [self.turn.say("problem/messages.wait"), *self._again()])
        if prompt.kind == "text" or not self._slips(stage, text):
            return None
        no = f"s{self.turn.talk.serial}:v:no"
        label = next((c.label for c in dialog_manager.question_of(stage).choices if c.token == no), None)
        if vocabulary.not_right(text) and label is not None:
            return Reading(
                "former", lambda: [self.turn.say("problem/messages.not_right", no=label)], sure=False
            )
        return Reading("former", partial(dialog_manager.back, stage))

    def _half_taken_back(self, stage: Stage, text: str) -> Reading | None:
        """Words that take something back and hold more (不对，我是中级): to the prompt they can answer.

        The one before is asked anew when only it can be answered so; nothing is taken for either.
        """
        left = vocabulary.corrected(text)
        if not left or stage.question is None:
            return None
        way = stage.dialog.way_back(stage.context, [question for question, _ in stage.step.trail])
        if way and not dialog_manager.reads(stage.question, left) and dialog_manager.reads(way[-1], left):
            return Reading("former", partial(dialog_manager.back, stage))
        return Reading(
            "former", lambda: [self.turn.say("problem/messages.corrected"), *self._again()], sure=False
        )

    def _take_back(self, stage: Stage) -> list[Outgoing]:
        """What was filled in before, to be changed."""
        rows = stage.dialog.in_rows(stage.context)
        return dialog_manager.changes(stage) if rows else dialog_manager.back(stage)

    # Buttons.

    def _press(self, token: str) -> list[Outgoing]:
        step, stage = _STEP.match(token), self.stage
        if step is None:
            if token in MENU_TOKENS:
                return self.menu()
            if token in HELP_TOKENS:
                return [self.turn.say("help.j2")]
            done = self.registry.press(self.turn, token)
            return done if done is not None else self._stale()
        if int(step[1]) != self.turn.talk.serial:
            return self._stale()
        if step[2] == "a":
            return self._action(step[3])
        if stage is None or stage.question is None:
            return self._stale()
        return dialog_manager.answer(stage, Pressed(step[3]))

    def _action(self, action: str) -> list[Outgoing]:
        stage = self.stage
        if stage is None:
            return self.menu()
        if action.startswith("c:"):
            return dialog_manager.revisit(stage, action[2:])
        if action == "restart":
            return dialog_manager.restart(stage)
        if action.startswith("kept:"):
            return self._kept(action[5:])
        own = stage.dialog.aside(self.turn, stage.context, stage.step.outcome, action)
        if own is not None:
            return own
        name = action.rstrip("?")
        return ON_DIALOG[name](self) if name in STEPS else dialog_manager.show(self.turn)

    def _stale(self) -> list[Outgoing]:
        rest = dialog_manager.show(self.turn) if self.stage else self.menu()
        return [self.turn.say("problem/messages.stale"), *rest]

    # Commands.

    def _command_named(self, text: str) -> str | None:
        word = vocabulary.command_word(text)
        core = vocabulary.ON_DIALOG.get(word)
        found = self.registry.words.get(word)
        return core or (found.name if found else None)

    def _do(self, name: str) -> list[Outgoing]:
        """Do a command by its name, whoever asks for it."""
        return ON_DIALOG[name](self) if name in ON_DIALOG else self._start(name)

    def _start(self, name: str) -> list[Outgoing]:
        command, turn = self.registry.commands[name], self.turn
        step = turn.talk.serial
        said = self.registry.start(turn, command)
        # What asks something itself is a step on; else back to what was asked.
        still = self.stage is not None and turn.memory.dialog is self.stage.state and turn.talk.serial == step
        return said + self._again() if command.aside and still else said

    def _again(self) -> list[Outgoing]:
        stage = self.stage
        return [dialog_manager.ask(stage, again=True)] if stage and stage.question else []

    def menu(self) -> list[Outgoing]:
        """Show what this person can do here."""
        return [self.registry.menu(self.turn, hello=False)]

    def _menu_word(self) -> list[Outgoing]:
        dialog_manager.park(self.turn)
        self.turn.step()
        return [self.registry.menu(self.turn, hello=self.fresh)]

    def _help(self) -> list[Outgoing]:
        return [self.turn.say("help.j2"), *self._again()]

    def _submit(self) -> list[Outgoing]:
        """提交, where something is open that can be submitted."""
        stage = self.stage
        if stage is None:
            return [self.turn.say("problem/messages.no_submit")]
        said = stage.dialog.submit(stage.turn, stage.context, stage.question)
        if said is None:
            return [self.turn.say("problem/messages.no_submit"), *self._again()]
        if isinstance(said, str):  # the answer that submits
            return dialog_manager.answer(stage, Known(said))
        return [*said, *self._again()]

    def _on_stage(self, act: Callable[[Stage], list[Outgoing]]) -> list[Outgoing]:
        return act(self.stage) if self.stage is not None else [self.turn.say("messages.menu_hint")]

    # Files.

    def _file(self, name: str) -> list[Outgoing]:
        turn = self.turn
        for feature in self.registry.features:
            for take in feature.takers:
                if said := take(turn, self.stage):
                    return said
        wanted = any(f.wants(turn, name) for f in self.registry.features if f.wants)
        said = [turn.say("problem/file.j2", name=name[:60], binding=wanted)]
        beside = turn.text.strip()  # what was written beside it is answered as ever
        return [*said, *(self._text(beside) if beside else self._again())]


HELP_TOKENS = ("help", "h")
ASKED_BACK = (
    "problem/messages.doubt",
    "problem/messages.unlisted",
    "check/messages.another_person",
    "check/not_now.j2",
)
STEPS = ("restart", "back", "change", "cancel")

# The words that work on whatever dialog is open.
ON_DIALOG: dict[str, Callable[[Router], list[Outgoing]]] = {
    "menu": Router._menu_word,
    "help": Router._help,
    "submit": Router._submit,
    "cancel": lambda router: router._on_stage(lambda stage: dialog_manager.cancel(stage.turn)),
    "back": lambda router: router._on_stage(dialog_manager.back),
    "change": lambda router: router._on_stage(dialog_manager.changes),
    "restart": lambda router: router._on_stage(dialog_manager.restart_question),
}
