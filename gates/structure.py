"""`python -m gates.structure`: the drawing of imports (docs/images/imports.svg) and the table of sizes, from the source.

The drawing is made of import-linter's own graph: an arrow stands for the modules of one part that import another, its
number says how many. Arrows go down only, so the parts are drawn in layers.
"""

import ast
import sys
from collections import Counter
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
SVG = ROOT / "docs" / "images" / "imports.svg"
LAYERS = (
    ("portal.conf",),
    ("portal.home",),
    ("billing", "maintenance"),
    ("accounts",),
    ("rbac",),
    ("audit",),
    ("portal.kit",),
)
PARTS = (*(part for layer in LAYERS for part in layer), "portal.embedded")
LARGE_FILE, LARGE_FUNCTION = 350, 40
WIDTH, ROW, BOX = 760, 96, (150, 44)


def part_of(module: str) -> str:
    """The part of the house that a module is in."""
    return next((part for part in PARTS if module == part or module.startswith(f"{part}.")), "")


def arrows() -> Counter[tuple[str, str]]:
    """How many imports lead from one part to another."""
    graph = grimp.build_graph("portal", "accounts", "rbac", "audit", "billing", "maintenance")
    found: Counter[tuple[str, str]] = Counter()
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            pair = part_of(module), part_of(other)
            if all(pair) and pair[0] != pair[1]:
                found[pair] += 1
    return found


def places() -> dict[str, tuple[int, int]]:
    """The middle of each part's box."""
    found = {}
    for row, layer in enumerate(LAYERS):
        for column, part in enumerate(layer):
            found[part] = ((column + 1) * WIDTH // (len(layer) + 1), 50 + row * ROW)
    found["portal.embedded"] = (WIDTH - 100, 50 + (len(LAYERS) - 1) * ROW)
    return found


def drawing(found: Counter[tuple[str, str]]) -> str:
    """The SVG. It has both themes, and its words are text."""
    where = places()
    height = 50 + (len(LAYERS) - 1) * ROW + 60
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title">',
        '<title id="title">Which part of Steward imports which, and how often</title>',
        "<style>text{font:14px system-ui,sans-serif;fill:#1f2430;text-anchor:middle}.n{font-size:11px;fill:#5b6472}"
        "rect{fill:#f4f6f9;stroke:#8a94a6}path{fill:none;stroke:#8a94a6}marker path{fill:#8a94a6}"
        "@media(prefers-color-scheme:dark){text{fill:#e6e9ef}.n{fill:#aab3c2}rect{fill:#232936}}</style>",
        '<marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z"/></marker>',
    ]
    for turn, ((start, end), number) in enumerate(sorted(found.items())):
        (x1, y1), (x2, y2) = where[start], where[end]
        y1, y2 = y1 + BOX[1] // 2, y2 - BOX[1] // 2
        # Those that pass over a layer go round it, each on its own way.
        bend = 0 if y2 - y1 <= ROW else (150 + 14 * (turn % 12)) * (-1 if turn % 2 else 1)
        middle = ((x1 + x2) // 2 + bend, (y1 + y2) // 2)
        lines.append(f'<path d="M{x1} {y1}Q{middle[0]} {middle[1]} {x2} {y2}" marker-end="url(#end)"/>')
        label = ((x1 + 2 * middle[0] + x2) // 4, (y1 + 2 * middle[1] + y2) // 4)
        lines.append(f'<text class="n" x="{label[0]}" y="{label[1]}">{number}</text>')
    for part, (x, y) in where.items():
        left, top = x - BOX[0] // 2, y - BOX[1] // 2
        lines.append(f'<rect x="{left}" y="{top}" width="{BOX[0]}" height="{BOX[1]}" rx="6"/>')
        lines.append(f'<text x="{x}" y="{y + 5}">{escape(part)}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def table(found: Counter[tuple[str, str]]) -> str:
    """The same as text: a row imports a column."""
    head = ["| imports | " + " | ".join(PARTS) + " |", "|---|" + "---:|" * len(PARTS)]
    rows = [f"| **{start}** | " + " | ".join(str(found[start, end] or "") for end in PARTS) + " |" for start in PARTS]
    return "\n".join([*head, *rows])


def sizes() -> str:
    """Files and functions, and how many of them are large; migrations apart, which are written once."""
    lines: list[int] = []
    spans: list[int] = []
    for top in ("accounts", "rbac", "audit", "billing", "maintenance", "portal"):
        for path in (ROOT / top).rglob("*.py"):
            if "migrations" not in path.parts:
                text = path.read_text("utf-8")
                lines.append(len(text.splitlines()))
                spans += [
                    (node.end_lineno or node.lineno) - node.lineno + 1
                    for node in ast.walk(ast.parse(text))
                    if isinstance(node, ast.FunctionDef)
                ]
    return "\n".join(
        f"{what}: {len(all_)}, median {sorted(all_)[len(all_) // 2]}, 95 of 100 up to {sorted(all_)[len(all_) * 95 // 100]}, "
        f"largest {max(all_)}, over {limit}: {sum(one > limit for one in all_)}"
        for what, all_, limit in (("files", lines, LARGE_FILE), ("functions", spans, LARGE_FUNCTION))
    )


def main() -> int:
    """Write the drawing; print the table of imports and the sizes."""
    found = arrows()
    SVG.write_text(drawing(found), encoding="utf-8")
    print(f"{SVG.relative_to(ROOT)} is written.\n\n{table(found)}\n\n{sizes()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
