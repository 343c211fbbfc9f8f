"""Policy questions, what people think of the answers, and the office's queue."""

from functools import partial

from bot.core.feature import Button, Command, Feature
from bot.core.permissions import OFFICE, PUBLIC, SELF
from policy.corpus import Corpus


def feature(corpus: Corpus) -> Feature:
    """Return what asking and answering adds. Imported late: a cold `ask` needs no dialog."""
    from bot.features.questions import desk, feedback, jobs, knowledge, readers
    from bot.features.questions.complaint_dialog import ComplaintDialog
    from bot.features.questions.desk_dialogs import NewEntryDialog, PhrasingDialog, ReplyDialog
    from bot.features.questions.handover_dialog import HandoverDialog

    return Feature(
        "questions",
        dialogs=(HandoverDialog(), ComplaintDialog(), ReplyDialog(), PhrasingDialog(), NewEntryDialog()),
        commands=(
            Command("topics", "常见问题 目录 问题目录 /topics", knowledge.topics, PUBLIC),
            Command(
                "original",
                "原文 看原文 条款原文 为啥 为什么 凭啥 凭什么",
                knowledge.last_original,
                PUBLIC,
                aside=True,
            ),
            Command(
                "handover",
                "转人工 人工 找人工 人工服务 转人工服务 我要转人工 客服 人工客服 /human",
                feedback.hand_over,
                SELF,
                aside=True,
            ),
            Command("complain", "写一条投诉线索 写投诉线索 提交投诉线索", knowledge.complain, SELF),
            Command("desk", "待答问题 待答 /desk", desk.waiting, OFFICE, aside=True),
            Command("counted", "问答统计 没答好的", desk.counted, OFFICE, aside=True),
            # Only the office has a list of them; to anybody else the word means writing one.
            Command("complaints", "投诉线索 投诉线索列表", knowledge.complaints, SELF, aside=True),
        ),
        buttons=(
            Button("topics", knowledge.topic, PUBLIC, alias="t"),
            Button("entry", knowledge.entry, PUBLIC, alias="q"),
            Button("original", knowledge.original, PUBLIC, alias="o"),
            Button("clause", knowledge.clause, PUBLIC, alias="cl"),
            Button("job", jobs.press, PUBLIC),
            Button("up", feedback.up, SELF),
            Button("down", feedback.down, SELF),
            Button("why", feedback.why, SELF),
            Button("pick", feedback.pick, PUBLIC, alias="pk"),
            Button("handover", feedback.hand, SELF, alias="hm"),
            Button("complain", lambda turn, _: knowledge.complain(turn), SELF, alias="do:complaint"),
            Button("desk.list", desk.waiting, OFFICE, alias="dk:l"),
            Button("desk.open", desk.opened, OFFICE, alias="dk:o"),
            Button("desk.reply", partial(desk.work_on, "desk-reply"), OFFICE, alias="dk:r"),
            Button("desk.phrasing", partial(desk.work_on, "desk-phrasing"), OFFICE, alias="dk:p"),
            Button("desk.entry", partial(desk.work_on, "desk-entry"), OFFICE, alias="dk:n"),
            Button("desk.askdrop", desk.ask_drop, OFFICE, alias="dk:d"),
            Button("desk.drop", desk.drop, OFFICE, alias="dk:D"),
            Button("desk.askalike", desk.ask_drop_alike, OFFICE),
            Button("desk.alike", desk.drop_alike, OFFICE),
            Button("desk.counted", desk.counted, OFFICE),
            Button("tip.list", desk.complaint_list, OFFICE, alias="ct:l"),
            Button("tip.open", desk.complaint_opened, OFFICE, alias="ct:o"),
            Button("tip.done", desk.complaint_handled, OFFICE, alias="ct:h"),
        ),
        readers=(readers.RECEIPT, jobs.JOB, readers.QUESTION),
        jobs={name: job.right for name, job in jobs.JOBS.items()},
        asking=readers.ask,
    )
