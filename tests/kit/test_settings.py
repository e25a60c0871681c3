"""Settings of the running portal: what is kept, what holds, who may change it, and what stays of every change."""

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction
from pytest_django.fixtures import Settings

from accounts.models import Session
from accounts.settings import DOMAINS, IDLE, IDLE_STAFF, PASSWORD_LENGTH
from audit.models import Event
from portal.kit import context, errors
from portal.kit.mode import state
from portal.kit.models import SettingValue, SettingVersion
from portal.kit.runtime import declare, kinds, selectors, services
from portal.kit.settings import BRAND_NAME, CONTACT
from tests.factories import World, actor_of, signed_in
from tests.kit.setting_world import change, from_environment, reset, revert


def traces() -> tuple[int, int, int]:
    """How many values, versions and events of changes there are."""
    return (
        SettingValue.objects.count(),
        SettingVersion.objects.count(),
        Event.objects.filter(code__startswith="kit.setting.").count(),
    )


def less_strict() -> list[str]:
    """The settings that lower security, but for the limits, which are off for the tests."""
    return [one.code for one in declare.less_strict() if one.code != "rates.limited"]


def test_what_nobody_changed_is_the_default(world: World, settings: Settings) -> None:
    assert BRAND_NAME.value() == "Steward"
    settings.STEWARD_ADMIN_CONTACT = "The desk"
    assert CONTACT.value() == "The desk"
    one = selectors.setting(actor_of(world.root), "brand.name")
    assert (one.source, one.number, one.last) == ("default", 0, None)


def test_a_change_holds_at_once_and_is_kept_with_who_when_and_why(world: World) -> None:
    row = change(world.root, "brand.name", "  Harbour ", reason=" A new name ")
    assert BRAND_NAME.value() == "Harbour"
    assert (row.value, row.number, str(row)) == ("Harbour", 1, "Product name")
    version = SettingVersion.objects.get()
    assert (version.number, version.code, version.value, version.reason) == (1, "brand.name", "Harbour", "A new name")
    assert version.changed_by == world.root
    event = Event.objects.get(code="kit.setting.changed")
    assert (event.actor_id, event.reason) == (world.root.pk, "A new name")
    assert event.data == {"code": "brand.name", "number": 1, "how": "changed"}
    assert event.changes == {"value": ["Steward", "Harbour"]}
    one = selectors.setting(actor_of(world.root), "brand.name")
    assert (one.source, one.value, one.default) == ("database", "Harbour", "Steward")


def test_the_value_that_holds_already_changes_nothing(world: World) -> None:
    change(world.root, "brand.name", "Harbour")
    before = traces()
    change(world.root, "brand.name", "Harbour")
    assert traces() == before


def test_reset_and_revert_are_versions_of_their_own(world: World) -> None:
    change(world.root, "brand.name", "Harbour")
    change(world.root, "brand.name", "Meadow")
    reset(world.root, "brand.name")
    assert BRAND_NAME.value() == "Steward"
    revert(world.root, "brand.name", 1)
    assert BRAND_NAME.value() == "Harbour"
    revert(world.root, "brand.name", 3)
    assert BRAND_NAME.value() == "Steward"
    rows = list(SettingVersion.objects.order_by("number").values_list("number", "value", "reverted_to"))
    assert rows == [(1, "Harbour", None), (2, "Meadow", None), (3, None, None), (4, "Harbour", 1), (5, None, 3)]
    hows = [event.data["how"] for event in Event.objects.filter(code="kit.setting.changed").order_by("id")]
    assert hows == ["changed", "changed", "reset", "reverted", "reverted"]


