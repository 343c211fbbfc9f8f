"""Two people in one draft: what a colleague changed meanwhile is told, and never overwritten silently."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.core.dialogs import vocabulary
from bot.core.dialogs.dialog import Choose, Question
from bot.core.messages import Outgoing
from bot.core.turn import Answers, Turn
from bot.features.report.context import Changed, Clash, News, ReportContext, Seen
from policy.form.form import Cell, Form, Measure
from storage.reports import cell_history
from storage.reports.cell_history import Edit
from storage.reports.reports import Snapshot

SEEN, CLASHES = "seen", "clashes"  # keys of the conversation's cursor; no question has them
NEWS_SHOWN = 8  # rows named in one piece of news


def seen_in(answers: Answers, snapshot: Snapshot | None) -> Seen | None:
    """From the conversation's cursor, if it speaks of this report."""
    raw = answers.get(SEEN)
    if not raw or snapshot is None or raw[0] != _place(snapshot):
        return None
    return Seen(*raw[1:])


def _place(snapshot: Snapshot) -> str:
    return f"{snapshot.institution_id}:{snapshot.quarter}"


def place_in(answers: Answers) -> int | None:
    """Whose report the conversation's cursor speaks of: the institution's id, as far as it is known."""
    named = answers.get("institution") or str((answers.get(SEEN) or [""])[0]).partition(":")[0]
    return int(named) if named else None


def note_shown(answers: Answers, snapshot: Snapshot | None, question: Question[object]) -> None:
    """Remember what was shown, to know later what its reader has not seen."""
    answers.pop(SEEN, None)
    if snapshot is not None:
        draft = snapshot.draft
        answers[SEEN] = [_place(snapshot), *((draft.id, draft.version) if draft else (0, 0)), question.id]


def news(turn: Turn, snapshot: Snapshot | None, seen: Seen | None, form: Form) -> News:
    """What others did since; read at the turn's first look, before it writes anything itself."""
    if snapshot is None:
        return News()
    return turn.once(f"news {_place(snapshot)}", lambda: _news(turn, snapshot, seen, form))


def _news(turn: Turn, snapshot: Snapshot, seen: Seen | None, form: Form) -> News:
    draft = snapshot.draft
    here = (draft.id, draft.version) if draft else (0, 0)
    if seen is None or here == (seen.revision_id, seen.version):
        return News()
    fate = None
    if seen.revision_id and seen.revision_id != here[0]:
        fate = cell_history.fate(turn.connection, seen.revision_id)
    if draft is None:
        return News(True, fate)
    versions = draft.version - seen.version if draft.id == seen.revision_id else None
    changed = cell_history.cells_since(turn.connection, draft.id, versions, turn.person_id)
    order = {m.id: i for i, m in enumerate(form.measures)}
    names = form.occupation_order({o for o, _ in changed})
    listed = []
    for place in sorted(changed, key=lambda p: (names.index(p[0]), order.get(p[1], 0))):
        now = snapshot.rows.get(place[0], {}).get(place[1])
        if now != changed[place].was:
            listed.append((*place, changed[place], now))
    rewritten = fate is None and not listed and _only_rewritten(turn, snapshot, versions)
    return News(True, fate, tuple(listed), rewritten)


def _only_rewritten(turn: Turn, snapshot: Snapshot, versions: int | None) -> bool:
    draft = snapshot.draft
    if draft is None or not versions or not cell_history.only_cells(turn.connection, draft.id, versions):
        return False
    anybodys = cell_history.cells_since(turn.connection, draft.id, versions, None)
    return all(snapshot.rows.get(o, {}).get(m) == edit.was for (o, m), edit in anybodys.items())


def carried(answers: Answers, seen: Seen | None, found: News, snapshot: Snapshot | None) -> Answers:
    """The answers, those about a version counting for the next when it says the very same."""
    if not found.rewritten or seen is None or snapshot is None or snapshot.draft is None:
        return answers
    old, new = f":{seen.version}", f":{snapshot.draft.version}"
    moved = {k.removesuffix(old) + new: v for k, v in answers.items() if k in _of_version(old)}
    return {**moved, **answers}


def is_shown(question: Question[object], seen: Seen, found: News) -> bool:
    """Whether it is the question last shown, though about a later version that says the very same."""
    if question.id == seen.question:
        return True
    kind = question.id.partition(":")[0]
    return found.rewritten and f"{kind}:{seen.version}" == seen.question in _of_version(f":{seen.version}")


def _of_version(suffix: str) -> tuple[str, ...]:
    return tuple(kind + suffix for kind in ("review", "add", "confirm"))


@dataclass
class ChangedRow:
    """What one colleague changed in one row: (measure, what it was, what it is)."""

    occupation: str
    edit: Edit
    cells: list[tuple[Measure, Cell, Cell]] = field(default_factory=list)


def tell(turn: Turn, context: ReportContext) -> list[Outgoing]:
    """The news in words, once; nothing when no colleague did anything."""
    said = context.news
    theirs = said.fate is not None and said.fate.person_id != turn.person_id
    if not (said.cells or theirs):
        return []
    rows: dict[tuple[str, int | None], ChangedRow] = {}
    for occupation, measure, edit, now in said.cells:
        row = rows.setdefault((occupation, edit.person_id), ChangedRow(occupation, edit))
        row.cells.append((context.form.measure(measure), edit.was, now))
    shown, more = list(rows.values())[:NEWS_SHOWN], max(0, len(rows) - NEWS_SHOWN)
    return [turn.say("report/news.j2", fate=said.fate if theirs else None, rows=shown, more=more)]


