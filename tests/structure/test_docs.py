"""The documentation is true: links lead somewhere; commands, settings, addresses, codes, rights and files that are named exist."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands
from django.urls import Resolver404, resolve

from docs import build, drawings, markdown, site
from portal.conf.env import VARIABLES
from portal.home.references.errors import declared
from portal.kit import kpis, readings, registry
from portal.kit.services import OUR_APPS
from rbac import catalogue

ROOT = markdown.ROOT
TEXT = {page: page.read_text("utf-8") for page in markdown.pages()}
# What is told of the past, or of an installation that is not there, names what there was.
TODAY = {page: text for page, text in TEXT.items() if page.name != "CHANGELOG.md"}
_SPAN = re.compile(r"`([^`\n]+)`")
_FILE = re.compile(r"(?:[a-z_]+/)+[\w.-]+\.(?:py|md|ya?ml|txt|html|css|svg|png|json)")


def _spans(pattern: str) -> Iterator[tuple[str, str]]:
    for page, text in TODAY.items():
        for said in _SPAN.findall(text):
            if re.fullmatch(pattern, said):
                yield page.name, said


def test_every_link_leads_somewhere_in_the_text_and_in_what_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "OUTPUT", tmp_path / "docs")
    written = build.build()

    assert len(written) == len(TEXT)
    assert build.broken_links() == []
    ids = {page: set(re.findall(r'\bid="([^"]+)"', page.read_text("utf-8"))) for page in written}
    for page in written:
        for link in re.findall(r'(?:href|src)="([^":]+)"', page.read_text("utf-8")):
            name, _, fragment = link.partition("#")
            target = (page.parent / name).resolve() if name else page
            assert target.is_file() or target.is_dir() or (ROOT / "docs" / name).resolve().is_dir(), f"{page}: {link}"
            assert not fragment or fragment in ids[target], f"{page}: {link}"


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = ROOT / "docs" / "tour.md"
    assert build._leads(page, "people.md#the-list")
    assert not build._leads(page, "people.md#no-such-heading")
    assert not build._leads(page, "no_such_page.md")
    assert not build._leads(page, "../../elsewhere.md")
    assert not build._leads(page, "https:///nowhere")
    assert not build._leads(page, "javascript:alert(1)")


def test_every_page_stands_in_the_contents_once() -> None:
    listed = [target for _name, entries in site.sections() for _label, target in entries]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(TEXT) - {markdown.INDEX, ROOT / "README.md"}


def test_drawings_are_drawn_anew() -> None:
    for name, draw in drawings.DRAWINGS.items():
        assert (drawings.IMAGES / name).read_text("utf-8") == draw(), "Run make references"
    rooms = [name for layer in drawings.layers() for name in layer]
    assert set(rooms) == set(drawings._LAYERS)


def test_every_picture_is_small_and_shown_or_taken_by_the_script() -> None:
    from tests.browser.pictures import PICTURES

    pictures = {file.stem for file in drawings.IMAGES.glob("*.png")}
    assert pictures == set(PICTURES)
    shown = {name for text in TEXT.values() for name in re.findall(r"images/([\w-]+)\.png", text)}
    assert pictures == shown
    assert [file.name for file in drawings.IMAGES.glob("*") if file.stat().st_size >= 200_000] == []


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


def test_every_file_that_is_named_exists() -> None:
    named = {(page, name) for page, said in _spans(r"[\w/.*-]+") for name in [said] if _FILE.fullmatch(said)}
    tops = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"build", "var"}
    wrong = {(page, name) for page, name in named if name.split("/")[0] in tops and not list(ROOT.glob(name))}
    # What was measured names the files of its day.
    assert {one for one in wrong if one[0] != "benchmarks.md"} == set()


def _resolves(address: str) -> bool:
    plain = re.sub(r"\?.*", "", address)
    for kind in ("01900000-0000-7000-8000-000000000001", "one", "1"):
        try:
            resolve(re.sub(r"<[^>]+>|\{[^}]+\}", kind, plain))
        except Resolver404:
            continue
        return True
    return False


def test_every_address_that_is_named_is_one() -> None:
    named = _spans(r"/(platform|me|o/|api/v1|docs/|health|metrics|sign-in|pay|confirm|admin)[^\s]*[^\s/.]")
    wrong = {one for one in named if "..." not in one[1] and not _resolves(one[1])}
    assert wrong == {("adding_a_page.md", "/o/<slug>/suppliers")}


def test_every_code_that_is_named_is_declared() -> None:
    known = {code for code, _error in declared()} | {figure.code for figure in kpis.kpis}
    for declarations in (registry.events, registry.jobs, registry.schedules, registry.cleanups, registry.lists):
        known |= {getattr(one, "code", "") for one in declarations} | {getattr(one, "name", "") for one in declarations}
    known |= {one.name for one in registry.personal_data} | {one.name for one in readings.readings}
    known |= {model._meta.label for model in apps.get_models()} | {field.key for field in registry.fields}
    wrong = [
        (page, said)
        for page, said in _spans(rf"(?:{'|'.join(OUR_APPS)})\.[a-z_]+(?:\.[a-z_]+)?")
        if said not in known and not _is_python(said)
    ]
    assert wrong == []


def _is_python(name: str) -> bool:
    for prefix in ("", "portal."):
        parts = (prefix + name).split(".")
        for length in (len(parts), len(parts) - 1):
            try:
                if length > 1 and find_spec(".".join(parts[:length])) is not None:
                    return True
            except ModuleNotFoundError:
                continue
    return False


def test_every_right_that_is_named_is_one() -> None:
    codes = {right.code for right in registry.permissions} | {"noun:verb"}
    actions = {code.partition(":")[2] for code in codes} | set(catalogue.ACTIONS.values())
    named = _spans(rf"[a-z_]+:(?:{'|'.join(sorted(actions))})")
    assert sorted({one for one in named if one[1] not in codes | {"supplier:read", "supplier:create"}}) == []
