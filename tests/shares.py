"""How the suite is shared out to the workers of xdist: file by file, the long ones first.

Files that look at the gallery (an installation that takes some twenty seconds to furnish) are two shares: the workers that
get them furnish once. The last shares to be given out are short ones, so that no worker is left alone with a long one.
"""

from functools import cache
from pathlib import Path
from zlib import crc32

import pytest
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).resolve().parent.parent
GALLERIES = ("tests/browser, the gallery", "tests/browser, the gallery again")  # Two: each furnishes once.
# About how many seconds a test takes that uses the fixture; only the order of the shares depends on it.
SECONDS = {"working": 20.0, "console": 10.0, "gallery": 3.0, "own_database": 2.0, "world": 0.3}
SECONDS["scrape"] = 3.0  # All series of its process, which gets more of them with each page that another test looks at.
OTHERS = 0.15


@cache
def share_of_file(name: str) -> str:
    """The share that a test file belongs to: nearly always its own."""
    looks = name.startswith("tests/browser/") and "gallery" in (ROOT / name).read_text("utf-8")
    return GALLERIES[crc32(name.encode()) % 2] if looks else name


def share_of(nodeid: str) -> str:
    """The share that a test belongs to."""
    return share_of_file(nodeid.split("::", 1)[0])


def seconds_of(item: pytest.Item) -> float:
    """About how long a test takes, judged by the dearest fixture that it asks for."""
    fixtures = set(getattr(item, "fixturenames", ()))
    return max((cost for name, cost in SECONDS.items() if name in fixtures), default=OTHERS)


def longest_first(items: list[pytest.Item]) -> None:
    """Put the tests into the order in which their shares shall be given out; within a share nothing moves."""
    totals: dict[str, float] = {}
    for item in items:
        share = share_of(item.nodeid)
        totals[share] = totals.get(share, 0.0) + seconds_of(item)
    items.sort(key=lambda item: (-totals[share_of(item.nodeid)], share_of(item.nodeid)))


class Shares(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no type information
    """Gives out the shares in the order in which the workers collected them."""

    def _split_scope(self, nodeid: str) -> str:
        return share_of(nodeid)