def editors(turn: Turn, snapshot: Snapshot | None) -> Changed:
    """Who of the others last changed each cell of the draft."""
    draft = snapshot.draft if snapshot else None
    return cell_history.cells_since(turn.connection, draft.id, None, turn.person_id) if draft else {}


def clashes_in(answers: Answers, snapshot: Snapshot | None) -> tuple[Clash, ...]:
    """The open ones: those whose values still differ."""
    if snapshot is None or snapshot.draft is None:
        return ()
    found = (Clash(*raw) for raw in answers.get(CLASHES, ()))
    return tuple(c for c in found if snapshot.rows.get(c.occupation, {}).get(c.measure) not in (None, c.mine))


@dataclass(frozen=True, kw_only=True)
class AskWhich(Choose):
    """Which of two values stands; `…_all` answers for every open clash."""

    occupation: str
    measure: Measure
    mine: Cell
    theirs: Cell

    @classmethod
    def of(cls, form: Form, clash: Clash, theirs: Cell, edit: Edit | None, left: int) -> AskWhich:
        """`theirs` is what the cell holds now, `edit` who made it so, `left` how many clashes are open."""
        measure = form.measure(clash.measure)
        data = {"edit": edit, "left": left}
        values = ("theirs", "mine", *(("theirs_all", "mine_all") if left > 1 else ()))
        typed = dict.fromkeys(("我的", "用我的", "以我的为准"), "mine")
        for who in dict.fromkeys(("对方", "同事", "他", "她", "别人", (edit.by if edit else None) or "同事")):
            typed |= dict.fromkeys((f"{who}的", f"用{who}的", f"以{who}的为准"), "theirs")
        every = {f"都{word}": f"{value}_all" for word, value in typed.items() if word.startswith("用")}
        asked = f"clash:{clash.occupation}/{clash.measure}"
        return cls(
            asked,
            "report/clash.j2",
            data,
            values=values,
            typed={**typed, **(every if left > 1 else {})},
            occupation=clash.occupation,
            measure=measure,
            mine=clash.mine,
            theirs=theirs,
        )

    def read(self, text: str) -> str:
        """As said in words, or the figure that is to stand."""
        plain = vocabulary.tidy(text)
        figures = {self.measure.show(self.theirs): "theirs", self.measure.show(self.mine): "mine"}
        return figures.get(plain) or super().read(plain)


async def settle(context: ReportContext) -> None:
    """Ask about every clash before anything else."""
    rows = context.snapshot.rows if context.snapshot else {}
    for i, clash in enumerate(context.clashes):
        theirs = rows[clash.occupation][clash.measure]
        edit = context.edited.get((clash.occupation, clash.measure))
        await context.named(AskWhich.of(context.form, clash, theirs, edit, len(context.clashes) - i))


def settled(
    turn: Turn, context: ReportContext, question: AskWhich, value: str
) -> list[tuple[str, Measure, Cell]]:
    """Take what was decided from the cursor; the cells to write: (occupation, measure, value)."""
    answers, here = turn.state.answers, (question.occupation, question.measure.id)
    every = value.endswith("_all")
    decided = [c for c in context.clashes if every or (c.occupation, c.measure) == here]
    gone = {(c.occupation, c.measure) for c in decided}
    answers[CLASHES] = [c for c in answers.get(CLASHES, ()) if (c[0], c[1]) not in gone]
    if value.startswith("theirs"):
        return []
    return [(c.occupation, context.form.measure(c.measure), c.mine) for c in decided]


def keep(turn: Turn, occupation: str, cells: dict[str, Cell]) -> None:
    """Put values aside until it is said which stands."""
    if not cells:
        return
    answers = turn.state.answers
    kept = [c for c in answers.get(CLASHES, ()) if not (c[0] == occupation and c[1] in cells)]
    answers[CLASHES] = [*kept, *([occupation, m, cell] for m, cell in cells.items())]


def changed_by_others(
    turn: Turn, context: ReportContext, since: int | None = None, revision_id: int | None = None
) -> Changed:
    """Cells of the draft that somebody else wrote since this conversation was last shown it.

    `since` and `revision_id` name another moment: the one at which a form was handed out.
    """
    draft = context.snapshot.draft if context.snapshot else None
    if draft is None:
        return {}
    if since is None or revision_id is None:
        return {(o, m): edit for o, m, edit, _ in context.news.cells}
    if revision_id != draft.id or since >= draft.version:
        return {}
    return cell_history.cells_since(turn.connection, draft.id, draft.version - since, turn.person_id)


def part(
    context: ReportContext, changed: Changed, occupation: str, cells: dict[str, Cell]
) -> tuple[dict[str, Cell], dict[str, Cell]]:
    """(cells that can be written, cells that a colleague set to something else meanwhile)."""
    row = context.snapshot.rows.get(occupation, {}) if context.snapshot else {}
    disputed = {
        m: cell for m, cell in cells.items() if (occupation, m) in changed and row.get(m) not in (None, cell)
    }
    return {m: cell for m, cell in cells.items() if m not in disputed}, disputed
