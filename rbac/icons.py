"""The drawings that the console has, by name: what a host product may choose from for its types."""

import re
from functools import cache
from pathlib import Path

SPRITE = Path(__file__).resolve().parent.parent / "static" / "kit" / "icons.svg"
PLAIN = "document"  # For a type that names none.


@cache
def icons() -> frozenset[str]:
    """Their names."""
    return frozenset(re.findall(r'<symbol[^>]*\bid="([a-z-]+)"', SPRITE.read_text("utf-8")))
