"""The pages of use and of webhooks, as people of each role see them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from billing.models import WebhookDelivery, WebhookEndpoint
from billing.services.usage import usage_record
from billing.usage_reports import Report
from portal.kit import clock, context
from tests.accounts.organisation_world import House, make_house
from tests.billing.test_webhooks import TYPES, URL, hook
from tests.billing.usage_world import meter, plan
from tests.factories import World

Browser = Callable[[User], Client]


@pytest.fixture
def house(db: None) -> House:
    return make_house("Harbour")


def _report(house: House, **sent: object) -> None:
    actor = house.inside(house.editor)
    with context.acting(actor):
        usage_record(actor=actor, organisation_id=house.id, reports=[Report.of({"meter": "calls", **sent})])


def test_a_viewer_sees_use_against_limits_and_by_day(house: House, browser_of: Browser) -> None:
    meter("people", "unique")
    plan({"calls": (80, 100), "sso": (None, None), "exports": (None, None), "api": (50, None)})
    plan({"projects": (None, 3)}, metered=False, code="other")
    _report(house, key="a", quantity="90.5")
    page = browser_of(house.viewer).get(house.url("billing/usage")).content.decode()
    for words in (
        "90.5 of 100",
        'value="90"',
        'data-tone="warn"',
        "Included",
        "without limit",
        "0 of 50",
        "last 30 days",
    ):
        assert words in page
    stranger = make_house("Elsewhere")
    assert browser_of(stranger.owner).get(house.url("billing/usage")).status_code == 404
    assert "90.5" not in browser_of(stranger.owner).get(stranger.url("billing/usage")).content.decode()


def test_use_without_plan_or_events_says_so(house: House, browser_of: Browser) -> None:
    page = browser_of(house.viewer).get(house.url("billing/usage")).content.decode()
    assert "No plan yet" in page
    assert "Nothing was used" in page


def test_staff_sees_meters_organisations_and_finds_events_by_key(
    house: House, world: World, browser_of: Browser
) -> None:
    meter()
    _report(house, key="evt-77", quantity=5, occurred_at=(clock.now() - timedelta(hours=2)).isoformat())
    page = browser_of(world.manager).get("/platform/usage?key=evt-77").content.decode()
    main = page.split("<main", 1)[1]
    for words in ("Calls", "1 event", house.organisation.name):
        assert words in main
    none = browser_of(world.manager).get("/platform/usage", {"key": "a\0b"}).content.decode()
    assert "No event has that key" in none
    assert browser_of(world.clerk).get("/platform/usage").status_code == 403


def test_the_secret_of_a_webhook_is_shown_once(house: House, browser_of: Browser) -> None:
    client = browser_of(house.admin)
    sent = {"url": URL, "types": TYPES, "description": "Books"}
    assert client.get(house.url("webhooks/new")).status_code == 200
    made = client.post(house.url("webhooks/new"), sent)
    assert b"whsec_" in made.content
    assert made["Cache-Control"] == "no-store"
    endpoint = WebhookEndpoint.objects.get()
    where = house.url(f"webhooks/{endpoint.pk}")
    assert b"whsec_" not in client.get(where).content
    assert b"whsec_" in client.post(f"{where}/rotate").content
    assert b"Books" in client.get(house.url("webhooks")).content


def test_a_webhook_is_edited_tested_paused_and_deleted_from_its_page(house: House, browser_of: Browser) -> None:
    endpoint, _secret = hook(house)
    client, where = browser_of(house.admin), house.url(f"webhooks/{endpoint.pk}")
    assert client.get(f"{where}/edit").status_code == 200
    assert client.post(f"{where}/edit", {"url": URL, "types": TYPES, "description": "New"}).status_code == 302
    assert client.post(f"{where}/test").status_code == 302
    row = WebhookDelivery.objects.get()
    page = client.get(where).content.decode()
    assert "webhook.test" in page
    assert client.post(f"{where}/deliveries/{row.pk}/resend").status_code == 409
    assert client.post(f"{where}/pause").status_code == 302
    assert client.post(f"{where}/test").status_code == 409
    assert client.post(f"{where}/resume").status_code == 302
    assert client.post(f"{where}/deliveries/{row.pk}/resend").status_code == 302
    assert client.get(f"{where}?tab=history").status_code == 200
    assert client.post(f"{where}/delete").status_code == 302
    assert client.get(where).status_code == 404


@pytest.mark.parametrize("sent", [{}, {"url": "https://10.0.0.1/", "types": TYPES}, {"url": URL, "types": ["no"]}])
def test_a_wrong_form_is_shown_again_and_nothing_is_made(
    house: House, browser_of: Browser, sent: dict[str, object]
) -> None:
    reply = browser_of(house.admin).post(house.url("webhooks/new"), sent)
    assert reply.status_code == 422
    assert not WebhookEndpoint.objects.exists()


def test_webhooks_are_shut_to_editors_and_hidden_from_others(house: House, browser_of: Browser) -> None:
    endpoint, _secret = hook(house)
    elsewhere = make_house("Elsewhere")
    for client, status in ((browser_of(house.editor), 403), (browser_of(elsewhere.owner), 404)):
        for path in ("webhooks", "webhooks/new", f"webhooks/{endpoint.pk}"):
            assert client.get(house.url(path)).status_code == status
        for act in ("pause", "rotate", "delete", "test"):
            assert client.post(house.url(f"webhooks/{endpoint.pk}/{act}")).status_code == status
    other = browser_of(elsewhere.owner).get(elsewhere.url(f"webhooks/{endpoint.pk}"))
    assert other.status_code == 404
    assert WebhookEndpoint.objects.get().state == "active"
