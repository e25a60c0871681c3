"""The room of docs/adding_a_page.md works: taken into the project, migrated, and used by four people."""

import os
import re
import subprocess
import sys

from docs import markdown

ROOT = markdown.ROOT


def _process(act: str, environment: dict[str, str], **more: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.examples.suppliers_process", act],
        cwd=ROOT,
        env={**environment, **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_room_of_the_walk_through_is_a_room(own_database: dict[str, str]) -> None:
    environment = {**os.environ, **own_database}
    _process("migrate", environment, STEWARD_CONNECT_AS="owner")
    _process("use", environment)


def test_every_file_of_the_room_is_shown_or_named() -> None:
    text = (ROOT / "docs" / "adding_a_page.md").read_text("utf-8")
    room = ROOT / "docs" / "examples" / "suppliers"
    named = set(re.findall(r"docs/examples/suppliers/([\w/.]+)", text))
    files = {
        str(file.relative_to(room))
        for file in room.rglob("*")
        if file.suffix in {".py", ".html"} and file.name != "__init__.py"
    }
    assert files == named
