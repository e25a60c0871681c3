"""`python -m bench [--only web,record] [--rounds 7]`: run the measurements and print the table; 1 when a bound is broken."""

import argparse
import sys
from importlib import import_module

from bench import load, machine, table
from bench.table import Row
from bench.world import world

PARTS = (
    "web",
    "record",
    "lists",
    "cleanup",
    "backup",
    "restore",
    "jobs",
    "sign_in",
    "keys",
    "decision",
    "authz",
    "ledger",
    "usage",
    "renewals",
    "books",
)


def say(line: str) -> None:
    """Progress, apart from the table."""
    print(line, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the mechanisms beside their limits.")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts to run: {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each part; the table shows medians")
    options = parser.parse_args(arguments)
    with world() as made:
        about = machine.described(made.postgres_version)
        # Imported here: the parts need Django, which `world` has set up.
        parts = [import_module(f"bench.{name}") for name in options.only.split(",")]
        rows: list[Row] = []
        for part in parts:
            found = part.rows(made, options.rounds, say)
            say(f"\n{part.__name__}\n{table.markdown(found)}\n")  # Whoever stops it later has what was measured.
            rows += found
    print(f"{about}; load from {load.tool()}.\n\n{table.markdown(rows)}")
    return 1 if any(row.verdict == "BROKEN" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
