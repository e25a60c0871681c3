"""Webhooks that leave: who may, what is sent, how it is signed, what happens when nobody takes it."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from accounts.services.organisations import organisation_update
from audit.models import Event
from billing.errors.webhooks import DeliveryWaiting, WebhookPaused, WebhooksTooMany
from billing.models import WebhookDelivery, WebhookEndpoint
from billing.services import webhook_deliveries as deliveries
from billing.services import webhooks as services
from billing.services.webhook_deliveries import BACK_OFF, Outcome, delivery_settle, pause_after
from billing.webhook_calls import Call, make
from docs.examples.steward_client.webhooks import NotSteward, verify
from maintenance import runner
from maintenance.models import JobRun
from portal.kit import clock, context, errors
from portal.kit.ids import uuid7
from portal.kit.models import OutboundMessage
from portal.kit.models.notices import Notice
from portal.kit.services import writing
from portal.kit.webhooks import signature, signed_headers
from tests.accounts.organisation_world import House, join, make_house
from tests.billing.usage_world import NOON

URL = "https://hooks.example.com/steward"
TYPES = ["organisation.updated", "usage.quota_reached"]
GOOD = Outcome(True, 204, "", "", 12)
BAD = Outcome(False, 500, "It answered 500.", "oops", 12)


class Receiver(BaseHTTPRequestHandler):
    """Notes what comes and answers the statuses of its server, the last one for ever."""

    server: Any

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((dict(self.headers), body))
        statuses = self.server.statuses
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Any]:
    """A receiver on this machine, which the settings allow."""
    settings.STEWARD_OUTGOING_ALLOW = ["127.0.0.1"]
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.seen, server.statuses = [], [204]
    server.url = f"http://127.0.0.1:{server.server_port}/in"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def house(db: None) -> House:
    return make_house("Harbour")


def hook(house: House, url: str = URL, **values: Any) -> tuple[WebhookEndpoint, str]:
    """A webhook of a house, made by its administrator; its secret."""
    actor = house.inside(house.admin)
    with context.acting(actor):
        return services.webhook_create(
            actor=actor, organisation_id=house.id, url=url, types=values.pop("types", TYPES), **values
        )


def _rename(house: House, name: str) -> None:
    actor = house.inside(house.owner)
    with context.acting(actor):
        organisation_update(actor=actor, organisation=house.organisation, values={"name": name})


def _as_admin(house: House, service: Any, **values: Any) -> Any:
    actor = house.inside(house.admin)
    with context.acting(actor):
        return service(actor=actor, **values)


def _settle(row: WebhookDelivery, outcome: Outcome) -> str:
    with context.system("a test"):
        return delivery_settle(delivery=row, outcome=outcome)


def test_a_change_writes_a_delivery_for_each_endpoint_that_wants_it(house: House) -> None:
    one, secret = hook(house)
    hook(house, types=["usage.quota_reached"])
    hook(make_house("Elsewhere"))
    _rename(house, "Harbour and sons")
    (row,) = WebhookDelivery.objects.all()
    assert (row.endpoint_id, row.type, row.state) == (one.pk, "organisation.updated", "queued")
    event = Event.objects.get(code="accounts.organisation.updated")
    body = json.loads(row.body)
    assert row.message_id == event.pk
    assert body["type"] == "organisation.updated"
    assert body["data"]["id"] == str(house.id)
    assert body["data"]["changes"] == {"name": "Harbour and sons"}
    stored = str(list(WebhookEndpoint.objects.values())) + str(list(Event.objects.values("changes", "data")))
    assert secret not in stored
    assert base64.b64decode(secret.removeprefix("whsec_")).hex() not in stored


def test_what_fails_leaves_no_delivery(house: House) -> None:
    hook(house)
    with pytest.raises(errors.Invalid):
        actor = house.inside(house.owner)
        with context.acting(actor):
            organisation_update(actor=actor, organisation=house.organisation, values={"name": ""})
    assert not WebhookDelivery.objects.exists()


def test_personal_facts_and_what_is_masked_do_not_leave(house: House) -> None:
    hook(house, types=["member.added", "role.granted", "member.left"])
    joined = join(house.organisation, "viewer")
    bodies = "".join(row.body for row in WebhookDelivery.objects.all())
    assert '"type":"member.added"' in bodies
    for personal in (joined.name, joined.email, joined.username, "•••"):
        assert personal not in bodies


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"url": "http://hooks.example.com/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"types": []}, "types"),
        ({"types": ["nothing.happened"]}, "types"),
        ({"description": "x" * 121}, "description"),
    ],
)
def test_a_wrong_webhook_is_refused_by_field_and_nothing_is_made(
    house: House, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(errors.Invalid) as caught:
        hook(house, **values)
    assert list(caught.value.fields) == [field]
    kept, _secret = hook(house)
    with pytest.raises(errors.Invalid):
        _as_admin(house, services.webhook_update, endpoint=kept, values=values)
    assert WebhookEndpoint.objects.get().url == URL
    assert Event.objects.filter(code="billing.webhook.created").count() == 1


def test_there_are_at_most_twenty(house: House) -> None:
    for _ in range(services.MOST):
        hook(house)
    with pytest.raises(WebhooksTooMany):
        hook(house)
    assert WebhookEndpoint.objects.count() == services.MOST


def test_only_administrators_of_the_organisation_touch_its_webhooks(house: House) -> None:
    endpoint, _secret = hook(house)
    _as_admin(house, services.webhook_test, endpoint=endpoint)
    delivery = WebhookDelivery.objects.get()
    before = Event.objects.exclude(code="kit.access.denied").count()
    actor = house.inside(house.editor)
    for service, values in (
        (services.webhook_create, {"organisation_id": house.id, "url": URL, "types": TYPES}),
        (services.webhook_update, {"endpoint": endpoint, "values": {"url": "https://evil.example.com/"}}),
        (services.webhook_pause, {"endpoint": endpoint}),
        (services.webhook_resume, {"endpoint": endpoint}),
        (services.webhook_rotate, {"endpoint": endpoint}),
        (services.webhook_test, {"endpoint": endpoint}),
        (services.webhook_delete, {"endpoint": endpoint}),
        (services.delivery_resend, {"delivery": delivery}),
    ):
        with context.acting(actor), pytest.raises(errors.Forbidden):
            service(actor=actor, **values)
    assert (WebhookEndpoint.objects.get().url, WebhookDelivery.objects.count()) == (URL, 1)
    assert Event.objects.exclude(code="kit.access.denied").count() == before


def test_after_a_rotation_both_secrets_prove_a_message_for_a_day(house: House) -> None:
    endpoint, old = hook(house)
    with clock.at(NOON):
        endpoint, new = _as_admin(house, services.webhook_rotate, endpoint=endpoint)
    body = b'{"type":"webhook.test"}'
    for moment, proofs in ((NOON, [True, True]), (NOON + timedelta(hours=24), [True, False])):
        with clock.at(moment):
            secrets = services.secrets_of(endpoint=endpoint)
        headers = signed_headers(secrets, uuid7(), clock.now(), body)
        assert [_proves(secret, body, headers) for secret in (new, old)] == proofs
    assert not _proves(new, body + b" ", headers)


def _proves(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        verify(secret, headers, body)
    except NotSteward:
        return False
    return True


def test_the_published_example_of_standard_webhooks_comes_out_the_same() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    stamp = "1614265330"
    made = signature(base64.b64decode(secret.removeprefix("whsec_")), "msg_p5jXN8AQM9LWM0D4loKWxJek", stamp, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    headers = {"Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": stamp, "webhook-signature": made}
    assert verify(secret, headers, body, now=1614265331.0) == {"test": 2432232314}
    for broken in (
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": made.replace("v1,", "v2,")},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "soon"},
    ):
        with pytest.raises(NotSteward):
            verify(secret, {**headers, **broken}, body, now=1614265331.0)
    with pytest.raises(NotSteward):
        verify(secret, headers, body, now=1614265331.0 + 300)
    with pytest.raises(NotSteward):
        verify(secret, {}, body)


def test_failures_come_back_later_and_later_and_end(house: House) -> None:
    endpoint, _secret = hook(house)
    moment = NOON
    with clock.at(moment):
        _rename(house, "Harbour two")
    for attempt in range(1, len(BACK_OFF) + 2):
        with clock.at(moment), context.system("a test"):
            (row,) = deliveries.deliveries_claim()
            assert (row.attempts, deliveries.deliveries_claim()) == (attempt, [])
        with clock.at(moment):
            state = _settle(row, BAD)
        row.refresh_from_db()
        if attempt <= len(BACK_OFF):
            assert state == "queued"
            assert 0.8 * BACK_OFF[attempt - 1] <= row.next_at - moment <= 1.2 * BACK_OFF[attempt - 1]
            moment = row.next_at
    assert (state, row.status, row.error) == ("failed", 500, "It answered 500.")
    assert sum(BACK_OFF, timedelta()) > timedelta(days=3)
    endpoint.refresh_from_db()
    assert endpoint.failing_since == NOON
    ended = moment - NOON >= timedelta(days=3)
    assert (endpoint.state == "failing") is ended


def test_after_days_without_success_an_endpoint_is_paused_and_its_people_are_told(house: House) -> None:
    endpoint, _secret = hook(house)
    with clock.at(NOON):
        _rename(house, "Harbour two")
        _rename(house, "Harbour three")
        with context.system("a test"):
            first, second = deliveries.deliveries_claim()
        _settle(first, BAD)
    with clock.at(NOON + timedelta(days=3)):
        with context.system("a test"), writing():
            WebhookDelivery.objects.filter(pk=second.pk).update(attempts=len(BACK_OFF) + 1)
        second.refresh_from_db()
        assert _settle(second, BAD) == "failed"
    endpoint.refresh_from_db()
    assert endpoint.state == "failing"
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"failed"}
    people = {house.owner.pk, house.admin.pk}
    assert set(Notice.objects.filter(category="usage").values_list("person_id", flat=True)) == people
    mails = OutboundMessage.objects.filter(category="usage")
    assert {mail.person_id for mail in mails} == people
    assert Event.objects.filter(code="billing.webhook.given_up").count() == 1
    resumed = _as_admin(house, services.webhook_resume, endpoint=endpoint)
    assert (resumed.state, resumed.failing_since) == ("active", None)


def test_a_receiver_that_is_gone_for_good_is_paused_at_once(house: House) -> None:
    endpoint, _secret = hook(house)
    _as_admin(house, services.webhook_test, endpoint=endpoint)
    with context.system("a test"):
        (row,) = deliveries.deliveries_claim()
    assert _settle(row, Outcome(False, 410, "It answered 410.", "", 5, gone=True)) == "failed"
    endpoint.refresh_from_db()
    assert endpoint.state == "failing"


def test_a_claim_that_was_taken_over_says_nothing(house: House) -> None:
    endpoint, _secret = hook(house)
    _as_admin(house, services.webhook_test, endpoint=endpoint)
    with clock.at(clock.now()), context.system("a test"):
        (slow,) = deliveries.deliveries_claim()
    with clock.at(clock.now() + timedelta(minutes=3)), context.system("a test"):
        (quick,) = deliveries.deliveries_claim()
    assert _settle(slow, BAD) == ""
    assert _settle(quick, GOOD) == "delivered"
    endpoint.refresh_from_db()
    assert endpoint.last_success_at is not None


def test_pausing_gives_up_what_waits_and_a_resend_needs_an_active_one(house: House) -> None:
    endpoint, _secret = hook(house)
    _rename(house, "Harbour two")
    delivery = WebhookDelivery.objects.get()
    with pytest.raises(DeliveryWaiting):
        _as_admin(house, services.delivery_resend, delivery=delivery)
    assert _as_admin(house, services.webhook_pause, endpoint=endpoint).state == "paused"
    assert WebhookDelivery.objects.get().state == "failed"
    _rename(house, "Harbour three")
    assert WebhookDelivery.objects.count() == 1
    for refused, values in (
        (services.delivery_resend, {"delivery": delivery}),
        (services.webhook_test, {"endpoint": endpoint}),
    ):
        with pytest.raises(WebhookPaused):
            _as_admin(house, refused, **values)
    _as_admin(house, services.webhook_resume, endpoint=endpoint)
    again = _as_admin(house, services.delivery_resend, delivery=delivery)
    assert (again.state, again.message_id, again.resends) == ("queued", delivery.message_id, 1)
    codes = list(Event.objects.filter(target_id=endpoint.pk).order_by("id").values_list("code", flat=True))
    assert [code.rpartition(".")[2] for code in codes] == ["created", "paused", "resumed", "resent"]


def test_one_change_is_one_event_and_a_deleted_one_takes_its_log_along(house: House) -> None:
    endpoint, _secret = hook(house)
    _as_admin(house, services.webhook_update, endpoint=endpoint, values={"description": "Accounts", "url": URL})
    _as_admin(house, services.webhook_update, endpoint=endpoint, values={"description": "Accounts"})
    assert Event.objects.get(code="billing.webhook.updated").changes == {"description": ["", "Accounts"]}
    _as_admin(house, services.webhook_test, endpoint=endpoint)
    _as_admin(house, services.webhook_delete, endpoint=endpoint)
    with pytest.raises(errors.NotFound):
        _as_admin(house, services.webhook_delete, endpoint=endpoint)
    assert not WebhookDelivery.objects.exists()


def test_many_endpoints_share_a_run_fairly(house: House) -> None:
    busy, _secret = hook(house)
    for number in range(10):
        _rename(house, f"Harbour {number}")
    hook(house, types=["organisation.updated"])
    _rename(house, "Harbour last")
    with context.system("a test"):
        claimed = deliveries.deliveries_claim()
    of_busy = [row for row in claimed if row.endpoint_id == busy.pk]
    assert (len(of_busy), len(claimed)) == (deliveries.PER_ENDPOINT, deliveries.PER_ENDPOINT + 1)
    assert len({round(pause_after(attempts=1).total_seconds(), 6) for _ in range(20)}) > 1


def test_a_name_that_leads_inside_is_told_in_the_log_and_not_called(house: House, receiver: Any) -> None:
    call = Call(f"https://127.0.0.2:{receiver.server_port}/", uuid7(), b"{}", (b"s",))
    outcome = make(call)
    assert (outcome.delivered, outcome.status) == (False, None)
    assert outcome.error
    assert receiver.seen == []


def _run() -> JobRun:
    run = JobRun.objects.filter(name=deliveries.JOB, state="queued").latest("id")
    runner.execute(run.pk)
    run.refresh_from_db()
    return run


def test_the_job_sends_signed_messages_and_comes_back_for_what_failed(
    own_database: dict[str, str], receiver: Any
) -> None:
    house = make_house("Harbour")
    _endpoint, secret = hook(house, receiver.url)
    receiver.statuses = [500, 204]
    _rename(house, "Harbour and sons")
    run = _run()
    assert (run.state, run.result) == ("succeeded", {"queued": 1})
    waiting = JobRun.objects.get(name=deliveries.JOB, state="queued")
    assert waiting.run_at is not None
    assert waiting.run_at > clock.now()
    with clock.at(clock.now() + timedelta(minutes=2)):
        assert _run().result == {"delivered": 1}
    (first, body), (second, same) = receiver.seen
    assert (first["webhook-id"], body) == (second["webhook-id"], same)
    assert first["Content-Type"] == "application/json"
    assert re.fullmatch(r"v1,[A-Za-z0-9+/=]{44}", first["webhook-signature"])
    assert verify(secret, first, body)["type"] == "organisation.updated"
    row = WebhookDelivery.objects.get()
    assert (row.state, row.attempts, row.status) == ("delivered", 2, 204)
    assert row.delivered_at is not None
