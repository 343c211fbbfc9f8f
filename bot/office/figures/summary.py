"""The quarter added up: a paragraph, tables by occupation, district and quarter, charts, downloads.

Behind every number stand the revisions it adds. A district's reader sees their district alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from bot.core.render import words
from bot.documents import pdf
from bot.documents.export import BASES, MOST_SHEETS, first_quarter
from bot.documents.pdf import NoPdf
from bot.documents.store import safe_name
from bot.office import html
from bot.office.figures import charts, totals
from bot.office.figures.charts import Chart
from bot.office.figures.totals import Line
from bot.office.reports.board import counts
from bot.office.visit import NO_DISTRICT, Answer, Download, NotFound, Page, Visit
from policy.calendar.quarters import FIRST_YEAR, Quarter
from policy.form.form import Form
from policy.institutions.district_order import in_order
from storage.reports import attachments, board, prior_figures
from storage.totals import comparison, coverage, summary
from storage.totals.comparison import Comparison
from storage.totals.coverage import Counted, Turnout
from storage.totals.summary import Slice, Wanted

PATH = "/office/summary"
CHARTED = ("classes", "trained", "certified", "amount")
QUARTERS = 8  # in charts and in the table beside them
NAMED = 8  # institutions named where two quarters are compared
NOT_IN = 20  # institutions named whose report has not come in
PAGE = 500  # revisions on a page of origins


@dataclass(frozen=True)
class Chosen:
    """What the address asks for. `district`: None for all, "" for institutions without one."""

    quarter: Quarter
    basis: str
    accepted: bool
    district: str | None

    @classmethod
    def of(cls, visit: Visit) -> Chosen:
        """From the query: `quarter`, `basis`, `accepted`, `district`; a reader's district is their own."""
        basis = visit.query.get("basis", "")
        return cls(
            visit.quarter(),
            basis if basis in BASES else visit.app.settings.report_basis,
            visit.query.get("accepted") == "1",
            visit.district(),
        )

    def query(self, **more: str) -> str:
        """As a query string, with and instead of these."""
        place = NO_DISTRICT if self.district == "" else self.district or ""
        kept = {
            "quarter": str(self.quarter),
            "basis": self.basis,
            "accepted": "1" if self.accepted else "",
            "district": place,
        }
        return urlencode({k: v for k, v in {**kept, **more}.items() if v})

    def wanted(self, occupation: str | None = None) -> Wanted:
        """The figures of the basis."""
        first = str(first_quarter(self.quarter, self.basis))
        total = self.basis == "total"
        return Wanted(first, str(self.quarter), self.accepted, total, self.district, occupation)

    def everything(self) -> Wanted:
        """The figures of every basis."""
        return Wanted(f"{FIRST_YEAR}Q1", str(self.quarter), self.accepted, True, self.district)


