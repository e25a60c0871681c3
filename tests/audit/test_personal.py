"""Keys of persons: one each, made once, gone when destroyed; what was altered is told apart from what was erased."""

import threading
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from audit import personal, selectors
from audit.models import PersonalKey
from portal.kit import context, crypto
from portal.kit.context import Actor
from portal.kit.record import record
from portal.kit.services import writing
from tests.audit.support import CODE, as_owner, forge, newest, stored, told_of, unsaved
from tests.factories import World

SYSTEM = Actor("system", None, "system")
DEADLINE = 20.0
OTHER_KEY = "other:" + "A" * 43 + "="
Own = dict[str, str]


def destroy(environment: Own, subject: UUID) -> None:
    """Erase a person: the key goes, its row stays."""
    with as_owner(environment) as owner:
        owner.execute(
            "UPDATE audit_personal_key SET sealed = NULL, destroyed_at = now() WHERE subject_id = %s", [subject]
        )
    personal.forget_everything()


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, at most the deadline."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "the condition never came true"
        threading.Event().wait(0.01)


def test_destroying_the_key_erases_the_person_and_leaves_the_row(own_database: Own) -> None:
    user = unsaved("Nora Quist")
    event_id = told_of(user, {"name": ("Nora Berg", "Nora Quist"), "is_active": (True, False)})
    before = stored(event_id)
    destroy(own_database, user.pk)
    event = selectors.event(SYSTEM, event_id)
    assert stored(event_id) == before
    assert event.target_label == f"erased person {user.pk.hex[-8:]}"
    assert event.sentence.startswith("Erased person "), "It begins a sentence."
    assert [change.name for change in event.changes] == ["is_active"]
    assert (event.erased, event.altered) == (True, False)


def test_erasing_one_person_leaves_the_others_of_the_same_event_readable(own_database: Own) -> None:
    user, by = unsaved("Nora Quist"), Actor("person", uuid4(), "Piet Verhoeven")
    event_id = told_of(user, by=by)
    destroy(own_database, user.pk)
    event = selectors.event(SYSTEM, event_id)
    assert event.actor_label == "Piet Verhoeven"
    assert event.target_label.startswith("erased person")


def test_an_erased_person_who_acts_again_stays_erased(own_database: Own) -> None:
    user = unsaved("Nora Quist")
    told_of(user)
    destroy(own_database, user.pk)
    event_id = told_of(user, {"name": ("a", "b")})
    event = selectors.event(SYSTEM, event_id)
    assert event.target_label.startswith("erased person")
    assert event.changes == []
    assert PersonalKey.objects.get(subject_id=user.pk).sealed is None


def test_the_event_page_shows_an_erased_person_as_such(
    own_database: Own, world: World, browser_of: Callable[[User], Client]
) -> None:
    user = unsaved("Nora Quist")
    event_id = told_of(user)
    destroy(own_database, user.pk)
    page = browser_of(world.manager).get(f"/platform/audit/{event_id}").content.decode()
    assert "erased person" in page
    assert "Nora Quist" not in page


def test_ciphertext_moved_to_another_event_is_unreadable_not_believed(own_database: Own) -> None:
    user = unsaved("Nora Quist")
    first, second = told_of(user, {"name": ("a", "b")}), told_of(user, {"name": ("c", "d")})
    sealed = {event_id: selectors.event(SYSTEM, event_id).row.personal for event_id in (first, second)}
    with as_owner(own_database) as owner:
        forge(owner, first, personal=sealed[second])
        forge(owner, second, personal=sealed[first])
    for event_id in (first, second):
        event = selectors.event(SYSTEM, event_id)
        assert event.altered
        assert not event.erased
        assert event.target_label == f"unreadable name {user.pk.hex[-8:]}"
        assert event.changes == []


@pytest.mark.parametrize("forged", ["", "!!!", "AAAA", "no base64 é", "A" * 64])
def test_forged_ciphertext_does_not_break_the_page(own_database: Own, forged: str) -> None:
    user = unsaved("Nora Quist")
    spoiled, whole = told_of(user), told_of(user)
    with as_owner(own_database) as owner:
        forge(owner, spoiled, personal={str(user.pk): forged, "not an id": forged})
    by_id = {event.id: event for event in selectors.history_of(SYSTEM, user.pk)}
    assert by_id[spoiled].altered
    assert by_id[spoiled].target_label.startswith("unreadable name")
    assert by_id[whole].target_label == "Nora Quist"


