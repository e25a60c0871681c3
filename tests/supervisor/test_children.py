"""Draining and the labelled output, without a supervisor around them."""

import io
import re
import sys
from pathlib import Path

import pytest

from portal.embedded.children import Child, drain
from portal.embedded.output import Tail, Terminal
from portal.embedded.processes import wait_until

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """A person looks at it."""
        return True


def child(code: str, stream: io.StringIO) -> Child:
    """A child that runs a line of Python."""
    return Child("worker", [sys.executable, "-c", code], cwd=Path("/"), env={}, terminal=Terminal(stream, {}))


@pytest.mark.kill
def test_part_that_will_not_end_is_killed_after_its_time() -> None:
    stream = io.StringIO()
    stubborn = child(STUBBORN, stream)
    stubborn.start()
    who = stubborn.who()
    assert who is not None
    assert wait_until(lambda: "deaf" in stream.getvalue(), 20)
    assert drain([stubborn], seconds=0.3) == ["worker"]
    assert not who.alive()


def test_draining_what_never_started_is_nothing() -> None:
    assert drain([child("", io.StringIO())], seconds=0) == []


def test_part_that_keeps_dying_waits_longer_each_time() -> None:
    stream = io.StringIO()
    dying = child("raise SystemExit(3)", stream)
    assert wait_until(lambda: bool(dying.check()) and "again in 2 s" in stream.getvalue(), 20)
    assert re.findall(r"worker ended with code 3 and starts again in (\d) s", stream.getvalue())[:2] == ["1", "2"]
    drain([dying], seconds=5)


def test_labels_are_plain_for_a_file_and_coloured_for_a_person() -> None:
    plain, screen, no_colour = io.StringIO(), Screen(), Screen()
    Terminal(plain, {}).line("web", "hello")
    Terminal(screen, {}).line("web", "hello")
    Terminal(no_colour, {"NO_COLOR": "1"}).line("web", "hello")
    assert plain.getvalue() == "web      | hello\n"
    assert screen.getvalue() == "\x1b[36mweb     \x1b[0m | hello\n"
    assert no_colour.getvalue() == plain.getvalue()


def test_box_frames_lines_of_different_length() -> None:
    stream = io.StringIO()
    Terminal(stream, {}).box(["one", "a longer line"])
    rows = stream.getvalue().strip().splitlines()
    assert [len(row) for row in rows] == [len(rows[0])] * 4
    assert "a longer line" in rows[2]


def test_tail_shows_only_new_important_lines(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    log.write_text("FATAL:  old\n")
    tail, stream = Tail("postgres", log), io.StringIO()
    with log.open("a") as writer:
        writer.write("LOG:  chatter\nFATAL:  new\nPANIC:  half a li")
    tail.show(Terminal(stream, {}))
    assert stream.getvalue() == "postgres | FATAL:  new\n"
    with log.open("a") as writer:
        writer.write("ne\n")
    tail.show(Terminal(stream, {}))
    assert stream.getvalue().splitlines()[1:] == ["postgres | PANIC:  half a line"]
    log.write_text("FATAL:  after rotation\n")
    tail.show(Terminal(stream, {}))
    assert "after rotation" in stream.getvalue()


def test_terminal_that_has_gone_away_stops_nothing() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream, {})
    stream.close()
    terminal.line("web", "nobody reads this")
