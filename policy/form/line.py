"""What a line of figures was read as."""

from __future__ import annotations

from dataclasses import dataclass, field

from policy.form.form import Measure, Occupation
from policy.form.quarter_words import Named


@dataclass(frozen=True)
class Line:
    """One line as read.

    `kind` is row: `cells` are measure id → figure as typed, for `occupation`; idle: 无业务; total: as
    row, without an occupation; head: names of columns; quarter: `text` names the quarter meant, which is
    `named`; form: the form's own title, head or foot; name: an occupation that is not known, `near` those
    like it; level: one level of `occupation`; continued: rows without a name below that occupation's;
    both: 无业务 beside figures; dashes: nothing but dashes; count: figures that cannot be placed, `count`
    of `expected`, `missing` the measures without one; unread: the head of a column that is none of the
    form's; many: the text has more lines or cells than are read; other: none. `remark` is what stands
    around a row's figures, `dashed` the measures with a dash, which is not 0; `wan` tells that the
    amount's head says 万元.
    """

    kind: str
    text: str
    occupation: Occupation | None = None
    cells: dict[str, str] = field(default_factory=dict)
    near: tuple[str, ...] = ()
    count: int = 0
    expected: int = 0
    missing: tuple[Measure, ...] = ()
    remark: str = ""
    wan: bool = False
    dashed: tuple[Measure, ...] = ()
    named: Named | None = None

    @property
    def row(self) -> Occupation:
        """The occupation of a line that is one's row.

        Raises:
            LookupError: it is no row.
        """
        if self.occupation is None:
            raise LookupError(f"a line that is {self.kind} has no row")
        return self.occupation
