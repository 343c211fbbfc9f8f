"""What was asked: whose point it is, for which group of people, and whether the notice writes it.

The index finds the topic. Here it is decided how deep the answer goes: *exact*, the entry's point is the
question's; *unwritten*, the point is on the reviewed list of those the notice does not write; *unsure*,
the topic is clear and the point was not recognised; *group*, a group of people at a step or benefit. In
doubt an answer is never exact: what it would then say might be a statement the notice does not make.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from policy.answers.entries import Answers, Entry
from policy.answers.groups import ENROL, KIN, WORKER, Composed, Named, Step, without
from policy.answers.unwritten import Unwritten
from policy.index.half_questions import is_half, on_topic
from policy.index.index import ALMOST, COMPLETE, MOST_TOLD, Found, Index
from policy.index.marks import MARK
from policy.index.marks import marks as asks
from policy.index.parts import Kind, Part, Topic, Understood, each_once
from policy.index.signals import Judged, negated, polarity
from policy.reading.text import LONGEST, bare, unified

MOST_GROUPS = 3  # so many facts about oneself are told one by one
# A text so short that is hardly foreign and nothing by itself is on the answer before.
SHORT, SHORT_OURS, HALF_OURS = 8, 0.07, 0.1
LITTLE = 4  # characters beside a group's name, in half a question
HALF = 12  # a text so short may leave out what the one before it was about
# A group and a step, both named, make a question ours from this probability on.
# (A yes-or-no question is more likely one than 低保怎么申请.)
# One that sounds of another office needs more, unless it speaks of learning or of a certificate too.
NAMED_OURS, OPEN_OURS, TOPIC_OURS, AMID_OURS, BESIDE_OURS = 0.003, 0.05, 0.05, 0.02, 0.1
# Words of a point that is not written, in a question that is so surely the entry's own point: they
# stood there for something else. In between nothing is said of what is written.
OWN_POINT, OWN_PERHAPS = 0.9, 0.8
# So long, and so surely on another clause, a text names its topic in words that are no topic's.
WHOLE, WHOLE_SURE = 5, 0.85
GRANTED, GRANTED_LIKE = 0.7, 0.45  # so surely the entry's point, and so like a line of it, it may say yes
BESIDE = 1.2  # of two clauses so close neither is the topic for certain: both are shown
FIELDS = "一"  # a field named beside a group says what they do, not what they ask
# Whether something stands in a list the notice prints, and what asks for more than that.
LISTS = re.compile(r"有(没有?)?|在|算|包|属于|是|也|要|[吗么嘛吧不没]$")
_MORE = re.compile(r"多少|[几谁]|怎|咋|哪|多久|多长|什么时候|啥时|为什么|为啥")
_WHY = re.compile(
    r"^(那|这)?(是)?(为什么|为啥|凭什么|凭啥|咋就|怎么就|怎么)(呢|啊|呀|会|就)?(不行|不能|不可以|不给|这样|不让|不算|可以|行)?(呢|啊|呀|了|吗)?$"
)
_NEXT = re.compile(
    r"^(那|好的?|行)?(然后|接下来|下一步|之后|再往后|后面)(呢|怎么办|咋办|咋弄|咋整|(该|要)?(干啥|干嘛|弄啥|整啥|做啥|做什么|干什么|怎么做|怎么走|咋走|去哪|是啥|是什么)|该怎么办)?(呢|啊|呀)?$"
)
_MINE = re.compile(r"我|俺|咱")
# More than the plain yes is asked: 必须, 自动, 只…. No entry grants so much.
_STRICT = re.compile(
    r"必须|一定|保证|自动|只[要能有是]|就[能行可]|直接|随便|所有|立马|强制|肯定|不管|全[部都包]|永远|马上|提前"
)
# Words that can mean nothing but taking part.
_ENROLS = re.compile(
    r"报名|参加|参训|(能|可以|可|让|准)(去|来|跟着)?(学|听课|上课)|报(这|个|班|得|不|吗)|(收|招|要)(不)?(收|招|要)?(我|俺|这|他|她)|培训对象|从业人员"
)
_MONEY = re.compile(r"钱|费|补贴|奖|工资")
_LEARNS = re.compile(r"培训|证|考|学|班")
_OTHERS = re.compile(
    r"儿子|女儿|孩子|老公|老婆|爱人|对象|同事|员工|朋友|他|她|别人|同学|爸|妈|哥|姐|弟|妹|亲戚|机构"
)
# What may stand beside the name of a group when somebody only says who they are.
_SAYS_WHO = re.compile(
    r"我|俺|咱|是|的|呢|那|也|属于|算|一个|一名|如果|要是|换成|啊|呀|吧|嘛|吗|么|不|行|可以|能|话|人|员"
)


@dataclass(frozen=True, eq=False)
class QuestionReader:
    """What reads a question: the index, the entries, the groups and steps, the points not written."""

    index: Index
    answers: Answers
    composed: Composed
    unwritten: Unwritten

    def understand(self, text: str, topic: Topic | None = None) -> Understood:
        """Read one message; `topic` is what the conversation was about. Never raises, whatever the text."""
        plain = bare(unified(text))
        if self.index.known_for(plain, ALMOST):
            topic = None  # it needs no help
        if topic is not None and topic.entry not in self.answers.entries:
            topic = None
        if topic is not None and (
            said := self._about_the_last(plain, topic)
            or self._says_who(plain, topic)
            or self._half(plain, topic)
        ):
            return said
        if said := self._each(text):
            return said
        reading = self.index.read(text, topic.entry if topic else None)
        found = reading.found
        if topic is not None and (part := self._asks_on(plain, found, topic)):
            return Understood(
                Found("answer", (part.entry,), tuple(e for e in found.entries if e != part.entry)), (part,)
            )
        if found.kind == "answer":
            if not reading.asked or not self.answers.entries[found.entries[0]].clauses:
                return Understood(found, (Part(found.entries[0], "exact"),))
            pairs = zip(found.entries, reading.asked, strict=True)
            told = (p for entry, judged in pairs for p in self._parts(entry, judged, topic))
            parts = each_once(told)
            entries = tuple(p.entry for p in parts)
            near = tuple(e for e in (*found.entries, *found.near) if e not in entries)[:3]
            return Understood(Found("answer", entries, near, left=found.left), parts)
        if reading.asked and (parts := self._rescued(found, reading.asked[0], topic)):
            entries = tuple(p.entry for p in parts)
            return Understood(
                Found("answer", entries, tuple(e for e in found.entries if e not in entries)), parts
            )
        return Understood(found)

    def _each(self, text: str) -> Understood | None:
        """Several questions that marks set apart: each by itself, its group and topic from those before."""
        self.index.forget()
        asked = self.index.questions(unified(text[: LONGEST * 4]))
        if not asked:
            return None
        told: list[tuple[Part, ...]] = []
        left: list[str] = []
        named: list[Named] = []
        topic: Topic | None = None
        for words in asked:
            plain = bare(words)
            named = self.composed.groups_in(plain) or named
            parts = self._one_of_several(plain, named, topic)
            if parts is None:
                return None  # small talk, or another office's: the whole is looked at
            if parts and len(told) < MOST_TOLD:
                told.append(parts)
                topic = Topic(parts[-1].entry, parts[-1].group)
            else:
                left.append(words.strip())
        parts = each_once(p for each in told for p in each)
        if len(told) < 2 or len(parts) < 2:
            return None
        return Understood(Found("answer", tuple(p.entry for p in parts), left=tuple(left)), parts)

    def _one_of_several(self, plain: str, named: list[Named], topic: Topic | None) -> tuple[Part, ...] | None:
        """How one of several questions is answered; () when it was not understood, None for none of ours."""
        judged = self.index.judge(plain)
        if judged.chat or (judged.neighbour and not named):
            return None
        here = self.composed.groups_in(plain)
        steps = self.composed.steps_in(without(plain, here))
        first = self.index.weights.entries[judged.total.index(max(judged.total))]
        own = self.composed.step_of(first)
        if named and steps and (own in steps or not self.index.sure(judged)):
            step = self._liveliest(judged, steps)
            return self._group_parts(step.entry, list(named), step, plain)
        if self.index.sure(judged):
            return self._parts(first, judged, None)
        if topic is not None and (said := self._half(plain, topic)):
            return said.parts
        return ()

    def _about_the_last(self, plain: str, topic: Topic) -> Understood | None:
        """为什么, 然后呢: about the answer just given."""
        if _WHY.match(plain):
            return Understood(
                Found("answer", (topic.entry,)), (Part(topic.entry, "exact", why=True, group=topic.group),)
            )
        if _NEXT.match(plain) and (then := self.composed.after(topic.entry)):
            return Understood(Found("answer", (then,)), (Part(then, "exact"),))
        return None

    def _half(self, plain: str, topic: Topic) -> Understood | None:
        """多久, 他要是不给呢: no topic of its own, so one of the entries on the clause just answered."""
        if not self.answers.entries[topic.entry].clauses or not is_half(plain):
            return None
        alone = self.index.judge(plain)
        talk = alone.all_chat and set(asks(plain)) <= {f"{MARK}whether"}  # 在吗
        if self.composed.groups_in(plain) or talk or alone.ours < HALF_OURS:
            return None
        own = self.answers.entries[self.index.weights.entries[alone.total.index(max(alone.total))]]
        elsewhere = not set(own.clauses) & set(self.answers.entries[topic.entry].clauses)
        if elsewhere and len(plain) >= WHOLE and alone.ours * alone.right > WHOLE_SURE:
            return None  # 老板不让去咋办
        entry, joint = on_topic(self.index, plain, topic.entry)
        told = self.answers.entries[entry]
        part = replace(self._point_part(told, joint, plain), group=topic.group)
        if part.kind == "exact" and _MONEY.search(plain) and not _MONEY.search(told.answer):
            return None  # 那钱呢, after an answer that tells nothing of money
        return Understood(Found("answer", (entry,)), (part,))

    def _asks_on(self, plain: str, found: Found, topic: Topic) -> Part | None:
        """几天能下来, 写不下的呢: half a question that says nothing of its topic, on the answer before."""
        entry = self.answers.entries[topic.entry]
        two = found.kind == "answer" and len(found.entries) > 1
        if two or not entry.clauses or not 1 < len(plain) <= HALF:
            return None
        judged = self.index.judge(plain)
        if judged.neighbour or judged.all_chat or judged.ours * judged.right > COMPLETE:
            return None
        if self.unwritten.missing(entry, plain):
            return self._point_part(entry, judged, plain)
        if found.kind == "refuse" and len(plain) <= SHORT and judged.ours > SHORT_OURS:
            return Part(entry.id, "unsure", group=topic.group)
        return None

    def _says_who(self, plain: str, topic: Topic) -> Understood | None:
        """我是公务员, 那返聘的呢: a group and nothing else, read at the step answered before."""
        named = self.composed.groups_in(plain) if len(plain) <= HALF else []
        if not named:
            return None
        step = self.composed.step_of(topic.entry)
        if step is None or _SAYS_WHO.sub("", without(plain, named)):
            return None
        parts = self._group_parts(step.entry, named, step, plain)
        return Understood(Found("answer", tuple(p.entry for p in parts)), parts) if parts else None

    def _rescued(self, found: Found, judged: Judged, topic: Topic | None) -> tuple[Part, ...]:
        """A group at a step, or a point not written, in a text that the index alone would not answer."""
        named = self.composed.groups_in(judged.text)
        if found.kind == "choose" and not named:
            for entry in (self.answers.entries[e] for e in found.entries):
                if self.unwritten.missing(entry, judged.text):
                    return (self._point_part(entry, judged, judged.text),)
        enough = OPEN_OURS if polarity(judged.text) == "open" else NAMED_OURS
        if judged.neighbour:
            enough = AMID_OURS if _LEARNS.search(judged.text) else BESIDE_OURS
        ours = judged.ours > TOPIC_OURS and not judged.chat and not judged.neighbour
        if found.kind == "refuse" and ours and (part := self._named_topic(judged)):
            return (part,)
        if not named or judged.chat:
            return ()
        steps = self.composed.steps_in(without(judged.text, named))
        before = self.composed.step_of(topic.entry) if topic else None
        if steps and judged.ours > enough:
            step = self._liveliest(judged, steps)
        elif before is not None and found.kind == "refuse" and _says_little(judged, named):
            step = before
        else:
            return ()
        return self._group_parts(step.entry, named, step, judged.text)

    def _named_topic(self, judged: Judged) -> Part | None:
        """合格证丢了咋整, 考场能带手机不: the topic is named outright."""
        for entry_id, nouns in self.unwritten.topics.items():
            entry = self.answers.entries[entry_id]
            if any(noun in judged.text for noun in nouns) and self.unwritten.missing(entry, judged.text):
                return self._point_part(entry, judged, judged.text)
        for entry_id, words in self.unwritten.subjects.items():
            if any(word in judged.text for word in words):
                return self._point_part(self.answers.entries[entry_id], judged, judged.text)
        return None

    def _liveliest(self, judged: Judged, steps: list[Step]) -> Step:
        """Of several steps the one whose entries the index ranks first; taking part only if it is alone."""
        wanted = [s for s in steps if s.id != ENROL] or steps
        scores = dict(zip(self.index.weights.entries, judged.total, strict=False))
        return max(wanted, key=lambda s: (max(scores.get(e, -9.0) for e in s.entries), s.rank))

    def _parts(self, entry_id: str, judged: Judged, topic: Topic | None) -> tuple[Part, ...]:
        """How one question, whose topic is that entry, is answered."""
        named = self.composed.groups_in(judged.text)
        rest = without(judged.text, named)
        before = self.composed.step_of(topic.entry) if topic else None
        half = topic is not None and len(judged.text) <= HALF
        mine = bool(_MINE.search(judged.text)) and not _OTHERS.search(judged.text)
        if not named and half and mine and topic and topic.group in self.composed.groups:
            named = [Named(self.composed.groups[topic.group], self.composed.groups[topic.group].name, (0, 0))]
        if named and all(n.group.id == KIN for n in named):  # whose it is changes nothing of the point
            own = self._point_part(self.answers.entries[entry_id], judged, rest)
            if own.kind == "exact":
                return (replace(own, opens=""),)
        step = self._step(entry_id, judged, rest, before if half else None) if named else None
        if step is not None and (parts := self._group_parts(entry_id, named, step, judged.text)):
            return parts
        return (self._point_part(self.answers.entries[entry_id], judged, rest),)

    def _step(self, entry_id: str, judged: Judged, rest: str, before: Step | None) -> Step | None:
        """The step or benefit that is wanted for a group; None when the question is on something else."""
        own, said = self.composed.step_of(entry_id), self.composed.steps_in(rest)
        if own is None:
            unsure = self.index.exactness(judged, entry_id) < self.index.header["exact_above"]
            entry = self.answers.entries[entry_id]
            beside = unsure or entry.clauses[0] == FIELDS or self.unwritten.missing(entry, rest)
            return self._liveliest(judged, said) if said and beside else None
        if own.id != ENROL:
            enrols = own not in said and _ENROLS.search(rest) and all(s.id == ENROL for s in said)
            return self.composed.steps[ENROL] if enrols else own
        others = [s for s in said if s.id != ENROL]
        if others:
            return self._liveliest(judged, others)
        return before if before is not None and not said else own

    def _enrolled(self, named: list[Named], step: Step, plain: str) -> Iterator[Part]:
        """Groups and taking part: each group's entry, or what the notice says of groups it does not name."""
        library = self.answers.entries
        alone = len(named) == 1
        for group in named:
            sentence = self.composed.sentence([group], step)
            entry = library[group.group.entry]
            missing = self.unwritten.missing(entry, without(plain, named))
            said = missing is None or missing.id in entry.points
            kind: Kind = "group" if sentence else "exact" if missing is None else "unwritten"
            if sentence and missing is None and group.group.enrol == WORKER:
                kind = "covered"
            opens = _opens(entry, plain) if alone and kind == "exact" else ""
            name = "" if said or missing is None else missing.name
            yield Part(entry.id, kind, name, opens, sentence, group=group.group.id)

    def _group_parts(self, entry_id: str, named: list[Named], step: Step, plain: str) -> tuple[Part, ...]:
        """Groups at a step: the step's clause, the group in the sentence."""
        library = self.answers.entries
        named = [n for n in named if n.group.only in ("", step.id)]
        if not named:
            return ()
        named.sort(key=lambda n: not n.group.bars)
        if step.id == ENROL:
            told: dict[str, Part] = {}
            for part in self._enrolled(named, step, plain):
                told.setdefault(part.entry, part)
            return tuple(told.values())[:MOST_GROUPS]
        group = named[0]
        barred = ("三",) if group.group.bars else ()
        entry = library[entry_id if entry_id in step.entries else step.entry]
        missing = self.unwritten.missing(entry, without(plain, named))
        says = self.composed.sentence(named, step)
        if not entry.unwritten:
            entry = library[step.entry]
        part = Part(
            entry.id,
            "group",
            missing="" if missing is None or missing.id in entry.points else missing.name,
            sentence=says,
            clauses=(*barred, step.clause),
            group=group.group.id,
        )
        return (part,)

    def _point_part(self, entry: Entry, judged: Judged, rest: str) -> Part:
        """One question on an entry's topic."""
        missing = self.unwritten.missing(entry, rest)
        sure = self.index.exactness(judged, entry.id)
        perhaps = OWN_PERHAPS if not negated(rest) else OWN_POINT
        if missing is not None and (entry.unwritten or sure < perhaps):
            said = missing.id in entry.points
            rival = "" if said else self._rival(entry, judged)
            return Part(entry.id, "unwritten", missing="" if said else missing.name, also=rival)
        if entry.unwritten:
            return Part(entry.id, "exact")
        above = self.index.header["exact_above"] if missing is None else OWN_POINT
        if sure >= above and not (missing and negated(rest)):
            return Part(entry.id, "exact", opens="" if missing else self._granted(entry, judged))
        if entry.members and LISTS.search(rest) and not _MORE.search(rest):
            mended = self.index.weights.repaired(rest)
            if any(word in rest or word in mended for word in entry.members.split()):
                return Part(entry.id, "exact", opens=_opens(entry, mended))
        return Part(entry.id, "unsure", also=self._rival(entry, judged))

    def _granted(self, entry: Entry, judged: Judged) -> str:
        """The word that grants what was asked: only for a question much like the entry's own."""
        word = _opens(entry, judged.text)
        if not word or self.index.exactness(judged, entry.id) < GRANTED:
            return ""
        return word if self.index.weights.likeness(judged.scores, entry.id)[0] >= GRANTED_LIKE else ""

    def _rival(self, entry: Entry, judged: Judged) -> str:
        """The entry on another clause that is nearly as likely to be the topic; "" where none is."""
        clause, scores = self.index.header["clause"], judged.total
        ranked = sorted(zip(scores, self.index.weights.entries, strict=False), reverse=True)
        own = next((s for s, e in ranked if e == entry.id), 9.0)
        other = next(((s, e) for s, e in ranked if clause[e] not in entry.clauses), (-9.0, ""))
        return other[1] if own - other[0] < BESIDE else ""


def _says_little(judged: Judged, named: list[Named]) -> bool:
    """Whether a short text holds little beside a group's name; of another office's words next to nothing."""
    left = _SAYS_WHO.sub("", without(judged.text, named))
    return len(judged.text) <= HALF and len(left) <= (1 if judged.neighbour else LITTLE)


def _opens(entry: Entry, plain: str) -> str:
    """The word that grants what was asked, where the question wants to hear just this."""
    if not entry.opens or polarity(plain) != "yes":
        return ""
    if _STRICT.search(plain):
        return ""
    words = entry.opens_for.split()
    return entry.opens if not words or any(w in plain for w in words) else ""
