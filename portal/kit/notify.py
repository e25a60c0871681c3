"""`notify`: one message to one person or address, written into the outbound box in the running transaction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string

from portal.kit.models import OutboundMessage
from portal.kit.ports import port
from portal.kit.services import writing


@port
def address_of(person_id: UUID) -> str:
    """The verified mail address of a person; empty when it has none or wants no mail."""
    raise NotImplementedError


def notify(to: UUID | str, category: str, template: str, data: Mapping[str, Any]) -> OutboundMessage | None:
    """Write the mail `mail/<template>.txt` (first line: subject) for a person's id or an address; None without address.

    The row commits or vanishes with the change that causes it. Never put a secret into `data` that must not be read by
    administrators of the outbox, other than single-use links.
    """
    address = address_of(to) if isinstance(to, UUID) else to
    if not address:
        return None
    subject, _, text = render_to_string(f"mail/{template}.txt", dict(data)).strip().partition("\n")
    with writing():
        return OutboundMessage.objects.create(
            person_id=to if isinstance(to, UUID) else None,
            address=address,
            category=category,
            subject=subject.strip()[:200],
            text=text.strip() + "\n",
        )