def test_a_part_that_was_taken_out_is_unreadable_not_erased(own_database: Own) -> None:
    user = unsaved("Nora Quist")
    event_id = told_of(user)
    with as_owner(own_database) as owner:
        forge(owner, event_id, personal={})
    assert selectors.event(SYSTEM, event_id).target_label.startswith("unreadable name")


@pytest.mark.django_db
def test_a_person_whose_key_nobody_can_open_is_unreadable_and_the_rest_is_shown(
    settings: Settings,
) -> None:
    old, new = unsaved("Nora Quist"), unsaved("Ada Lind")
    first = told_of(old)
    settings.STEWARD_ENCRYPTION_KEYS = OTHER_KEY
    second = told_of(new)
    personal.forget_everything()
    labels = {event.id: event.target_label for event in selectors.told([newest(), selectors.event(SYSTEM, first).row])}
    assert labels[first].startswith("unreadable name")
    assert labels[second] == "Ada Lind"


@pytest.mark.django_db
def test_writing_about_a_person_whose_key_nobody_can_open_is_refused(settings: Settings) -> None:
    user = unsaved()
    told_of(user)
    settings.STEWARD_ENCRYPTION_KEYS = OTHER_KEY
    with pytest.raises(crypto.CannotDecrypt, match="add it"):
        told_of(user)


def test_a_key_moved_to_another_person_does_not_open_anything(own_database: Own) -> None:
    nora, ada = unsaved("Nora Quist"), unsaved("Ada Lind")
    event_id = told_of(nora)
    told_of(ada)
    with as_owner(own_database) as owner:
        owner.execute(
            "UPDATE audit_personal_key SET sealed = (SELECT sealed FROM audit_personal_key WHERE subject_id = %s) "
            "WHERE subject_id = %s",
            [ada.pk, nora.pk],
        )
    personal.forget_everything()
    assert selectors.event(SYSTEM, event_id).altered


def test_two_transactions_that_name_a_new_person_at_once_agree_on_one_key(own_database: Own) -> None:
    user = unsaved("Nora Quist")
    first_wrote, may_commit = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def write(name: str, after: Callable[[], None]) -> None:
        try:
            with context.system("a test"), writing():
                record(CODE, target=user, changes={"name": (None, name)})
                after()
        except BaseException as error:  # noqa: BLE001 - a thread's failure is told by the test
            failures.append(error)
        finally:
            connection.close()

    def hold() -> None:
        first_wrote.set()
        assert may_commit.wait(DEADLINE)

    first = threading.Thread(target=write, args=("one", hold))
    second = threading.Thread(target=write, args=("two", lambda: None))
    first.start()
    assert first_wrote.wait(DEADLINE)
    second.start()
    with as_owner(own_database) as owner:
        # The second stands at the first one's uncommitted key; only then may the first go on.
        until(lambda: bool(owner.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall()))
    may_commit.set()
    for thread in (first, second):
        thread.join(DEADLINE)
    assert not failures
    personal.forget_everything()
    events = selectors.history_of(SYSTEM, user.pk)
    assert {event.changes[0].after for event in events} == {"one", "two"}
    assert PersonalKey.objects.filter(subject_id=user.pk).count() == 1


def test_the_key_of_a_transaction_that_rolled_back_is_forgotten(own_database: Own) -> None:
    user = unsaved("Nora Quist")
    with context.system("a test"):
        with transaction.atomic():
            record(CODE, target=user)
            transaction.set_rollback(True)
        assert not PersonalKey.objects.filter(subject_id=user.pk).exists()
        record(CODE, target=user)
    personal.forget_everything()
    (event,) = selectors.history_of(SYSTEM, user.pk)
    assert event.target_label == "Nora Quist"


def test_the_key_of_a_rolled_back_savepoint_is_forgotten(own_database: Own) -> None:
    user = unsaved("Nora Quist")
    with context.system("a test"), transaction.atomic():
        with transaction.atomic():
            record(CODE, target=user)
            transaction.set_rollback(True)
        record(CODE, target=user)
    personal.forget_everything()
    (event,) = selectors.history_of(SYSTEM, user.pk)
    assert event.target_label == "Nora Quist"


def test_a_process_forgets_a_key_after_a_minute(own_database: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    user = unsaved("Nora Quist")
    event_id = told_of(user)
    with as_owner(own_database) as owner:
        owner.execute("UPDATE audit_personal_key SET sealed = NULL WHERE subject_id = %s", [user.pk])
    later = time.monotonic() + personal.CACHE_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert selectors.event(SYSTEM, event_id).target_label.startswith("erased person")
