"""The generated texts about configuration are the committed ones, say everything, and tell no secret."""

import io
import re
import shlex
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from portal.conf import env
from portal.kit import checks, configuration


@pytest.mark.parametrize(
    ("path", "generate", "verb"),
    [
        (configuration.EXAMPLE, configuration.example, "example"),
        (configuration.REFERENCE, configuration.reference, "reference"),
    ],
)
def test_the_committed_text_is_the_generated_one(settings: Settings, path: str, generate: object, verb: str) -> None:
    assert callable(generate)

    assert (settings.BASE_DIR / path).read_text("utf-8") == generate(), f"Run manage.py settings {verb} --write"


def test_the_command_prints_and_writes_the_same(settings: Settings, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    printed = io.StringIO()

    call_command("settings", "reference", stdout=printed)
    call_command("settings", "reference", "--write", stdout=io.StringIO())

    assert (tmp_path / configuration.REFERENCE).read_text("utf-8") == printed.getvalue()


def _written() -> dict[str, str]:
    lines = re.findall(r"^#([A-Z0-9_]+)=(.*)$", configuration.example(), re.M)
    return {name: "".join(shlex.split(value)) for name, value in lines}


def test_every_variable_stands_in_the_example_and_secrets_are_empty() -> None:
    assert _written().keys() == env.VARIABLES.keys()
    assert {_written()[name] for name, variable in env.VARIABLES.items() if variable.secret} == {""}


def test_the_example_shows_the_real_defaults() -> None:
    shown = _written()

    for name, variable in env.VARIABLES.items():
        if name not in configuration.SHOWN:
            assert shown[name] == variable.default


def test_defaults_of_the_machine_are_not_shown(settings: Settings) -> None:
    assert set(configuration.SHOWN) == set(configuration.EXPLAINED_DEFAULTS)
    assert set(configuration.SHOWN) <= env.VARIABLES.keys()
    assert str(settings.BASE_DIR) not in configuration.example() + configuration.reference()


def test_the_reference_lists_every_variable_and_check() -> None:
    text = configuration.reference()

    assert set(re.findall(r"^\| `([A-Z0-9_]+)` \|", text, re.M)) == env.VARIABLES.keys()
    assert set(re.findall(r"^\| `(steward\.[EW]\d+)` \|", text, re.M)) == checks.EXPLAINED.keys()
    assert all(variable.help.endswith((".", "]")) for variable in env.VARIABLES.values())
