"""The rule of a check as Mermaid and as SVG, drawn from the rule itself."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from policy.checks.conditions import AllOf, Condition, Leaf
from policy.checks.rules import Check

ALL, ANY = "全部满足", "满足一项"
ROW, COLUMN, WIDTH, HEIGHT = 62, 292, 264, 50
NAMES = {"met": "满足", "failed": "不满足", "unsure": "不确定"}
LINE = 19  # full-width characters in one line of a box


def _words(condition: Condition) -> str:
    if isinstance(condition, Leaf):
        return f"{condition.words}（{condition.clause}）"
    kind = ALL if isinstance(condition, AllOf) else ANY
    return f"{condition.words}〔{kind}〕" if condition.words else kind


def mermaid(check: Check) -> str:
    """The check as a Mermaid flowchart: the rule's tree, then the verdicts."""
    lines = ["flowchart LR", f'  root["{check.title}（{check.clause}）"]']
    count = 0

    def add(condition: Condition, parent: str) -> None:
        nonlocal count
        count += 1
        name = f"n{count}"
        shape = ("(", ")") if isinstance(condition, Leaf) else ("{{", "}}")
        lines.append(f'  {name}{shape[0]}"{_words(condition)}"{shape[1]}')
        lines.append(f"  {parent} --> {name}")
        if not isinstance(condition, Leaf):
            for part in condition.parts:
                add(part, name)

    add(check.rule, "root")
    for kind, outcomes in (("met", check.met), ("failed", check.failed), ("unsure", (check.undecided,))):
        for outcome in outcomes:
            lines.append(f'  root -. {NAMES[kind]} .-> {outcome.id}["{outcome.title}"]')
    return "\n".join(lines) + "\n"


@dataclass
class _Box:
    text: str
    column: int
    row: float
    kind: str


def _wrap(text: str) -> list[str]:
    return [text[i : i + LINE] for i in range(0, len(text), LINE)][:3]


def svg(check: Check) -> str:
    """The check as an SVG picture: the rule's tree from left to right, the verdicts below."""
    boxes: list[_Box] = []
    links: list[tuple[_Box, _Box]] = []
    leaves = 0

    def place(condition: Condition, column: int) -> _Box:
        nonlocal leaves
        if isinstance(condition, Leaf):
            box = _Box(_words(condition), column, leaves, "leaf")
            leaves += 1
        else:
            children = [place(part, column + 1) for part in condition.parts]
            box = _Box(_words(condition), column, (children[0].row + children[-1].row) / 2, "node")
            links.extend((box, child) for child in children)
        boxes.append(box)
        return box

    top = place(check.rule, 1)
    root = _Box(f"{check.title}（{check.clause}）", 0, top.row, "root")
    boxes.append(root)
    links.append((root, top))
    row = float(leaves) + 0.4
    for kind, outcomes in (("met", check.met), ("failed", check.failed), ("unsure", (check.undecided,))):
        for number, outcome in enumerate(outcomes):
            boxes.append(_Box(f"{NAMES[kind]}：{outcome.title}", number, row, kind))
        row += 1
    return _draw(boxes, links, row)


_COLOURS = {
    "root": "#0b5c8a", "node": "#dcebf5", "leaf": "#ffffff",
    "met": "#dff3e4", "failed": "#fbe3e0", "unsure": "#fdf3d6",
}  # fmt: skip


def _draw(boxes: list[_Box], links: list[tuple[_Box, _Box]], rows: float) -> str:
    width = max(b.column for b in boxes) * COLUMN + WIDTH + 24
    height = rows * ROW + 24

    def corner(box: _Box) -> tuple[float, float]:
        return 12 + box.column * COLUMN, 12 + box.row * ROW

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" width="{width}"'
        f' height="{height:.0f}" font-size="13"'
        " font-family=\"'Noto Sans CJK SC', 'PingFang SC', sans-serif\">",
        f'<rect width="{width}" height="{height:.0f}" fill="#f7fafc"/>',
    ]
    for start, end in links:
        (x1, y1), (x2, y2) = corner(start), corner(end)
        x1, y1, y2 = x1 + WIDTH, y1 + HEIGHT / 2, y2 + HEIGHT / 2
        bend = (x1 + x2) / 2
        curve = f"M{x1:.0f} {y1:.0f} C{bend:.0f} {y1:.0f} {bend:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
        parts.append(f'<path d="{curve}" fill="none" stroke="#7f9db0"/>')
    for box in boxes:
        x, y = corner(box)
        colour = "#ffffff" if box.kind == "root" else "#16303f"
        parts.append(
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="8"'
            f' fill="{_COLOURS[box.kind]}" stroke="#7f9db0"/>'
        )
        lines = _wrap(box.text)
        first = y + HEIGHT / 2 + 5 - 8 * (len(lines) - 1)
        for number, line in enumerate(lines):
            parts.append(
                f'<text x="{x + 10:.0f}" y="{first + 16 * number:.0f}" fill="{colour}">{escape(line)}</text>'
            )
    return "\n".join([*parts, "</svg>"]) + "\n"
