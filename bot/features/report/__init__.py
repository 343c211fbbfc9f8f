"""The quarterly report of an institution."""

from functools import partial

from bot.core.feature import Button, Command, Feature
from bot.core.messages import Outgoing
from bot.core.permissions import INSTITUTION_IF_ANY, OWN_INSTITUTION
from bot.core.turn import Turn
from policy.corpus import Corpus
from storage.reports.returned_cells import ReportClosed


def _closed(turn: Turn, closed: ReportClosed) -> list[Outgoing]:
    """By a button or file that does not look at the report first."""
    return [turn.say("report/closed.j2", quarter=closed.quarter, closed=closed.closes_at, receipt=None)]


def feature(corpus: Corpus) -> Feature:
    """Return what reporting adds."""
    from bot.features.report import actions, own_report, prefill, row_actions, selection, uploads
    from bot.features.report.editing.dialog import ReportDialog
    from bot.features.report.greeting import of_day
    from bot.features.report.lead import actions as lead_actions
    from bot.features.report.lead.dialog import LeadDialog
    from bot.features.report.page_dialog import PageDialog
    from bot.features.report.sheet import actions as sheet_actions
    from bot.features.report.typed_figures import FIGURES

    def of_report(name: str, alias: str = "") -> Button:
        return Button(name, partial(actions.press, name), OWN_INSTITUTION, alias)

    def of_rows(name: str, alias: str = "") -> Button:
        return Button(name, partial(row_actions.press, name), OWN_INSTITUTION, alias)

    return Feature(
        "report",
        dialogs=(ReportDialog(), PageDialog(), LeadDialog()),
        commands=(
            Command(
                "report",
                "填报 填表 报表 报数 继续填报 我要填报 季报 /report",
                selection.begin,
                INSTITUTION_IF_ANY,
            ),
            Command(
                "form", "下载表格 下载情况表 下载表 空表", actions.download, INSTITUTION_IF_ANY, aside=True
            ),
            Command(
                "annex",
                "附页 附件页 看附件 附件和盖章件 /annex",
                actions.annex,
                INSTITUTION_IF_ANY,
                aside=True,
            ),
            Command(
                "history",
                "历史 看历次 历次 报送历史 历史版本 /history",
                actions.past,
                INSTITUTION_IF_ANY,
                aside=True,
            ),
            Command(
                "lead", "复核 待复核 待我复核 内部复核", lead_actions.waiting, INSTITUTION_IF_ANY, aside=True
            ),
            Command(
                "mine",
                "交了吗 交了没 我交了吗 我交了没 我交了没有 报了吗 报了没 我报了吗 我报了没 报上了吗 "
                "报上了没 报成了吗 查一下我报的数 我报的数 看我报的数 我报的 我的报表 回执 "
                "看回执 我的回执 下载 撤回 我要撤回 撤销",
                own_report.state,
                INSTITUTION_IF_ANY,
                own=True,
                aside=True,
            ),
            Command(
                "print",
                "打印 打印表 打印表格 打印盖章 盖章 盖章表 盖章用表",
                own_report.print_,
                INSTITUTION_IF_ANY,
                own=True,
                aside=True,
            ),
            Command(
                "correct",
                "更正 我要更正 要更正 更正报表 报错了 我报错了 填错了",
                own_report.correct,
                INSTITUTION_IF_ANY,
                own=True,
                aside=True,
            ),
        ),
        buttons=(
            Button("report", lambda turn, _: selection.begin(turn), INSTITUTION_IF_ANY, alias="go:report"),
            of_report("fill"),
            of_report("form"),
            of_report("print", "prn"),
            of_report("print.pdf"),
            of_report("attach", "att"),
            of_report("pages", "pg"),
            of_report("page.write", "pgt"),
            of_report("page.drop", "pgd"),
            of_report("history", "hist"),
            Button("fix", partial(actions.press, "fill"), OWN_INSTITUTION),
            Button("correct", own_report.press_correct, OWN_INSTITUTION, alias="cor"),
            Button("prefill", prefill.prefill, OWN_INSTITUTION, alias="pre"),
            Button("row", row_actions.row, OWN_INSTITUTION),
            Button("cell", row_actions.cell, OWN_INSTITUTION),
            of_rows("remove", "rm"),
            of_rows("remove.sure", "rmy"),
            of_rows("zero.sure", "zeroy"),
            of_rows("idle.sure"),
            Button("sheet", sheet_actions.start, OWN_INSTITUTION),
            Button("sheet.put", sheet_actions.put, OWN_INSTITUTION),
            Button("sheet.done", sheet_actions.done, OWN_INSTITUTION),
            Button("lead.list", lambda turn, _: lead_actions.waiting(turn), INSTITUTION_IF_ANY, alias="ld:l"),
            Button("lead.confirm", lead_actions.confirm, OWN_INSTITUTION, alias="ld:ok"),
            Button("lead.return", lead_actions.send_back, OWN_INSTITUTION, alias="ld:no"),
        ),
        readers=(actions.FILE_KIND, selection.NAMED, FIGURES),
        takers=(uploads.take_file,),
        wants=uploads.wants_binding,
        greeting=of_day,
        faults={ReportClosed: _closed},
    )
