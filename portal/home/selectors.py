"""Reads of the roof."""

from uuid import UUID

from django.db.models import QuerySet

from portal.kit.context import Actor
from portal.kit.decision import visible_to
from portal.kit.errors import NotFound
from portal.kit.models import OutboundMessage


def outbox(actor: Actor) -> "QuerySet[OutboundMessage]":
    """The mails that were written, for whom runs the installation."""
    return visible_to(actor, "installation:admin", OutboundMessage.objects.all())


def message(actor: Actor, message_id: UUID) -> OutboundMessage:
    """One mail; `NotFound` when there is none that `actor` may read."""
    found = outbox(actor).filter(pk=message_id).first()
    if found is None:
        raise NotFound
    return found
