"""What an event says, and what it may never say."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit import selectors
from audit.services import HIDDEN
from portal.kit import context
from portal.kit.context import Actor
from portal.kit.record import record, record_many
from portal.kit.services import UnguardedWrite, writing
from tests.audit.support import CODE, count_of, newest, stored, told_of, unsaved
from tests.factories import World

pytestmark = pytest.mark.django_db
SYSTEM = Actor("system", None, "system")
PASSWORD = "swordfish-but-much-longer"


def test_nobody_acting_means_no_event() -> None:
    with pytest.raises(UnguardedWrite):
        record(CODE, target=unsaved())


def test_an_unregistered_code_is_an_error() -> None:
    with context.system("a test"), pytest.raises(ImproperlyConfigured, match="not declared"):
        record("no.such.event")


def test_an_undeclared_field_is_an_error() -> None:
    with context.system("a test"), pytest.raises(ImproperlyConfigured, match=r"accounts\.user\.shoe_size"):
        record(CODE, target=unsaved(), changes={"shoe_size": (41, 42)})


def test_a_diff_without_a_target_is_an_error() -> None:
    with context.system("a test"), pytest.raises(ImproperlyConfigured, match="target"):
        record(CODE, changes={"is_active": (False, True)})


def test_a_secret_field_is_nowhere_in_the_row() -> None:
    user = unsaved()
    event_id = told_of(user, {"password": (PASSWORD, f"{PASSWORD}2"), "is_active": (True, False)})
    assert newest().changes == {"password": [HIDDEN, HIDDEN], "is_active": [True, False]}
    assert PASSWORD not in stored(event_id)
    assert PASSWORD not in str(selectors.event(SYSTEM, event_id).reading)


def test_personal_fields_and_labels_are_stored_as_ciphertext_only() -> None:
    user = unsaved("Nora Quist")
    actor = Actor("person", uuid4(), "Piet Verhoeven")
    changes = {"name": ("Nora Berg", "Nora Quist"), "email": ("n@a.example", "n@b.example")}
    event_id = told_of(user, changes, by=actor)
    row = stored(event_id)
    for readable in ("Nora", "Quist", "Berg", "a.example", "b.example", "Piet", "Verhoeven"):
        assert readable not in row
    assert str(user.pk) in row


def test_a_reader_sees_personal_fields_and_labels() -> None:
    user = unsaved("Nora Quist")
    event_id = told_of(user, {"name": ("Nora Berg", "Nora Quist")}, by=Actor("person", uuid4(), "Piet Verhoeven"))
    event = selectors.event(SYSTEM, event_id)
    assert (event.actor_label, event.target_label) == ("Piet Verhoeven", "Nora Quist")
    (change,) = event.changes
    assert (change.name, change.before, change.after) == ("name", "Nora Berg", "Nora Quist")
    assert event.sentence == "Nora Quist was changed"


def test_a_label_is_that_of_the_time_it_happened(world: World) -> None:
    event_id = told_of(world.clerk)
    with context.system("a test"), writing():
        User.objects.get_queryset().filter(pk=world.clerk.pk).update(name="Somebody Else")
    assert selectors.event(SYSTEM, event_id).target_label == "Clerk"


def test_who_acts_on_whose_behalf_is_kept() -> None:
    behalf = Actor("person", uuid4(), "Mina Haddad")
    event_id = told_of(unsaved(), by=Actor("service", uuid4(), "importer", on_behalf_of=behalf))
    event = selectors.event(SYSTEM, event_id)
    assert (event.actor_label, event.behalf_label) == ("importer", "Mina Haddad")
    assert "Mina" not in stored(event_id)


def test_the_request_is_kept_with_the_event() -> None:
    now = context.Context(
        actor=SYSTEM, request_id="a-request", correlation_id="a-chain", address="2001:db8::7", agent="curl/8", reason=""
    )
    with context.use(now):
        record(CODE, target=unsaved(), reason="because", data={"rows": 3})
    event = newest()
    assert (event.request_id, event.correlation_id) == ("a-request", "a-chain")
    assert (event.address, event.agent) == ("2001:db8::7", "curl/8")
    assert (event.reason, event.data, event.source, event.schema) == ("because", {"rows": 3}, "request", 1)


@pytest.mark.parametrize(
    "value",
    [
        "nul \0 here",
        "half \ud800 pair",
        2**70,
        -(2**70),
        Decimal("1.10"),
        {1: "one"},
        {"a": {"b\0": "\ud800"}},
        UUID(int=7),
        [set()],
        "\\u0000",
    ],
    ids=repr,
)
def test_no_value_costs_us_the_event(value: Any) -> None:
    user = unsaved("Odd\0\ud800 Name")
    changes = {"theme": (None, value), "name": (None, value)}
    event_id = told_of(user, changes, data={"value": value}, reason="\0why \udfff")
    event = selectors.event(SYSTEM, event_id)
    assert event.reason == "why ?"
    assert event.row.data["value"] is not None
    assert {change.name for change in event.changes} == {"theme", "name"}
    assert not event.altered
    assert event.sentence


def test_bulk_events_cost_the_same_statements_whatever_their_number() -> None:
    statements = {}
    for number in (2, 200):
        people = [unsaved(f"Person {index}") for index in range(number)]
        before = count_of(CODE)
        importer = Actor("person", uuid4(), "Importer")
        with context.acting(importer), writing(), CaptureQueriesContext(connection) as captured:
            record_many(CODE, [(user, {"name": (None, user.name)}) for user in people])
        statements[number] = len(captured)
        assert count_of(CODE) == before + number
    assert statements[2] == statements[200] <= 4


def test_bulk_events_can_be_read_one_by_one() -> None:
    people = [unsaved("Ada Lind"), unsaved("Bo Riis")]
    with context.system("a test"):
        record_many(CODE, [(user, {"name": ("x", user.name), "password": (PASSWORD, PASSWORD)}) for user in people])
    for user in people:
        (event,) = selectors.history_of(SYSTEM, user.pk)
        assert event.target_label == user.name
        assert {change.name: change.masked for change in event.changes} == {"password": True, "name": False}
        assert PASSWORD not in stored(event.id)


def test_bulk_of_nothing_writes_nothing() -> None:
    with context.system("a test"), CaptureQueriesContext(connection) as captured:
        record_many(CODE, [])
    assert not captured.captured_queries