@dataclass(frozen=True)
class Figures:
    """Everything a summary shows, read in three statements."""

    chosen: Chosen
    form: Form
    slices: list[Slice]
    counted: list[Counted]

    @classmethod
    def read(cls, visit: Visit, chosen: Chosen) -> Figures:
        """Read what was chosen."""
        everything = chosen.everything()
        counted = coverage.counted(visit.connection, everything)
        form = visit.corpus.form_of(chosen.quarter)
        return cls(chosen, form, summary.slices(visit.connection, everything), counted)

    def lines(self, key: Callable[[Slice], Any], basis: str = "") -> dict[Any, Line]:
        """The chosen basis (or another) added up by a key."""
        return totals.lines(self.slices, self.chosen.quarter, basis or self.chosen.basis, key)

    def occupations(self, basis: str = "") -> dict[str, Line]:
        """By occupation, in the form's order; those that nobody reported are left out."""
        found = self.lines(lambda s: s.occupation, basis)
        return {name: found[name] for name in self.form.occupation_order(list(found))}

    @cached_property
    def quarters(self) -> list[Quarter]:
        """The last quarters up to the chosen one, oldest first, from the first that has reports."""
        first = min((c.quarter for c in self.counted), default=str(self.chosen.quarter))
        found: list[Quarter] = []
        one: Quarter | None = self.chosen.quarter
        while one is not None and len(found) < QUARTERS and (str(one) >= first or not found):
            found.insert(0, one)
            one = one.previous()
        return found

    @cached_property
    def by_quarter(self) -> dict[Quarter, Line]:
        """The figures of each of `quarters` alone."""
        return {q: totals.whole(self.slices, q, "quarter") for q in self.quarters}

    @cached_property
    def turnouts(self) -> dict[str, Turnout]:
        """By quarter, whose reports count (without who was expected)."""
        return coverage.by(self.counted, lambda c: c.quarter)

    def turnout(self, quarter: Quarter | None) -> Turnout:
        """Whose reports of a quarter count."""
        return self.turnouts.get(str(quarter), Turnout())

    def by_district(self) -> dict[str | None, Turnout]:
        """By 区市, whose reports of the chosen quarter count."""
        now = [c for c in self.counted if c.quarter == str(self.chosen.quarter)]
        return coverage.by(now, lambda c: c.district)

    def chart(self, by: str, measure_id: str) -> Chart:
        """The chart of a measure by `occupation` or `quarter`."""
        measure = self.form.measure(measure_id)
        if by == "quarter":
            shares = [(q, line.shares(measure_id)) for q, line in self.by_quarter.items()]
            return charts.columns(measure, shares)
        return charts.bars(measure, [(n, line.shares(measure_id)) for n, line in self.occupations().items()])


def show(visit: Visit) -> Answer:
    """The summary of a quarter."""
    return Page("summary.html", _values(visit, Chosen.of(visit)))


def as_pdf(visit: Visit) -> Answer:
    """The same as PDF: the paragraph and the tables."""
    chosen = Chosen.of(visit)
    values = _values(visit, chosen)
    try:
        content = pdf.from_html(html.page("summary_pdf.html", values, visit))
    except NoPdf as error:
        back = f"{PATH}?{chosen.query()}"
        return Page("no_pdf.html", {"lacks": error.lacks, "back": back, "docx": ""}, 409)
    given = {name: values[name] for name in ("quarter", "basis")}
    named = {**given, "accepted_only": chosen.accepted, "kind": "pdf", "hash": ""}
    return Download(safe_name(words("export/messages.file_name", named) + ".pdf"), content)


def _values(visit: Visit, chosen: Chosen) -> dict[str, Any]:
    """Everything that the page and the PDF show."""
    figures = Figures.read(visit, chosen)
    groups = board.groups(visit.connection, str(chosen.quarter), visit.times.due(chosen.quarter))
    here = [g for g in groups if chosen.district is None or (g.district or "") == chosen.district]
    here_counted = replace(figures.turnout(chosen.quarter), expected=sum(g.count for g in here))
    annexed, scanned = attachments.annexed(visit.connection, str(chosen.quarter), chosen.accepted)
    by_district = figures.lines(lambda s: s.district)
    places = {g.district for g in here} | set(by_district)
    return {
        "figures": figures,
        "rows": figures.occupations(),
        "named": figures.occupations("quarter"),
        "whole": totals.whole(figures.slices, chosen.quarter, chosen.basis),
        "bases": totals.every_basis(figures.slices, chosen.quarter),
        "named_at_most": NAMED,
        "not_in_at_most": NOT_IN,
        "compared": _compared(visit, chosen, figures),
        "counts": counts(here),
        "not_in": _not_in(visit, chosen),
        "by_district": {name: by_district.get(name, Line()) for name in in_order(places)},
        "places": in_order({g.district for g in groups} | set(by_district)),
        "expected": Counter({name: sum(g.count for g in here if g.district == name) for name in places}),
        "counting": figures.by_district(),
        "turnout": here_counted,
        "counted": words("export/counted.j2", {"turnout": here_counted, "accepted_only": chosen.accepted}),
        "openings": summary.having_openings(visit.connection, str(chosen.quarter), chosen.district),
        "notes": prior_figures.notes(visit.connection, str(chosen.quarter)),
        "charts": [(by, m, figures.chart(by, m)) for m in CHARTED for by in ("occupation", "quarter")],
        "quarters": html.quarters_until(Quarter.of(visit.now)),
        "annexed": annexed,
        "scanned": scanned,
        "zipped": here_counted.count > MOST_SHEETS,
        **_shared(chosen),
    }


