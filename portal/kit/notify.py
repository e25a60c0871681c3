"""`notify`: one message to one person or address, written into the outbound box in the running transaction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from portal.kit.mail import services
from portal.kit.mail.letters import Manner, compose
from portal.kit.models import OutboundMessage
from portal.kit.models.notices import Channel
from portal.kit.notices.categories import categories
from portal.kit.notices.choices import wanted
from portal.kit.ports import port
from portal.kit.services import writing


@port
def address_of(person_id: UUID) -> str:
    """The verified mail address of a person; empty when it has none or wants no mail."""
    raise NotImplementedError


@port
def manner_of(person_id: UUID) -> Manner:
    """In which language and time zone a person reads its mail."""
    raise NotImplementedError


def notify(to: UUID | str, category: str, template: str, data: Mapping[str, Any]) -> OutboundMessage | None:
    """Write the mail `mail/<template>.txt` for a person's id or an address; None when there is no address, or when the
    person does not want mail of this kind.

    `category` is a declared one (`notices.categories`). How a template is written is told in `mail.letters`. The row
    commits or vanishes with the change that causes it, and is sent afterwards. Never put a secret into `data` other
    than single-use links.
    """
    spec = categories.get(category)
    person_id = to if isinstance(to, UUID) else None
    address = address_of(to) if isinstance(to, UUID) else to
    if not address or (person_id is not None and not wanted([person_id], category, Channel.MAIL)):
        return None
    manner = manner_of(person_id) if person_id is not None else Manner()
    letter = compose(template, data, category=spec, person_id=person_id, manner=manner)
    kept = settings.STEWARD_MAIL == "outbox"
    with writing():
        row = OutboundMessage.objects.create(
            person_id=person_id,
            address=address,
            category=category,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            urgent=spec.vital,
            state=OutboundMessage.State.KEPT if kept else OutboundMessage.State.QUEUED,
        )
        if not kept:
            services.sending_ask()
    return row
