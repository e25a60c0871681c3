"""The drawings of the documentation as SVG, readable on light and dark ground: `python -m docs.drawings` renews them.

The rooms are read from the contract of import-linter in pyproject.toml; a test compares the files with this code.
"""

import html
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
_STYLE = """
  svg { color-scheme: light dark; }
  text { font: 14px ui-sans-serif, system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: #17202a; }
  .s { font-size: 12px; fill: #465362; } .b { font-weight: 650; }
  .m { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 12px; }
  .box { fill: #fff; stroke: #bcc5cf; } .soft { fill: #e3f2ef; stroke: #9fd0c6; } .note { fill: #fdf1dc; stroke: #efcf94; }
  .line { stroke: #5b6876; fill: none; stroke-width: 1.3; } .life { stroke: #bcc5cf; stroke-dasharray: 3 4; } .tip { fill: #5b6876; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e8edf3; } .s { fill: #b3bfcc; }
    .box { fill: #141a22; stroke: #435060; } .soft { fill: #12302b; stroke: #2a5f55; } .note { fill: #33260e; stroke: #5e4716; }
    .line { stroke: #94a2b1; } .life { stroke: #435060; } .tip { fill: #94a2b1; }
  }
"""
_LAYERS = {
    "portal.conf": "settings, addresses, web and worker entry: nobody imports it",
    "portal.home": "shell, home page, outbox, API reference: composes the rooms",
    "billing": "plans, invoices, ledger",
    "maintenance": "jobs, schedules, backups",
    "accounts": "people, organisations, sessions, keys",
    "rbac": "roles, scopes, bindings, the decision",
    "audit": "events, partitions, exports",
    "portal.kit": "base classes, ports, clock, ids, crypto: imports no room",
}
Message = tuple[int, int, str]  # From, to (the same: a step of its own), words.


def _svg(width: int, height: int, label: str, parts: Sequence[str]) -> str:
    tip = '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse">'
    tip += '<path class="tip" d="M0 0 8 4 0 8z"/></marker>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
    body = "\n".join(parts)
    return (
        f"{head}>\n<title>{html.escape(label)}</title>\n<style>{_STYLE}</style>\n<defs>{tip}</defs>\n{body}\n</svg>\n"
    )


def _box(x: float, y: float, width: float, height: float, kind: str = "box") -> str:
    return f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8"/>'


def _text(x: float, y: float, words: str, kind: str = "", middle: bool = True) -> str:
    anchor = ' text-anchor="middle"' if middle else ""
    look = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{anchor}{look}>{html.escape(words)}</text>'


def _arrow(points: Sequence[tuple[float, float]], both: bool = False) -> str:
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    start = ' marker-start="url(#tip)"' if both else ""
    return f'<polyline class="line" points="{path}" marker-end="url(#tip)"{start}/>'


