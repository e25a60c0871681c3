"""What several tests of accounts ask of the record, the outbox and the pages."""

import re
from html import unescape
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import PeopleImport, Session, User
from audit import personal
from audit.models import Event
from maintenance import runner
from maintenance.models import JobRun
from portal.kit.models import OutboundMessage
from rbac.selectors import roles_of
from tests.factories import PASSWORD, signed_in

NEW_PASSWORD = "seven-purple-walruses-dance"
HEADER = "name,username,email\n"
THREE = (
    HEADER
    + "Ada Lovelace,ada,ada@example.org\nGrace Hopper,grace,grace@example.org\nAlan Turing,alan,alan@example.org\n"
)


def sign_in(client: Client, identifier: str, password: str = PASSWORD, **extra: Any) -> Any:
    """Send the sign-in form."""
    return client.post("/sign-in", {"identifier": identifier, "password": password, **extra.pop("data", {})}, **extra)


def view_by(person: User, *, read_only: bool = True) -> dict[str, Any]:
    """What the row of a session says in which `person` sees the console as somebody else; below a session of theirs."""
    signed_in(person)
    own = Session.objects.filter(user=person, impersonator=None).latest("id")
    return {"impersonator": person, "parent": own, "reason": "A ticket", "read_only": read_only}


def events(code: str) -> list[Event]:
    """The events of one kind, oldest first."""
    return list(Event.objects.filter(code=code).order_by("id"))


def sealed(event: Event) -> dict[str, Any]:
    """What the personal part of an event says."""
    return dict(personal.read([(event.id, event.personal)])[event.id].values)


def denials() -> list[str]:
    """The reasons of the refusals on record, oldest first."""
    return [event.reason for event in events("kit.access.denied")]


def text_of(response: Any) -> str:
    """The words of a page, without its tags."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


def issued_password(response: Any) -> str:
    """The temporary password that a page shows."""
    found = re.search(r'id="issued-password"[^>]*>([^<]+)<', response.content.decode())
    assert found, "the page shows no temporary password"
    return found.group(1)


def footprint(user: User) -> tuple[Any, ...]:
    """Everything that a refused act must leave as it was: row, roles, sessions, mails, jobs."""
    user.refresh_from_db()
    row = tuple(getattr(user, field.attname) for field in User._meta.concrete_fields if field.name != "last_seen_at")
    held = tuple(roles(user))
    counts = (User.objects.count(), Session.objects.filter(user=user).count())
    return (*row, held, *counts, OutboundMessage.objects.count(), JobRun.objects.count(), PeopleImport.objects.count())


def roles(user: User) -> list[str]:
    """The codes of the installation roles of a person, sorted."""
    return sorted(role.code for role in roles_of(user.pk))


def upload(client: Client, body: str | bytes, name: str = "people.csv") -> Any:
    """Send a file to the import page."""
    data = body.encode() if isinstance(body, str) else body
    return client.post("/platform/people/import", {"file": SimpleUploadedFile(name, data, content_type="text/csv")})


def uploaded(client: Client, body: str | bytes) -> PeopleImport:
    """An import that is checked and waits for its confirmation."""
    response = upload(client, body)
    assert response.status_code == 302, text_of(response)
    return PeopleImport.objects.get(pk=response["Location"].rsplit("/", 1)[1])


def confirmed(client: Client, found: PeopleImport) -> UUID:
    """Confirm an import; the run that was queued."""
    response = client.post(f"/platform/people/import/{found.pk}/confirm")
    assert response.status_code == 302, text_of(response)
    return UUID(response["Location"].removeprefix("/platform/jobs/"))


def worked(run_id: UUID) -> JobRun:
    """What a worker does when it hears of a run; the row as it is then."""
    runner.execute(run_id)
    return JobRun.objects.get(pk=run_id)


def people_rows(number: int) -> str:
    """A file with so many good rows."""
    return HEADER + "".join(f"Person {n},p{n},p{n}@example.org\n" for n in range(number))
