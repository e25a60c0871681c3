"""The gates themselves can say no."""

import json
import subprocess
from importlib import metadata
from types import FunctionType

import pytest

from gates import coverage, mutation, security, structure
from tests import shares


@pytest.mark.parametrize(
    ("words", "free"),
    [
        ("MIT", True),
        ("Apache-2.0", True),
        ("BSD License", True),
        ("MPL-2.0 AND MIT", True),
        ("GPL-2.0-only OR BSD-3-Clause", True),
        ("GNU General Public License v3 (GPLv3)", False),
        ("AGPL-3.0-only", False),
        ("LGPLv3+", False),
        ("Other/Proprietary License", False),
        ("", False),
    ],
)
def test_a_licence_is_free_or_not(words: str, free: bool) -> None:
    assert security.is_free(words) is free


def test_every_library_that_is_allowed_by_name_is_installed_and_would_be_refused() -> None:
    needed = {
        name
        for each in metadata.distributions()
        if (name := str(each.metadata["Name"]).lower().replace("_", "-")) in security.ALLOWED
        and not security.is_free(security.licence_of(each))
    }
    assert needed == set(security.ALLOWED)


@pytest.mark.parametrize(
    ("stdout", "stderr", "expected"),
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', "", (0, "")),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}]}',
            "",
            (1, ""),
        ),
        ('{"dependencies": [{"name": "a", "skip_reason": "not found"}]}', "", (0, "NOT ASKED")),
        ("", "ServiceError: Max retries exceeded", (0, "NOT ASKED")),
        ("", "a hash is missing", (1, "")),
    ],
)
def test_advisories_are_told_and_silence_is_not_taken_for_an_answer(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stdout: str,
    stderr: str,
    expected: tuple[int, str],
) -> None:
    found, said = expected
    done = subprocess.CompletedProcess(["pip-audit"], 1, stdout, stderr)
    monkeypatch.setattr(security, "_run", lambda *_words: done)

    assert len(security.advisories()) == found
    assert said in capsys.readouterr().out


def test_everything_in_the_baseline_of_secrets_has_been_looked_at() -> None:
    kept = json.loads((security.ROOT / security.BASELINE).read_text("utf-8"))["results"]
    assert [name for name, these in kept.items() for one in these if one.get("is_secret") is not False] == []


def test_a_room_below_the_floor_is_named_though_the_others_are_above_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert coverage.verdict({"audit": (100, 100), "rbac": (849, 1000), "billing": (850, 1000), "accounts": (0, 0)}) == [
        "rbac",
        "accounts",
    ]
    assert "84.9 %  BELOW THE FLOOR" in capsys.readouterr().out
    assert coverage.room_of(str(coverage.ROOT / "portal" / "kit" / "money.py")) == "portal/kit"
    assert coverage.room_of(str(coverage.ROOT / "tests" / "plugin.py")) == ""


def test_every_mutant_is_another_program_and_a_sample_can_be_drawn_again() -> None:
    found = mutation.mutants("portal/kit/money.py")
    assert len(found) > 30
    whole = compile((mutation.ROOT / "portal/kit/money.py").read_text("utf-8"), "money.py", "exec")
    for mutant in mutation.drawn_from(found, 10, 1):
        changed = mutation.mutated(mutant)
        assert [code.co_code for code in mutation._codes(changed)] != [
            code.co_code for code in mutation._codes(whole)
        ] or [code.co_consts for code in mutation._codes(changed)] != [
            code.co_consts for code in mutation._codes(whole)
        ]
    assert mutation.drawn_from(found, 10, 1) == mutation.drawn_from(found, 10, 1)
    assert mutation.drawn_from(found, 10, 1) != mutation.drawn_from(found, 10, 2)


def test_a_mutant_is_put_into_the_functions_that_are_loaded_and_a_test_would_notice() -> None:
    from portal.kit.money import Money

    held: FunctionType = Money.__add__  # type: ignore[assignment]  # as somebody who imported it before holds it
    before = held.__code__
    turned = [mutant for mutant in mutation.mutants("portal/kit/money.py") if mutant.what == "Add -> Sub"]
    inside = [mutant for mutant in turned if before.co_firstlineno <= mutant.line <= before.co_firstlineno + 6]
    try:
        mutation.swap(inside[0])
        assert Money(5, "EUR") + Money(3, "EUR") == Money(2, "EUR")
    finally:
        held.__code__ = before
    assert Money(5, "EUR") + Money(3, "EUR") == Money(8, "EUR")


def test_every_file_that_is_mutated_and_its_tests_exist() -> None:
    named = [*mutation.NEAREST, *(path for paths in mutation.NEAREST.values() for path in paths)]
    assert [name for name in named if not (mutation.ROOT / name).exists()] == []


def test_who_looks_at_the_gallery_shares_it_and_everything_else_is_by_itself() -> None:
    look, own = "tests/browser/test_plans.py", "tests/kit/test_money.py"
    assert shares.share_of(f"{look}::test_a") in shares.GALLERIES
    assert shares.share_of(f"{own}::test_b[tests/browser]") == own


def test_the_drawing_knows_every_part_and_no_arrow_goes_up() -> None:
    found = structure.arrows()
    height = {part: number for number, layer in enumerate(structure.LAYERS) for part in layer}
    height["portal.embedded"] = len(height)
    assert len(found) > 15
    assert [pair for pair in found if height[pair[0]] >= height[pair[1]]] == []
    assert structure.drawing(found).count("<rect") == len(structure.PARTS)
