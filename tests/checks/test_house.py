"""The checks of declarations: each says no to the mistake that it is there for, and nothing to the real project."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import CheckMessage, run_checks
from django.core.management import call_command
from django.core.management.base import CommandError

from portal.kit import checks, ports, registry
from portal.kit.models import EVENT, SUMMARY, Evidence, no_evidence
from portal.kit.registry import Cleanup, Event, Job, MenuItem, Permission, Schedule


def _ids(messages: list[CheckMessage]) -> list[str | None]:
    return [message.id for message in messages]


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Declares things for one test, although the registries are frozen."""

    def add(kind: "registry.Registry[Any]", *items: Any) -> None:
        added = {kind._name_of(item): item for item in items}
        monkeypatch.setattr(kind, "_items", {**kind._items, **added})

    return add


def _job(permission: str, name: str = "kit.test_thing") -> Job:
    return Job(name, "Test", lambda _: {}, permission)


def _cleanup(permission: str) -> Cleanup:
    return Cleanup("kit.rows", "Rows", "Old rows", "t", "at", timedelta(days=1), permission, ())


def test_the_project_itself_has_no_finding() -> None:
    assert run_checks(tags=[checks.HOUSE_TAG, checks.PRODUCTION_TAG]) == []


def test_manage_py_check_runs_the_checks_of_the_house(declare: Callable[..., None]) -> None:
    declare(registry.permissions, Permission("Wrong", "x", "data"))

    with pytest.raises(CommandError, match=r"steward\.E007"):
        call_command("check")


def test_an_empty_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "PORTS", list(ports.PORTS))

    @ports.port
    def answer(question: str) -> str:
        """Never filled."""
        raise NotImplementedError

    (message,) = checks.check_ports()

    assert (message.id, message.msg) == ("steward.E001", "The port answer is empty.")
    answer.fill(lambda question: question)
    assert checks.check_ports() == []


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (None, "does not state its evidence"),
        ("event", "does not state its evidence"),
        (Evidence("sometimes"), "unknown evidence"),  # type: ignore[arg-type]
        (Evidence("none"), "gives no reason"),
        (Evidence("none", "  "), "gives no reason"),
    ],
)
def test_a_model_of_ours_without_evidence_is_named(monkeypatch: pytest.MonkeyPatch, evidence: Any, words: str) -> None:
    monkeypatch.setattr(apps, "get_models", lambda **_: [_model("kit", evidence)])

    (message,) = checks.check_evidence()

    assert message.id == "steward.E002"
    assert message.msg.startswith("kit.Thing ")
    assert words in message.msg


def _model(app: str, evidence: Any, *, proxy: bool = False) -> Any:
    meta = SimpleNamespace(app_label=app, label=f"{app}.Thing", proxy=proxy)
    return type("Thing", (), {"_meta": meta} | ({} if evidence is None else {"evidence": evidence}))


def test_models_with_evidence_proxies_and_models_of_others_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    stated = [_model("kit", EVENT), _model("audit", SUMMARY), _model("home", no_evidence("A cache."))]
    exempt = [_model("auth", None), _model("kit", None, proxy=True)]
    monkeypatch.setattr(apps, "get_models", lambda **_: stated + exempt)

    assert checks.check_evidence() == []


def test_a_job_with_an_undeclared_permission_is_named(declare: Callable[..., None]) -> None:
    declare(registry.jobs, _job("nobody:declared"))

    (message,) = checks.check_jobs()

    assert (message.id, message.obj) == ("steward.E003", "kit.test_thing")
    assert "'nobody:declared'" in message.msg


@pytest.mark.parametrize(
    ("job", "cron", "zone", "words"),
    [
        ("kit.unknown", "30 3 * * *", "", "starts the job 'kit.unknown'"),
        ("kit.test_thing", "30 3 * *", "", "cron expression '30 3 * *'"),
        ("kit.test_thing", "61 3 * * *", "", "cron expression"),
        ("kit.test_thing", "0 0 31 2 *", "", "names no time"),
        ("kit.test_thing", "", "", "cron expression ''"),
        ("kit.test_thing", "30 3 * * *", "Europe/Atlantis", "time zone 'Europe/Atlantis'"),
    ],
)
def test_a_schedule_that_cannot_run_is_named(
    declare: Callable[..., None], job: str, cron: str, zone: str, words: str
) -> None:
    declare(registry.jobs, _job("installation:admin"))
    declare(registry.schedules, Schedule("kit.nightly", "Nightly", job, cron, time_zone=zone))

    (message,) = checks.check_schedules()

    assert (message.id, message.obj) == ("steward.E004", "kit.nightly")
    assert words in message.msg
    assert message.hint


def test_a_schedule_with_two_mistakes_is_told_both(declare: Callable[..., None]) -> None:
    declare(registry.schedules, Schedule("kit.nightly", "Nightly", "kit.unknown", "never", time_zone="Europe/Vienna"))

    assert _ids(checks.check_schedules()) == ["steward.E004", "steward.E004"]


def test_a_menu_entry_and_a_cleanup_with_an_undeclared_permission_are_named(declare: Callable[..., None]) -> None:
    declare(registry.menu, MenuItem("kit.entry", "Entry", "/", "home", "", "nobody:declared", 1))
    declare(registry.cleanups, _cleanup("nobody:declared"))

    assert [(message.id, message.obj) for message in checks.check_demanded_permissions()] == [
        ("steward.E005", "kit.entry"),
        ("steward.E005", "kit.rows"),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "accounts.user",
        "accounts.User.created",
        "accounts.user.created.twice",
        "garden.tree.planted",
        "accounts.user.create",
        "",
    ],
)
def test_an_event_code_of_another_form_is_named(declare: Callable[..., None], code: str) -> None:
    declare(registry.events, Event(code, "x", "data"))

    (message,) = checks.check_event_codes()

    assert message.id == "steward.E006"
    assert code in message.msg


@pytest.mark.parametrize("code", ["accounts.api_key.created", "audit.checkpoint.signed_off", "billing.invoice.sent"])
def test_an_event_code_that_tells_what_happened_passes(declare: Callable[..., None], code: str) -> None:
    declare(registry.events, Event(code, "x", "data"))

    assert checks.check_event_codes() == []


@pytest.mark.parametrize("code", ["audit", "audit:", "Audit:read", "audit:read:all", "audit.read", "audit: read"])
def test_a_permission_code_of_another_form_is_named(declare: Callable[..., None], code: str) -> None:
    declare(registry.permissions, Permission(code, "x", "data"))

    (message,) = checks.check_permission_codes()

    assert message.id == "steward.E007"
    assert code in message.msg
