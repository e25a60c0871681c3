"""Access lines in batches: none is lost at an orderly end, none comes after a line that was written at once."""

import io
import subprocess
import sys

import pytest
from django.conf import settings as project

from portal.kit import lines
from tests.waiting import wait_for

PATIENCE_SECONDS = 20


def test_what_may_wait_is_written_soon_in_one_piece() -> None:
    below = io.StringIO()
    output = lines.Batched(below)

    with lines.later:
        for number in range(3):
            print(number, file=output, flush=True)
    wait_for(lambda: bool(below.getvalue()), what="the lines", seconds=PATIENCE_SECONDS)

    assert below.getvalue() == "0\n1\n2\n"


def test_what_may_not_wait_comes_after_what_did() -> None:
    below = io.StringIO()
    output = lines.Batched(below)

    with lines.later:
        output.write("first\n")
    output.write("second\n")

    assert below.getvalue() == "first\nsecond\n"


def test_a_flush_brings_everything_out() -> None:
    below = io.StringIO()
    output = lines.Batched(below)
    with lines.later:
        output.write("kept\n")

    output.flush()

    assert below.getvalue() == "kept\n"


def test_only_the_thread_that_says_so_may_wait() -> None:
    with pytest.raises(ZeroDivisionError), lines.later:
        raise ZeroDivisionError
    assert lines.later.on is False


def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    class Full(io.StringIO):
        full = True

        def write(self, text: str) -> int:
            if self.full:
                raise OSError(28, "No space left on device")
            return super().write(text)

    below = Full()
    output = lines.Batched(below)
    with lines.later:
        output.write("lost\n")
    wait_for(lambda: not output._kept, what="the lost line", seconds=PATIENCE_SECONDS)
    below.full = False
    with lines.later:
        output.write("kept\n")
    wait_for(lambda: bool(below.getvalue()), what="the next line", seconds=PATIENCE_SECONDS)

    assert below.getvalue() == "kept\n"


ENDING = """
import os, sys
from portal.kit import lines

lines.batch()
lines.batch()
with lines.later:
    print("of the parent", flush=True)
child = os.fork()
if child == 0:
    with lines.later:
        print("of the child", flush=True)
    sys.exit()
os.waitpid(child, 0)
"""


def test_an_orderly_end_loses_nothing_and_a_fork_doubles_nothing() -> None:
    told = subprocess.run(
        [sys.executable, "-c", ENDING],
        cwd=project.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    ).stdout

    assert sorted(told.splitlines()) == ["of the child", "of the parent"]
