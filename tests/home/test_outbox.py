"""The outbox: who reads what of a mail, its HTML as a document in which nothing runs, and sending again."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from audit.models import Event
from portal.kit import context, notices
from portal.kit.mail import services
from portal.kit.mail.faults import everywhere, production
from portal.kit.models import OutboundMessage, SuppressedAddress
from portal.kit.services import writing
from tests.cases.api import ApiCase
from tests.factories import World, person
from tests.home.mails import LINK, written

pytestmark = pytest.mark.django_db
Browse = Callable[[User], Client]
TOKEN = "a-token-that-lets-somebody-in"
API = "/api/v1/admin/outbox"


class TestMails(ApiCase):
    collection = "/api/v1/admin/outbox"
    stranger_item = 403
    reader = "root"
    holder = "root"
    models = (OutboundMessage,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{written(person('Berta Silva')).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            written(person())


@pytest.fixture
def by_smtp(settings: Settings) -> None:
    settings.STEWARD_MAIL, settings.STEWARD_MAIL_HOST = "smtp", "mail.example.com"


def failed(mail: OutboundMessage) -> OutboundMessage:
    """As if the mail server had refused it."""
    with context.system("a test"), writing():
        OutboundMessage.objects.filter(pk=mail.pk).update(state="failed", error="550 no such mailbox", attempts=1)
    mail.refresh_from_db()
    return mail


def resent() -> int:
    """How often the trail tells of a mail that was sent again."""
    return Event.objects.filter(code="kit.mail.resent").count()


def test_where_the_outbox_is_the_delivery_its_links_are_shown(world: World, browser_of: Browse) -> None:
    mail = written(world.clerk, link=True)
    client = browser_of(world.root)
    assert LINK in client.get(f"/platform/outbox/{mail.pk}").content.decode()
    assert LINK in client.get(f"/platform/outbox/{mail.pk}/html").content.decode()
    assert LINK in client.get(f"{API}/{mail.pk}").json()["text"]


@pytest.mark.usefixtures("by_smtp")
def test_where_mail_leaves_no_administrator_sees_a_link_that_lets_somebody_in(world: World, browser_of: Browse) -> None:
    mail = written(world.clerk, link=True)
    client = browser_of(world.root)
    for path in (f"/platform/outbox/{mail.pk}", f"/platform/outbox/{mail.pk}/html", f"{API}/{mail.pk}", f"{API}"):
        reply = client.get(path)
        assert reply.status_code == 200
        assert TOKEN not in reply.content.decode(), path
    assert "Links of this mail are hidden" in client.get(f"/platform/outbox/{mail.pk}").content.decode()
    book = client.get("/platform/outbox", {"format": "csv"})
    assert TOKEN not in b"".join(book.streaming_content).decode()  # type: ignore[attr-defined]
    assert TOKEN in OutboundMessage.objects.get(pk=mail.pk).text, "The mail itself is whole."


@pytest.mark.usefixtures("by_smtp")
def test_the_links_of_a_kind_that_nobody_declares_any_more_are_hidden(world: World, browser_of: Browse) -> None:
    mail = written(world.clerk, link=True)
    with context.system("a test"), writing():
        OutboundMessage.objects.filter(pk=mail.pk).update(category="gone")
    assert TOKEN not in browser_of(world.root).get(f"/platform/outbox/{mail.pk}").content.decode()


def test_the_html_of_a_mail_is_a_document_in_which_nothing_runs(world: World, browser_of: Browse) -> None:
    mail = written(world.clerk)
    with context.system("a test"), writing():
        OutboundMessage.objects.filter(pk=mail.pk).update(html="<script>alert(1)</script><form action=/sign-out>")
    reply = browser_of(world.root).get(f"/platform/outbox/{mail.pk}/html")
    policy = reply["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert policy.endswith("sandbox"), "Without allow-scripts and allow-same-origin."
    assert reply["X-Frame-Options"] == "DENY"
    assert reply["Cache-Control"] == "no-store"
    page = browser_of(world.root).get(f"/platform/outbox/{mail.pk}").content.decode()
    assert "<script>alert" not in page


def test_a_mail_without_html_has_no_such_document(world: World, browser_of: Browse) -> None:
    mail = written(world.clerk)
    with context.system("a test"), writing():
        OutboundMessage.objects.filter(pk=mail.pk).update(html="")
    client = browser_of(world.root)
    assert client.get(f"/platform/outbox/{mail.pk}/html").status_code == 404
    assert "As it arrives" not in client.get(f"/platform/outbox/{mail.pk}").content.decode()


@pytest.mark.usefixtures("by_smtp")
def test_a_failed_mail_is_sent_again_from_its_page(world: World, browser_of: Browse) -> None:
    mail = failed(written(world.clerk))
    client = browser_of(world.root)
    assert "It has not left." in client.get(f"/platform/outbox/{mail.pk}").content.decode()
    reply = client.post(f"/platform/outbox/{mail.pk}/resend")
    assert reply.status_code == 302
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error, mail.resends) == ("queued", 0, "", 1)
    assert resent() == 1
    client.post(f"/platform/outbox/{mail.pk}/resend")
    assert resent() == 1, "It waits already."


@pytest.mark.usefixtures("by_smtp")
def test_many_are_sent_again_and_those_that_wait_are_left_alone(world: World, browser_of: Browse) -> None:
    gone, waits = failed(written(world.clerk)), written(world.admin)
    sent = {"do": "run", "action": "resend", "ids": [str(gone.pk), str(waits.pk)], "number": "2"}
    reply = browser_of(world.root).post("/platform/outbox", sent)
    assert reply.status_code == 200
    assert "It waits to be sent already." in reply.content.decode()
    gone.refresh_from_db()
    assert (gone.state, resent()) == ("queued", 1)


def test_without_a_mail_server_nothing_is_sent_again(world: World, browser_of: Browse) -> None:
    mail = written(world.clerk)
    client = browser_of(world.root)
    assert "No mail server is set up" in client.get(f"/platform/outbox/{mail.pk}").content.decode()
    client.post(f"/platform/outbox/{mail.pk}/resend")
    assert client.post(f"{API}/{mail.pk}/resend").json()["code"] == "kit.no_mail_server"
    client.post("/platform/outbox", {"do": "run", "action": "resend", "ids": [str(mail.pk)], "number": "1"})
    mail.refresh_from_db()
    assert (mail.state, resent()) == ("kept", 0)


@pytest.mark.usefixtures("by_smtp")
def test_the_api_sends_again_and_says_when_that_is_not_possible(world: World, browser_of: Browse) -> None:
    mail = failed(written(world.clerk))
    client = browser_of(world.root)
    assert client.get(API, {"state": "failed"}).json()["items"][0]["error"] == "550 no such mailbox"
    assert client.get(API, {"state": "sent"}).json()["items"] == []
    assert client.post(f"{API}/{mail.pk}/resend").json()["state"] == "queued"
    refused = client.post(f"{API}/{mail.pk}/resend")
    assert (refused.status_code, refused.json()["code"]) == (409, "kit.mail_not_sendable")
    assert resent() == 1
    assert browser_of(world.admin).post(f"{API}/{mail.pk}/resend").status_code == 403


def test_a_mail_is_found_by_the_beginning_of_its_address_and_by_its_subject(world: World, browser_of: Browse) -> None:
    mail, other = written(world.clerk), written(person("Zoe", email="zoe.quarz@example.org"), link=True)
    client = browser_of(world.root)

    def found(**query: str) -> set[str]:
        return {item["id"] for item in client.get(API, query).json()["items"]}

    assert found(q="zoe.qu") == found(q="quarz") == found(q="choose new pass") == {str(other.pk)}
    assert found(category="organisation") == {str(mail.pk)}
    assert found(q="nobody") == set()


def test_a_refused_address_is_lifted_by_whom_runs_the_installation(world: World, browser_of: Browse) -> None:
    with context.system("a test"):
        services.address_suppress(address="Nobody@Example.com", reason="complained", detail="abuse")
    row = SuppressedAddress.objects.get()
    client = browser_of(world.root)
    page = client.get("/platform/outbox/suppressed").content.decode()
    assert "nobody@example.com" in page
    assert "Complaint" in page
    client.post("/platform/outbox/suppressed", {"do": "run", "action": "lift", "ids": [str(row.pk)], "number": "1"})
    assert not SuppressedAddress.objects.exists()
    (event,) = Event.objects.filter(code="kit.address.lifted")
    assert event.target_label == "n\N{HORIZONTAL ELLIPSIS}@example.com"


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"STEWARD_MAIL": "smtp", "STEWARD_MAIL_HOST": ""}, {"steward.E121"}),
        ({"STEWARD_MAIL": "ses", "STEWARD_MAIL_SES_REGION": ""}, {"steward.E121", "steward.W123"}),
        ({"STEWARD_MAIL": "sendgrid", "STEWARD_MAIL_SENDGRID_KEY": ""}, {"steward.E121", "steward.W123"}),
        ({"STEWARD_MAIL": "smtp", "STEWARD_MAIL_HOST": "m", "DEFAULT_FROM_EMAIL": "a@b.invalid"}, {"steward.E121"}),
        ({"STEWARD_MAIL": "smtp", "STEWARD_MAIL_HOST": "m", "STEWARD_MAIL_TLS": "none"}, {"steward.W122"}),
        ({"STEWARD_MAIL": "smtp", "STEWARD_MAIL_HOST": "127.0.0.1", "STEWARD_MAIL_TLS": "none"}, set()),
        ({"STEWARD_MAIL_WEBHOOK_SECRET": "short:one"}, {"steward.E122", "steward.W121"}),
        ({"STEWARD_MAIL_WEBHOOK_SECRET": "alongwordwithoutacolon"}, {"steward.E122", "steward.W121"}),
        ({"STEWARD_MAIL": "outbox"}, {"steward.W121"}),
        ({"STEWARD_MAIL": "smtp", "STEWARD_MAIL_HOST": "mail.example.com"}, set()),
    ],
)
def test_a_delivery_that_cannot_work_stops_the_start(
    settings: Settings, values: dict[str, Any], found: set[str]
) -> None:
    settings.DEFAULT_FROM_EMAIL = "Steward <portal@example.com>"
    for name, value in values.items():
        setattr(settings, name, value)
    assert {fault.check for fault in (*everywhere(), *production())} == found


def test_notifications_are_narrowed_by_kind(world: World, browser_of: Browse) -> None:
    with context.system("a test"):
        notices.tell([world.clerk.pk], category="job", title="The import ended")
        notices.tell([world.clerk.pk], category="organisation", title="You are an owner")
    client = browser_of(world.clerk)
    page = client.get("/me/notifications?category=job").content.decode()
    assert "The import ended" in page
    assert "You are an owner" not in page
    assert client.get("/me/notifications?category=nonsense").status_code == 400
    both = client.get("/me/notifications").content.decode()
    assert "The import ended" in both
    assert "You are an owner" in both
