"""Markdown of tables, and the rooms in the order in which pages tell of them."""

from collections.abc import Iterable, Sequence

ROOMS = ("kit", "accounts", "rbac", "audit", "billing", "maintenance", "home")
NAMES = {
    "kit": "Common floor (kit)",
    "accounts": "People and organisations (accounts)",
    "rbac": "Permissions (rbac)",
    "audit": "Proof (audit)",
    "billing": "Money (billing)",
    "maintenance": "Upkeep (maintenance)",
    "home": "The roof (home)",
}


def generated(command: str) -> str:
    """The sentence that says where a page comes from."""
    return f"This page is generated: `manage.py {command} reference --write`. A test compares it with the code.\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; bars and line ends in cells are made harmless."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def plain(text: object) -> str:
    """A text of the code in a cell or paragraph: what looks like HTML is shown, not done."""
    return str(text).replace("<", "&lt;")


def room_of(code: str) -> str:
    """The room that a code begins with; what is nobody's belongs to the roof."""
    name = code.partition(".")[0]
    return name if name in ROOMS else "home"
