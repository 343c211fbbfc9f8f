"""A separate page as text: measures issued, good practice, or problems (the form's note)."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.dialogs import vocabulary as said
from bot.core.dialogs.dialog import Dialog, Outcome
from bot.core.dialogs.prompts import WriteLines
from bot.core.messages import Outgoing
from bot.core.turn import Answers, Turn
from storage.reports import attachments, drafts, reports
from storage.reports.attachments import KINDS
from storage.reports.reports import Snapshot

LONGEST = 2000
_NOTHING = frozenset("暂无 没有内容 没什么 没问题 没有问题 无问题 未发现问题 没有发现问题 没有可写的".split())


@dataclass(frozen=True)
class WritePage(WriteLines):
    """A page's text; who writes that there is nothing leaves the page out."""

    def read(self, text: str) -> str:
        """The text, "" for 没有 and the like."""
        if said.tidy(text) in said.NO | _NOTHING:
            return ""
        return super().read(text)


@dataclass(frozen=True)
class Written(Outcome):
    """The page's text."""

    words: str


@dataclass(frozen=True)
class PageContext:
    """Which page of which report, and what it holds now; `snapshot` is None where it is not theirs."""

    kind: str = "measures"
    now_is: str = ""
    snapshot: Snapshot | None = None


class PageDialog(Dialog[PageContext, Written]):
    """One question. Its place was given when it began."""

    name = "page"
    park = False

    def load(self, turn: Turn, answers: Answers) -> tuple[PageContext, Answers]:
        """What the page holds now."""
        mine = any(m.institution_id == answers.get("institution") for m in turn.institutions)
        if not mine or answers.get("kind") not in KINDS:
            return PageContext(), answers
        snapshot = reports.snapshot(turn.connection, answers["institution"], answers["quarter"])
        kept = attachments.of(turn.connection, snapshot.shown.id).words if snapshot.shown else {}
        return PageContext(answers["kind"], kept.get(answers["kind"], ""), snapshot), answers

    async def run(self, context: PageContext) -> Written:
        """The text; 跳过 takes out what there was."""
        return Written(
            await WritePage("words", "report/page.j2", vars(context), longest=LONGEST, skippable=True)
        )

    def finish(self, turn: Turn, context: PageContext, outcome: Written) -> list[Outgoing]:
        """Keep it in the draft, which begins with it when there is none."""
        snapshot, kind = context.snapshot, context.kind
        if snapshot is None:
            return [turn.say("messages.left")]
        place = f"{snapshot.institution_id}:{snapshot.quarter}"
        if snapshot.shown is not None and snapshot.draft is None:
            return [turn.say("report/file_later.j2", kind=kind, place=place)]
        me, now = turn.person_id, turn.now
        draft = snapshot.draft or drafts.begin_draft(
            turn.connection, snapshot.institution_id, snapshot.quarter, me, now, turn.closes(snapshot.quarter)
        )
        attachments.write_page(turn.connection, draft, kind, outcome.words, me, now)
        return [turn.say("report/messages.page_kept", kind=kind, length=len(outcome.words), place=place)]
