"""`make coverage`, after the tests: lines run, room by room. Every room has the floor for itself, so none hides another."""

import sys
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "accounts",
    "rbac",
    "audit",
    "billing",
    "maintenance",
    "portal/kit",
    "portal/home",
    "portal/conf",
    "portal/embedded",
)
FLOOR = 85.0  # Percent of lines.


def room_of(path: str) -> str:
    """The room that a file is in; empty for what belongs to none."""
    name = Path(path).resolve().relative_to(ROOT).as_posix()
    return next((room for room in ROOMS if name.startswith(f"{room}/")), "")


def measured(coverage: Coverage) -> dict[str, tuple[int, int]]:
    """Lines that were run and lines that there are, by room."""
    counts = dict.fromkeys(ROOMS, (0, 0))
    data = coverage.get_data()
    for path in data.measured_files():
        room = room_of(path)
        if room and Path(path).exists():
            _name, lines, _excluded, missing, _text = coverage.analysis2(path)
            run, all_ = counts[room]
            counts[room] = (run + len(lines) - len(missing), all_ + len(lines))
    return counts


def verdict(counts: dict[str, tuple[int, int]]) -> list[str]:
    """Print the table; returns the rooms below the floor. A room of which nothing was run is below it."""
    below = []
    for room, (run, all_) in counts.items():
        percent = 100 * run / all_ if all_ else 0.0
        if percent < FLOOR:
            below.append(room)
        print(f"{room:18} {run:7} of {all_:7} lines  {percent:5.1f} %{'' if percent >= FLOOR else '  BELOW THE FLOOR'}")
    return below


def main() -> int:
    """Put the parts of all processes together and judge."""
    coverage = Coverage(config_file=str(ROOT / "pyproject.toml"))
    coverage.combine(keep=True)
    coverage.save()
    below = verdict(measured(coverage))
    if below:
        print(f"Below {FLOOR:g} %: {', '.join(below)}")
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