def _not_in(visit: Visit, chosen: Chosen) -> tuple[str, ...]:
    """Names of those whose report is expected and has not come in (one more than are named, if there are)."""
    states, limit = ("missing", "draft"), NOT_IN + 1
    due = visit.times.due(chosen.quarter)
    found = board.lines(visit.connection, str(chosen.quarter), due, states, chosen.district, limit=limit)
    return tuple(one.name for one in found)


def _compared(visit: Visit, chosen: Chosen, figures: Figures) -> Comparison | None:
    """Compare the quarter with the one before, the same institutions in both; None where one has none."""
    before = chosen.quarter.previous()
    if before is None or not (figures.turnout(before).count and figures.turnout(chosen.quarter).count):
        return None
    return comparison.compare(
        visit.connection, str(chosen.quarter), str(before), chosen.accepted, chosen.district
    )


def _shared(chosen: Chosen) -> dict[str, Any]:
    return {
        "chosen": chosen,
        "quarter": chosen.quarter,
        "basis": chosen.basis,
        "accepted": chosen.accepted,
        "district": chosen.district,
        "path": PATH,
    }


def chart(visit: Visit) -> Answer:
    """One chart as a file: `by` and `measure` in the path."""
    by, measure = visit.params["by"], visit.params["measure"]
    if by not in ("occupation", "quarter") or measure not in CHARTED:
        raise NotFound
    chosen = Chosen.of(visit)
    drawn = Figures.read(visit, chosen).chart(by, measure)
    shared = _shared(chosen)
    made = html.environment().get_template("chart.svg").render(chart=drawn, id=measure, **shared)
    named = {key: shared[key] for key in ("quarter", "basis", "accepted", "district")}
    name = words("export/messages.chart_name", {**named, "by": by, "measure": drawn.measure})
    return Download(safe_name(f"{name}.svg"), made.strip().encode())


def origins(visit: Visit) -> Answer:
    """The revisions (and opening figures) that one number adds: `measure`, `occupation` in the query."""
    chosen = Chosen.of(visit)
    form = visit.corpus.form_of(chosen.quarter)
    measure = {m.id: m for m in form.measures}.get(visit.query.get("measure", ""))
    if measure is None:
        raise NotFound
    occupation = visit.query.get("occupation") or None
    wanted = chosen.wanted(occupation)
    pager = visit.pager(PAGE)
    openings = summary.opening_parts(visit.connection, wanted, measure.id)
    found = summary.parts(visit.connection, wanted, measure.id, pager.size, pager.start)
    how_many, value, gaps = summary.total_of_parts(visit.connection, wanted, measure.id)
    here = pager.counted(found, how_many)
    shown = [*([] if pager.page else openings), *found]
    more = {"measure": measure.id, "occupation": occupation or ""}
    data = {
        "measure": measure,
        "occupation": occupation,
        "parts_": shown,  # `parts` are the layout's pieces
        "how_many": how_many,
        "openings": len(openings),
        "total": value + sum(one.value for one in openings),
        "here": sum(one.value for one in shown),
        "gaps": gaps,
        "page": here.page + 1,
        "more": here.more,
        "link": lambda number: f"{PATH}/origins?" + chosen.query(**more, page=str(number)),
        "back": f"{PATH}?" + chosen.query(),
        **_shared(chosen),
    }
    return Page("origins.html", data)
