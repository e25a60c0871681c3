"""What the tests of registration, forgotten passwords and addresses ask of mails and jobs."""

import re
from typing import Any

from django.test import Client

from accounts.models import Ask, Link, MailAllowance, Registration, User
from maintenance import runner
from maintenance.models import JobRun
from portal.kit.models import OutboundMessage

PASSWORD = "a-long-and-unusual-sentence"
ADDRESS = "nina.okafor@example.com"
LINK = re.compile(r"^(https?://[^/\s]+)/(password|register|email|invitations)/(\S+)$", re.MULTILINE)


def answered() -> int:
    """Do what the worker does with what was asked; how many runs."""
    runs = list(JobRun.objects.filter(state="queued", name__startswith="accounts.").order_by("id"))
    for run in runs:
        runner.execute(run.pk)
        run.refresh_from_db()
        assert run.state == "succeeded", run.log
    return len(runs)


def mails(address: str) -> list[OutboundMessage]:
    """The mails to an address, oldest first."""
    return list(OutboundMessage.objects.filter(address__iexact=address).order_by("id"))


def token_to(address: str) -> str:
    """The token in the newest mail to an address."""
    found = LINK.search(mails(address)[-1].text)
    assert found is not None, mails(address)[-1].text
    return found[3]


def forgot(identifier: str, client: Client | None = None, **extra: Any) -> Any:
    """Send the form of forgotten passwords, and answer it."""
    reply = (client or Client()).post("/forgot", {"identifier": identifier}, **extra)
    answered()
    return reply


def begun(email: str = ADDRESS) -> str:
    """Begin a registration; the token of its mail."""
    assert Client().post("/register", {"email": email}).status_code == 302
    answered()
    return token_to(email)


def account(**values: str) -> dict[str, str]:
    """The form of an account."""
    given = {"name": "Nina Okafor", "username": "nina", "organisation": "Harbour Works", "new": PASSWORD}
    given |= values
    return {"repeat": given["new"], **given}


def opened(token: str, path: str = "register") -> Client:
    """A browser that has opened a mailed link."""
    client = Client()
    reply = client.get(f"/{path}/{token}")
    assert reply.status_code == 302, reply.status_code
    return client


def traces() -> tuple[Any, ...]:
    """What a refusal must leave as it is: people, links, registrations and mails."""
    return (
        list(User.objects.order_by("id").values("id", "email", "username", "password", "email_verified_at")),
        list(Link.objects.order_by("id").values()),
        list(Registration.objects.order_by("id").values()),
        OutboundMessage.objects.count(),
    )


def kept() -> tuple[int, int]:
    """How many questions and counters there are."""
    return Ask.objects.count(), MailAllowance.objects.count()
