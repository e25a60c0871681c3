"""What providers report of addresses, by their documented payloads, and what their interfaces answer."""

import json
from base64 import b64encode
from typing import Any

import pytest
import requests
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused, AnymailRequestsAPIError  # type: ignore[import-untyped]
from django.test import Client
from pytest_django import Settings

from audit.models import Event
from portal.kit.mail import delivery
from portal.kit.models import OutboundMessage, SuppressedAddress

pytestmark = pytest.mark.django_db
SECRET = "anymail-user:4pf8Uq1WcKmRz0Lx"
SENDGRID = "/webhooks/mail/sendgrid"
SES = "/webhooks/mail/ses"


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.STEWARD_MAIL_WEBHOOK_SECRET = SECRET


def authorised(secret: str = SECRET) -> dict[str, str]:
    """The header by which a provider says who it is."""
    return {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}


def bounce(**values: Any) -> dict[str, Any]:
    """SendGrid's event of a hard bounce, from its documentation of the event webhook."""
    return {
        "email": "Nobody@Example.com",
        "timestamp": 1513299569,
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "event": "bounce",
        "category": ["cat facts"],
        "sg_event_id": "6g4ZI7SA-xmRDv57GoPIPw==",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "reason": "500 unknown recipient",
        "status": "5.0.0",
        "type": "bounce",
    } | values


def sns(message: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """A notification of SES by way of SNS, from its documentation: body and headers."""
    body = {
        "Type": "Notification",
        "MessageId": "dcbd7e06-0c6d-5a4b-8f5c-2f2c3d6b1a11",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:SES_Events",
        "Timestamp": "2018-03-26T17:58:59.675Z",
        "Message": json.dumps(message),
    }
    headers = {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": body["MessageId"],
        **authorised(),
    }
    return json.dumps(body).encode(), headers


def ses_bounce(kind: str = "Permanent") -> dict[str, Any]:
    """What SES says of a bounce."""
    return {
        "eventType": "Bounce",
        "bounce": {
            "bounceType": kind,
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": "nobody@example.com",
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }
            ],
            "timestamp": "2018-03-26T17:58:59.000Z",
            "feedbackId": "0100016f",
        },
        "mail": {"messageId": "0100016f", "destination": ["nobody@example.com"], "headers": []},
    }