def layers() -> list[list[str]]:
    """The layers of the contract, highest first; rooms of one layer never import each other."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contract = next(one for one in data["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    return [[name.strip() for name in layer.split("|")] for layer in contract["layers"]]


def rooms() -> str:
    """Who may import whom."""
    parts, y = [], 16
    for layer in layers():
        width = (600 - 16 * (len(layer) - 1)) / len(layer)
        for number, name in enumerate(layer):
            x = 20 + number * (width + 16)
            kind = "box" if name.startswith("portal") else "soft"
            parts += [_box(x, y, width, 56, kind), _text(x + width / 2, y + 24, name, "b")]
            parts.append(_text(x + width / 2, y + 43, _LAYERS[name], "s"))
        y += 72
    parts += [_arrow([(660, 24), (660, y - 24)]), _text(672, y / 2 - 6, "imports", "s", False)]
    parts.append(_text(672, y / 2 + 12, "go down", "s", False))
    return _svg(740, y, "The rooms: imports go down only", parts)


def _sequence(label: str, who: Sequence[str], messages: Sequence[Message], width: int = 860) -> str:
    gap = width / len(who)
    places = [gap / 2 + gap * number for number in range(len(who))]
    height = 78 + 46 * len(messages)
    parts = [f'<line class="life" x1="{x:g}" y1="52" x2="{x:g}" y2="{height - 10}"/>' for x in places]
    for x, name in zip(places, who, strict=True):
        parts += [_box(x - gap * 0.44, 12, gap * 0.88, 38, "soft"), _text(x, 36, name, "b")]
    for number, (start, end, words) in enumerate(messages):
        y = 92 + 46 * number
        if start == end:
            # A step of its own may be wider than its lane, but stays in the drawing.
            span = max(gap * 0.88, len(words) * 6.3 + 20)
            x = min(max(places[start] - span / 2, 6), width - span - 6)
            parts += [_box(x, y - 19, span, 32), _text(x + span / 2, y + 2, words, "s")]
        else:
            parts += [_arrow([(places[start], y + 6), (places[end], y + 6)])]
            parts.append(_text((places[start] + places[end]) / 2, y - 2, words, "s"))
    return _svg(width, height, label, parts)


def request() -> str:
    """One request, from the browser to the commit."""
    return _sequence(
        "The walk of a request",
        ("Browser", "Edge and request", "View and service", "PostgreSQL"),
        (
            (0, 1, "request"),
            (1, 1, "request id, limits, headers"),
            (1, 3, "one query: session, person, organisation, stamps"),
            (1, 2, "the identity"),
            (2, 2, "gate: declared access, the decision"),
            (2, 3, "BEGIN behind the wall of the tenant; selector reads"),
            (2, 2, "service: authorise, validate"),
            (2, 3, "write, record the event, queue the job"),
            (2, 1, "page, JSON or a typed error"),
            (1, 3, "COMMIT: row, event, job and money, or none of them"),
            (1, 0, "reply; one log line with the request id"),
        ),
    )


def job() -> str:
    """One job, from the page that asks for it to its end."""
    return _sequence(
        "The walk of a job",
        ("Web or beat", "PostgreSQL", "Redis", "Worker"),
        (
            (0, 1, "enqueue: a run, in the asker's transaction"),
            (0, 2, "after the commit: there is work"),
            (2, 3, "message"),
            (3, 1, "claim by one UPDATE: fence + 1, lease"),
            (3, 3, "rights of who asked, asked anew"),
            (3, 1, "batch: rows, cursor and progress commit together,"),
            (3, 1, "and only while the fence is still its own"),
            (3, 1, "a thread extends the lease"),
            (0, 1, "beat: a lease ran out? queued, and nobody told?"),
            (0, 2, "tell again: late, never lost, never twice"),
            (3, 1, "done: result, log, event"),
        ),
    )


def concepts() -> str:
    """The words of Steward and how they hang together."""
    parts = [_box(10, 10, 400, 330, "soft"), _text(28, 34, "Installation", "b", False)]
    parts += [_box(30, 48, 360, 276), _text(46, 72, "Organisation", "b", False)]
    parts += [_text(46, 90, "the tenant: a wall of row-level security", "s", False)]
    parts += [_box(50, 106, 320, 128, "soft"), _text(66, 130, "Workspace", "b", False)]
    parts += [_box(70, 144, 280, 74), _text(86, 168, "Resource", "b", False)]
    parts += [
        _text(86, 188, "a thing of a product, nested as it likes", "s", False),
        _text(86, 206, "product/project", "m", False),
    ]
    parts += [_box(50, 250, 150, 56), _text(125, 274, "Team", "b"), _text(125, 293, "people, teams", "s")]
    parts += [_box(220, 250, 150, 56), _text(295, 274, "Membership", "b"), _text(295, 293, "who belongs here", "s")]

    parts += [
        _box(470, 10, 380, 74),
        _text(660, 34, "Binding", "b"),
        _text(660, 54, "who (person, team, everybody) × role × place,", "s"),
    ]
    parts += [_text(660, 71, "until an end, on a condition", "s"), _arrow([(470, 47), (412, 47)])]
    parts += [_box(470, 104, 180, 60), _text(560, 129, "Role", "b"), _text(560, 149, "a set of rights", "s")]
    parts += [_box(670, 104, 180, 60), _text(760, 129, "Right", "b"), _text(760, 149, "noun:verb", "m")]
    parts += [_arrow([(560, 84), (560, 102)]), _arrow([(650, 134), (668, 134)])]
    parts += [_box(470, 184, 380, 56), _text(660, 208, "Grant", "b"), _text(660, 227, "one right on one resource", "s")]
    parts += [_arrow([(470, 212), (352, 186)]), _arrow([(760, 184), (760, 166)])]
    parts += [_box(470, 260, 380, 80, "note"), _text(660, 284, "Decision", "b")]
    parts += [_text(660, 304, "may this person do this here? for pages, API, jobs, products", "s")]
    parts += [_text(660, 323, "explained, simulated, fail closed", "s"), _arrow([(660, 240), (660, 258)])]

    parts += [_text(10, 374, "Whatever is done, commits together:", "b", False)]
    for number, (name, words) in enumerate(
        (
            ("The row", "what changed"),
            ("Event", "the proof of it"),
            ("Run", "work to be done"),
            ("Journal", "its money, balanced"),
        )
    ):
        x = 10 + number * 214
        parts += [_box(x, 388, 198, 56), _text(x + 99, 412, name, "b"), _text(x + 99, 431, words, "s")]
    return _svg(860, 456, "The words of Steward and how they hang together", parts)


DRAWINGS = {"rooms.svg": rooms, "request.svg": request, "job.svg": job, "concepts.svg": concepts}


def main() -> int:
    """Write them all."""
    for name, draw in DRAWINGS.items():
        (IMAGES / name).write_text(draw(), "utf-8")
    sys.stdout.write(f"{len(DRAWINGS)} drawings in docs/images\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