def test_a_version_of_another_setting_cannot_be_taken_up(world: World) -> None:
    change(world.root, "brand.name", "Harbour")
    before = traces()
    with pytest.raises(errors.NotFound):
        revert(world.root, "installation.contact", 1)
    with pytest.raises(errors.NotFound):
        change(world.root, "no.such_setting", 1)
    assert traces() == before


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("brand.name", ""),
        ("brand.name", "x" * 41),
        ("brand.name", "Har\nbour"),
        ("brand.name", 7),
        ("brand.name", None),
        ("brand.accent", "#ffee00"),
        ("brand.accent", "green"),
        ("brand.support", "javascript:alert(1)"),
        ("brand.support", "http://example.com"),
        ("brand.logo", "../../secret"),
        ("sessions.idle", 0),
        ("sessions.idle", 10_081),
        ("sessions.idle", True),
        ("sessions.idle", "60"),
        ("sessions.idle", 1.5),
        ("sessions.impersonation", 1),
        ("registration.who", "everybody"),
        ("registration.domains", ["nodomain"]),
        ("registration.domains", "example.com"),
        ("registration.domains", [f"d{number}.example.com" for number in range(101)]),
        ("installation.time_zone", "Mars/Olympus"),
        ("privacy.terms", "ftp://example.com/terms"),
        ("mail.reply_to", "nobody"),
        ("rates.api", -1),
        ("backups.daily", 1001),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_and_nothing_is_kept(world: World, code: str, value: Any) -> None:
    declared = declare.find(code)
    assert declared is not None
    before, held = traces(), declared.value()
    with pytest.raises(errors.Invalid) as refused:
        change(world.root, code, value)
    assert list(refused.value.fields) == ["value"]
    assert (traces(), declared.value()) == (before, held)


def test_several_are_changed_together_or_not_at_all(world: World) -> None:
    actor = actor_of(world.root)
    with pytest.raises(errors.Invalid) as refused, context.acting(actor):
        services.settings_change(actor=actor, values={"brand.name": "Harbour", "rates.api": "many", "no.such": 1})
    assert set(refused.value.fields) == {"rates.api", "no.such"}
    assert traces() == (0, 0, 0)
    with pytest.raises(errors.Invalid), context.acting(actor):
        # The second lowers security and has no reason: the first is undone with it.
        services.settings_change(actor=actor, values={"brand.name": "Harbour", "passwords.length": 8})
    assert traces() == (0, 0, 0)
    assert BRAND_NAME.value() == "Steward"
    with context.acting(actor):
        services.settings_change(
            actor=actor, values={"brand.name": "Harbour", "passwords.length": 8}, reason="Old terminals"
        )
    assert (BRAND_NAME.value(), PASSWORD_LENGTH.value()) == ("Harbour", 8)


def test_what_lowers_security_takes_a_reason_and_leaves_a_warning(world: World) -> None:
    with pytest.raises(errors.Invalid) as refused:
        change(world.root, "sessions.idle", 10_000, reason=" ")
    assert list(refused.value.fields) == ["reason"]
    assert traces() == (0, 0, 0)
    change(world.root, "sessions.idle", 10_000, reason="A fair")
    event = Event.objects.get(code="kit.setting.weakened")
    assert (event.severity, event.category) == ("warning", "security")
    assert event.changes == {"value": [720, 10_000]}
    assert less_strict() == ["sessions.idle"]
    change(world.root, "sessions.idle", 60, reason="")
    assert Event.objects.filter(code="kit.setting.changed").count() == 1
    assert less_strict() == []
    with pytest.raises(errors.Invalid):
        reset(world.root, "sessions.idle", reason="")  # The default is laxer than what holds.
    assert IDLE.value() == timedelta(minutes=60)