def report(path: str, body: Any, **headers: str) -> int:
    """A provider's call; the status of the reply."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    strict = Client(enforce_csrf_checks=True)
    return strict.post(path, sent, content_type="application/json", headers=headers).status_code


def found() -> list[tuple[str, str]]:
    """The addresses that take no mail, with the reason."""
    return list(SuppressedAddress.objects.order_by("address").values_list("address", "reason"))


def test_a_hard_bounce_marks_the_address_once() -> None:
    for _ in range(2):
        assert report(SENDGRID, [bounce()], **authorised()) == 204
    assert found() == [("nobody@example.com", "bounced")]
    assert SuppressedAddress.objects.get().detail == "500 unknown recipient"
    (event,) = Event.objects.filter(code="kit.address.suppressed")
    assert (event.target_label, event.data) == ("n\N{HORIZONTAL ELLIPSIS}@example.com", {"reason": "bounced"})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"event": "spamreport"}, [("nobody@example.com", "complained")]),
        ({"event": "dropped", "reason": "Bounced Address"}, [("nobody@example.com", "bounced")]),
        ({"event": "dropped", "reason": "Invalid"}, [("nobody@example.com", "bounced")]),
        ({"type": "blocked"}, []),
        ({"event": "deferred"}, []),
        ({"event": "delivered"}, []),
        ({"email": "no address"}, []),
        ({"email": "a" * 300 + "@example.com"}, []),
    ],
)
def test_only_what_lasts_marks_an_address(values: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert report(SENDGRID, [bounce(**values)], **authorised()) == 204
    assert found() == expected


@pytest.mark.parametrize(("kind", "expected"), [("Permanent", 1), ("Transient", 0), ("Undetermined", 0)])
def test_ses_tells_by_way_of_sns(kind: str, expected: int) -> None:
    body, headers = sns(ses_bounce(kind))
    assert report(SES, body, **headers) == 204
    assert len(found()) == expected


def test_ses_tells_of_complaints() -> None:
    complaint = {
        "eventType": "Complaint",
        "complaint": {
            "complainedRecipients": [{"emailAddress": "nobody@example.com"}],
            "timestamp": "2018-03-26T17:58:59.000Z",
            "complaintFeedbackType": "abuse",
        },
        "mail": {"messageId": "0100016f", "destination": ["nobody@example.com"], "headers": []},
    }
    body, headers = sns(complaint)
    assert report(SES, body, **headers) == 204
    assert found() == [("nobody@example.com", "complained")]


def test_whoever_lacks_the_secret_marks_nothing(settings: Settings) -> None:
    wrong = [
        {},
        authorised("anymail-user:wrong"),
        authorised(""),
        {"Authorization": "Basic %%%"},
        {"Authorization": SECRET},
    ]
    for headers in wrong:
        assert report(SENDGRID, [bounce()], **headers) == 401
    asked = Client().post(SENDGRID, b"[]", content_type="application/json")
    assert asked["WWW-Authenticate"].startswith("Basic"), "SNS sends the secret only when it is asked."
    settings.STEWARD_MAIL_WEBHOOK_SECRET = ""
    for headers in (*wrong, authorised()):
        assert report(SENDGRID, [bounce()], **headers) == 401
    assert found() == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[1]", b"[{}]", b'{"event": "bounce"}', b"\xff\xfe", b'[{"event": "bounce", "email": null}]'],
)
def test_a_body_that_is_none_of_its_own_marks_nothing(body: bytes) -> None:
    assert report(SENDGRID, body, **authorised()) in {204, 400}
    assert report(SES, body, **authorised()) == 400
    assert found() == []


def test_a_provider_that_there_is_not_is_not_found() -> None:
    assert report("/webhooks/mail/pigeon", [bounce()], **authorised()) == 404
    assert Client().get(SENDGRID, headers=authorised()).status_code == 405
    assert Client().head(SENDGRID, headers=authorised()).status_code == 200


def _answered(status: int) -> AnymailRequestsAPIError:
    response = requests.Response()
    response.status_code, response.reason = status, "of a test"
    return AnymailRequestsAPIError("no", response=response)


def _ses_said(status: int, code: str) -> AnymailAPIError:
    answer = {"ResponseMetadata": {"HTTPStatusCode": status}, "Error": {"Code": code, "Message": "of a test"}}
    return AnymailAPIError("no", response=answer)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (_answered(400), "refused"),
        (_answered(401), "away"),
        (_answered(429), "later"),
        (_answered(503), "away"),
        (_ses_said(400, "MessageRejected"), "refused"),
        (_ses_said(400, "LimitExceededException"), "away"),
        (_ses_said(403, "AccessDenied"), "away"),
        (AnymailAPIError("Could not connect to the endpoint URL"), "away"),
        (AnymailRecipientsRefused(), "address"),
    ],
)
def test_what_a_provider_answers_is_understood(error: Exception, meaning: str) -> None:
    assert delivery.meaning_of(error)[0] == meaning


@pytest.mark.parametrize(("name", "kind"), [("ses", "amazon_ses"), ("sendgrid", "sendgrid"), ("smtp", "smtp")])
def test_each_delivery_is_made_from_the_settings(settings: Settings, name: str, kind: str) -> None:
    settings.STEWARD_MAIL, settings.STEWARD_MAIL_TIMEOUT = name, 7
    settings.STEWARD_MAIL_SENDGRID_KEY, settings.STEWARD_MAIL_SES_REGION = "SG.key", "eu-central-1"
    made: Any = delivery.backend()
    assert type(made).__module__.rpartition(".")[2] == kind
    seconds = made.client_params["config"].read_timeout if name == "ses" else made.timeout
    assert seconds == 7


def test_a_mail_goes_to_sendgrid_with_its_headers_and_both_bodies(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STEWARD_MAIL, settings.STEWARD_MAIL_SENDGRID_KEY = "sendgrid", "SG.key"
    sent: dict[str, Any] = {}

    def posted(session: requests.Session, **values: Any) -> requests.Response:
        sent.update(values)
        response = requests.Response()
        response.status_code = 202
        return response

    monkeypatch.setattr(requests.Session, "request", posted)
    mail = OutboundMessage(address="ada@example.com", category="job", subject="One", text="Text", html="<p>Text</p>")
    with delivery.Post() as post:
        post.send(mail)
    body = json.loads(sent["data"])
    assert sent["headers"]["Authorization"] == "Bearer SG.key"
    assert [part["type"] for part in body["content"]] == ["text/plain", "text/html"]
    assert body["headers"]["Message-ID"] == delivery.message_id_of(mail)
    assert sent["timeout"] == settings.STEWARD_MAIL_TIMEOUT
