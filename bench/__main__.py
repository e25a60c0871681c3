"""`python -m bench [--only web,record] [--rounds 7]`: run the measurements and print the tables; 1 when a bound is broken."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
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
    names = options.only.split(",")
    return _each(names, options.rounds) if len(names) > 1 else _one(names[0], options.rounds)


def _each(names: Sequence[str], rounds: int) -> int:
    """Each part in a process and servers of its own, so that none finds what another left: tables, caches, memory."""
    broken = 0
    for name in names:
        print(f"\n## {name}\n", flush=True)
        command = [sys.executable, "-m", "bench", "--only", name, "--rounds", str(rounds)]
        broken |= subprocess.run(command, check=False).returncode != 0
    return broken


def _one(name: str, rounds: int) -> int:
    with world() as made:
        about = machine.described(made.postgres_version)
        part = import_module(f"bench.{name}")  # Here: the parts need Django, which `world` has set up.
        rows: list[Row] = part.rows(made, rounds, say)
    print(f"{about}; load from {load.tool()}.\n\n{table.markdown(rows)}", flush=True)
    return 1 if any(row.verdict == "BROKEN" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