def test_the_environment_wins_and_cannot_be_changed_here(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    change(world.root, "sessions.idle", 60)
    assert IDLE.value() == timedelta(minutes=60)
    from_environment(monkeypatch, "STEWARD_SESSION_IDLE_MINUTES")
    assert IDLE.value() == timedelta(minutes=720)
    one = selectors.setting(actor_of(world.root), "sessions.idle")
    assert (one.source, one.value) == ("environment", timedelta(minutes=720))
    before = traces()
    for act in (
        lambda: change(world.root, "sessions.idle", 90),
        lambda: reset(world.root, "sessions.idle"),
        lambda: revert(world.root, "sessions.idle", 1),
    ):
        with pytest.raises(services.SettingFixed) as refused:
            act()
        assert "STEWARD_SESSION_IDLE_MINUTES" in str(refused.value.detail)
    assert traces() == before


def test_a_setting_that_the_environment_lowers_is_named_as_less_strict(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SESSION_IDLE_STAFF = timedelta(minutes=600)
    from_environment(monkeypatch, "STEWARD_SESSION_IDLE_STAFF_MINUTES")
    assert less_strict() == ["sessions.idle_staff"]
    assert IDLE_STAFF.shipped() == timedelta(minutes=30)


def test_of_two_who_look_at_the_same_version_the_second_is_told(world: World) -> None:
    change(world.root, "brand.name", "Harbour", number=0)
    with pytest.raises(services.SettingMoved):
        change(world.admin, "brand.name", "Meadow", number=0)
    assert BRAND_NAME.value() == "Harbour"
    change(world.admin, "brand.name", "Meadow", number=1)


@pytest.mark.parametrize("name", ["manager", "clerk", "stranger"])
def test_who_lacks_the_right_changes_nothing(world: World, name: str) -> None:
    change(world.root, "brand.name", "Harbour")
    before, who = traces(), getattr(world, name)
    for act in (
        lambda: change(who, "brand.name", "Meadow"),
        lambda: reset(who, "brand.name"),
        lambda: revert(who, "brand.name", 1),
    ):
        with pytest.raises(errors.Forbidden):
            act()
    assert (traces(), BRAND_NAME.value()) == (before, "Harbour")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE kit_setting_version SET value = '1'",
        "DELETE FROM kit_setting_version",
        "TRUNCATE kit_setting_version",
    ],
)
def test_the_database_refuses_to_change_the_history(own_database: dict[str, str], world: World, statement: str) -> None:
    change(world.root, "brand.name", "Harbour")
    refusals = (InternalError, ProgrammingError)
    with pytest.raises(refusals), transaction.atomic(), context.system("a test"), connection.cursor() as cursor:
        from portal.kit.services import writing

        with writing():
            cursor.execute(statement)
    assert SettingVersion.objects.get().value == "Harbour"


def test_a_value_that_is_not_allowed_any_more_is_not_used(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    change(world.root, "passwords.length", 60)
    monkeypatch.setattr(kinds.Number, "read", _refuse)
    state.forget()
    assert PASSWORD_LENGTH.value() == 15


def _refuse(*_args: object) -> int:
    raise kinds.Refused("no more")


def test_what_is_tried_holds_inside_the_block_alone() -> None:
    with declare.trying({"brand.name": "Harbour"}):
        assert BRAND_NAME.value() == "Harbour"
        with declare.trying({"registration.domains": ("example.com",)}):
            assert (BRAND_NAME.value(), DOMAINS.value()) == ("Harbour", ("example.com",))
    assert (BRAND_NAME.value(), DOMAINS.value()) == ("Steward", ())


def test_every_default_is_a_value_that_the_setting_can_have() -> None:
    for one in declare.everything():
        assert one.kind.read(one.kind.kept(one.installed())) == one.installed(), one.code
        assert one.shipped() == one.installed() or one.fixed, one.code
        assert str(one.label), one.code
        assert str(one.help).endswith("."), one.code
        assert one.weaker is None or str(one.weakens).endswith("."), one.code


# --- between processes ---

_OTHER = """
import django, sys
django.setup()
from portal.kit import context
from accounts.models import User
from portal.kit.runtime import services
from tests.factories import actor_of
from portal.kit.services import writing
with context.system("another process") as current:
    services.setting_change(actor=current.actor, code="sessions.idle_staff", value=int(sys.argv[1]), reason="Elsewhere")
"""


def test_a_change_of_another_process_holds_from_the_next_request_on(own_database: dict[str, str], world: World) -> None:
    client = signed_in(world.admin)
    assert client.get("/platform/settings").status_code == 200
    assert IDLE_STAFF.value() == timedelta(minutes=30)
    known = state._kept
    known.until = float("inf")  # As if it had been read just now: the two seconds do not pass in this test.
    environment = {**own_database, "DJANGO_SETTINGS_MODULE": "portal.conf.settings"}
    done = subprocess.run(
        [sys.executable, "-c", _OTHER, "20"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert IDLE_STAFF.value() == timedelta(minutes=30), "nobody has told this process yet"
    assert client.get("/me/session").status_code == 200
    assert IDLE_STAFF.value() == timedelta(minutes=20)
    fresh = signed_in(world.manager)
    assert Session.objects.latest("id").idle == timedelta(minutes=20)
    assert fresh.get("/").status_code == 200


def test_who_is_not_signed_in_and_workers_learn_of_it_within_two_seconds(world: World) -> None:
    change(world.root, "brand.name", "Harbour")
    assert BRAND_NAME.value() == "Harbour"
    assert state._kept.until - state.time.monotonic() <= state.FRESH_SECONDS
