"""The inventory of personal data is whole, and the page made of it is the committed one."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db.models import Model

from portal.kit import inventory, registry
from portal.kit.services import OUR_APPS
from tests.factories import World

ROOT = Path(settings.BASE_DIR)


def _models() -> Iterator[type[Model]]:
    for model in apps.get_models():
        if model._meta.app_label in OUR_APPS and not model._meta.proxy:
            yield model


def _about_people(model: type[Model]) -> bool:
    """Whether rows refer to a person, or are sealed under a person's key in the trail."""
    user = apps.get_model(settings.AUTH_USER_MODEL)
    refers = any(field.related_model is user for field in model._meta.concrete_fields)
    return refers or model is user or hasattr(model, "audit_subject")


def test_every_model_about_people_is_named() -> None:
    named = {name for entry in registry.personal_data for name in entry.models}
    found = {model._meta.label for model in _models() if _about_people(model)}
    assert found - named == set(), "declare them in the personal_data.py of their room"


def test_every_model_that_is_named_exists_and_every_entry_is_read_or_says_why_not() -> None:
    for entry in registry.personal_data:
        for name in entry.models:
            assert apps.get_model(name)._meta.label == name
        assert (entry.read is None) == bool(str(entry.withheld)), entry.name
        for text in (entry.label, entry.text, entry.kept):
            assert str(text).strip(), entry.name


def test_every_reader_reads(world: World) -> None:
    for entry in registry.personal_data:
        if entry.read is not None:
            rows = list(entry.read(world.admin.pk))
            assert all(isinstance(row, dict) for row in rows), entry.name
            assert not any("password" in row or "digest" in row for row in rows), entry.name


def test_the_committed_page_is_the_generated_one() -> None:
    assert (ROOT / inventory.PAGE).read_text("utf-8") == inventory.text(), "Run manage.py privacy inventory --write"


def test_the_page_names_every_entry_and_every_personal_field() -> None:
    text = inventory.text()
    for entry in registry.personal_data:
        assert f"| {entry.label} |" in text
    for field in registry.fields:
        if field.visibility == "personal":
            assert f"`{field.key}`" in text


def test_the_command_prints_and_writes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "BASE_DIR", tmp_path)
    (tmp_path / "docs").mkdir()
    printed = io.StringIO()
    call_command("privacy", "inventory", stdout=printed)
    call_command("privacy", "inventory", "--write", stdout=io.StringIO())
    assert (tmp_path / inventory.PAGE).read_text("utf-8") == printed.getvalue()
