"""Idempotency-Key: done once, answered twice; nothing kept of what was not done."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import Organisation, User
from maintenance import cleaning
from portal.kit import clock, context, crypto, registry, requests
from portal.kit.models import KeptRequest
from portal.kit.services import writing
from tests.factories import World, actor_of
from tests.kit.test_api_routes import ROUTES

ROOT = Path(__file__).resolve().parent.parent.parent
BrowserOf = Callable[[User], Client]
URL = "/api/v1/things"
KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"


@pytest.fixture
def caller(settings: Settings, world: World, browser_of: BrowserOf) -> Client:
    settings.ROOT_URLCONF = ROUTES
    client = browser_of(world.clerk)
    client.raise_request_exception = False
    return client


def post(caller: Client, body: str = '{"slug": "one"}', key: str = KEY, **headers: str) -> Any:
    return caller.post(URL, body, content_type="application/json", headers={"Idempotency-Key": key, **headers})


def number() -> int:
    return Organisation.objects.count()


@pytest.mark.django_db
def test_a_call_that_is_sent_again_is_answered_and_not_done_again(caller: Client) -> None:
    first, second = post(caller), post(caller)

    assert (first.status_code, second.status_code, number()) == (201, 201, 1)
    assert first.content == second.content
    assert second["Location"] == first["Location"] == "/api/v1/things/one"
    assert second["Content-Type"] == "application/json"
    assert (first.headers.get("Idempotency-Replayed"), second["Idempotency-Replayed"]) == (None, "true")


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["body", "path", "method", "organisation"])
def test_another_call_under_the_same_key_is_refused_and_not_done(caller: Client, change: str) -> None:
    post(caller)
    body, method, url = '{"slug": "one"}', "POST", URL
    if change == "body":
        body = '{"slug": "two"}'
    elif change == "path":
        url, method = f"{URL}/one", "PATCH"
    elif change == "method":
        method, url = "PATCH", f"{URL}/one"
    organisation = {"Steward-Organisation": str(uuid4())} if change == "organisation" else {}

    reply: Any = caller.generic(
        method, url, body, content_type="application/json", headers={"Idempotency-Key": KEY, **organisation}
    )

    if change == "organisation":
        # Nobody's organisation is not even looked at.
        assert reply.status_code == 404
    else:
        assert (reply.status_code, reply.json()["code"]) == (422, "kit.idempotency_conflict")
    assert (number(), Organisation.objects.get().name) == (1, "Made")


@pytest.mark.django_db
def test_a_refused_call_is_not_kept_and_may_be_corrected_under_its_key(caller: Client) -> None:
    refused = post(caller, '{"slug": "one", "then": "refuse"}')
    assert (refused.status_code, number(), KeptRequest.objects.count()) == (409, 0, 0)
    assert post(caller, '{"slug": 1, "extra": 2}').status_code == 422

    assert post(caller).status_code == 201
    assert (number(), KeptRequest.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_a_crash_keeps_neither_the_change_nor_the_reply(caller: Client) -> None:
    assert post(caller, '{"slug": "one", "then": "crash"}').status_code == 500
    assert (number(), KeptRequest.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_the_keys_of_two_callers_have_nothing_to_do_with_each_other(
    caller: Client, world: World, browser_of: BrowserOf
) -> None:
    other = browser_of(world.stranger)

    assert post(caller).status_code == 201
    reply = post(other, '{"slug": "two"}')

    assert (reply.status_code, reply.headers.get("Idempotency-Replayed"), number()) == (201, None, 2)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", " ", "a b", "\u00fc", "x" * 201, "a\tb", "a\x7f"])
def test_a_key_that_cannot_be_one_is_refused(caller: Client, key: str) -> None:
    reply = post(caller, key=key)

    assert (reply.status_code, reply.json()["code"]) == (400, "kit.idempotency_key_malformed")
    assert number() == 0


@pytest.mark.django_db
def test_after_a_day_a_key_is_new_again(caller: Client) -> None:
    with clock.at(clock.now() - requests.KEEP):
        assert post(caller, '{"slug": "old"}').status_code == 201

    reply = post(caller, '{"slug": "new"}')

    assert (reply.status_code, reply.headers.get("Idempotency-Replayed")) == (201, None)
    assert post(caller, '{"slug": "new"}')["Idempotency-Replayed"] == "true"
    assert KeptRequest.objects.count() == 1


@pytest.mark.django_db
def test_a_reply_is_kept_sealed_and_is_of_no_use_in_another_row(caller: Client) -> None:
    post(caller, '{"slug": "open-secret"}')
    kept = KeptRequest.objects.get()
    assert b"open-secret" not in bytes(kept.sealed)

    kept.key = "another"
    with pytest.raises(crypto.CannotDecrypt):
        requests._replayed(kept)


@pytest.mark.django_db
def test_reads_and_calls_that_say_so_keep_nothing(caller: Client) -> None:
    post(caller)
    headers = {"Idempotency-Key": "other"}
    assert caller.get(f"{URL}/one", headers=headers).status_code == 200
    assert caller.delete(f"{URL}/one", headers=headers).status_code == 204
    assert KeptRequest.objects.count() == 1


@pytest.mark.django_db
def test_nobody_has_no_keys(settings: Settings) -> None:
    settings.ROOT_URLCONF = ROUTES
    caller = Client()
    assert caller.post("/api/v1/old", headers={"Idempotency-Key": KEY}).status_code == 200
    assert post(caller).status_code == 401
    assert KeptRequest.objects.count() == 0


@pytest.mark.django_db
def test_the_right_is_asked_again_before_a_reply_is_given_again(caller: Client, world: World) -> None:
    post(caller)
    with context.system("a test"), writing():
        User.objects.filter(pk=world.clerk.pk).update(is_active=False)

    reply = post(caller)

    assert (reply.status_code, reply.json()["code"]) == (403, "kit.account_inactive")


def test_of_two_at_once_one_is_done_and_the_other_is_told_to_wait(
    own_database: dict[str, str], caller: Client, django_db_blocker: DjangoDbBlocker, world: World
) -> None:
    with transaction.atomic():
        assert requests._taken_alone(world.clerk.pk, KEY)
        replies: list[Any] = []

        def second() -> None:
            with django_db_blocker.unblock():
                other = Client()
                other.cookies = caller.cookies
                replies.append(post(other))
                connections.close_all()

        thread = threading.Thread(target=second)
        thread.start()
        thread.join(30)

    assert (replies[0].status_code, replies[0].json()["code"]) == (409, "kit.idempotency_in_progress")
    assert number() == 0
    assert post(caller).status_code == 201


def test_a_herd_with_one_key_does_it_once(
    own_database: dict[str, str], caller: Client, django_db_blocker: DjangoDbBlocker
) -> None:
    statuses: list[int] = []
    ready = threading.Barrier(6)

    def one() -> None:
        with django_db_blocker.unblock():
            other = Client()
            other.cookies = caller.cookies
            ready.wait(20)
            statuses.append(post(other).status_code)
            connections.close_all()

    herd = [threading.Thread(target=one) for _ in range(6)]
    for thread in herd:
        thread.start()
    for thread in herd:
        thread.join(30)

    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert (number(), KeptRequest.objects.count()) == (1, 1)


DYING = """
import os, signal
import django
django.setup()
from django.conf import settings
settings.ROOT_URLCONF = "tests.kit.test_api_routes"
from django.db import connection
from django.test import Client
from portal.kit.models import KeptRequest

