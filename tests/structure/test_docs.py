"""The documentation is true: links lead somewhere, named commands and settings exist."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from docs import build
from portal.conf.env import VARIABLES

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = {page: page.read_text("utf-8") for page in build.pages()}


def test_every_link_leads_somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "OUTPUT", tmp_path / "docs")
    assert len(build.build()) == len(TEXT)
    assert build.broken_links() == []


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        name
        for text in TEXT.values()
        for pair in re.findall(r"`make ([a-z0-9-]+)|^make ([a-z0-9-]+)", text, re.MULTILINE)
        for name in pair
        if name
    }
    assert named <= targets


def test_every_command_that_is_named_exists() -> None:
    named = {name for text in TEXT.values() for name in re.findall(r"manage\.py\s+([a-z]+)", text)}
    assert named <= set(get_commands())


def test_every_setting_that_is_named_exists() -> None:
    known = set(VARIABLES) | {"STEWARD_TEST_PG", "STEWARD_TEST_SEED", "NAME_FILE", "STEWARD_CONNECT_AS"}
    found = {name for text in TEXT.values() for name in re.findall(r"\bSTEWARD_[A-Z_]+\b", text)}
    named = {name.removesuffix("_FILE") for name in found}  # Any secret may come from a file.
    assert named <= known