def die(execute, sql, params, many, context):
    result = execute(sql, params, many, context)
    if "kit_kept_request" in sql and sql.startswith("INSERT"):
        os.kill(os.getpid(), signal.SIGKILL)  # all is written, nothing committed
    return result

client = Client(HTTP_HOST="localhost")
client.cookies[settings.SESSION_COOKIE_NAME] = os.environ["TOKEN"]
connection.ensure_connection()
connection.execute_wrappers.append(die)
client.post("/api/v1/things", '{"slug": "one"}', content_type="application/json",
    headers={"Idempotency-Key": os.environ["KEY"]})
"""


def test_after_a_crash_between_the_change_and_its_commit_the_call_is_done_once(
    own_database: dict[str, str], caller: Client, settings: Settings
) -> None:
    token = caller.cookies[settings.SESSION_COOKIE_NAME].value
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DYING],
        cwd=ROOT,
        env={**own_database, "TOKEN": token, "KEY": KEY, "STEWARD_RATE_LIMITS": "0"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert (number(), KeptRequest.objects.count()) == (0, 0)

    assert post(caller).headers.get("Idempotency-Replayed") is None
    assert post(caller)["Idempotency-Replayed"] == "true"
    assert number() == 1


@pytest.mark.django_db
def test_rows_go_after_a_day_and_none_before(caller: Client, world: World) -> None:
    with clock.at(clock.now() - timedelta(hours=25)):
        post(caller)
    post(caller, '{"slug": "two"}', key="another")

    with context.acting(actor_of(world.admin)):
        preview = cleaning.preview(actor=actor_of(world.admin), name="kit.kept_requests")

    assert preview.count == 1
    assert registry.cleanups.get("kit.kept_requests").keep == requests.KEEP


@pytest.mark.django_db
def test_the_application_may_not_change_what_it_has_kept(caller: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('steward_app', 'kit_kept_request', 'UPDATE')")
        assert cursor.fetchone() == (False,)
