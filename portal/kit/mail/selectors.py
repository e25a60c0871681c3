"""Reads of the outbound box, for whom runs the installation."""

import re
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.mail.services import PERMISSION
from portal.kit.models import OutboundMessage, SuppressedAddress
from portal.kit.notices.categories import categories

HIDDEN = "[\N{HORIZONTAL ELLIPSIS}]"


def mails(actor: Actor) -> "QuerySet[OutboundMessage]":
    """The mails that were written."""
    return OutboundMessage.objects.visible_to(actor, PERMISSION)


def mails_listed(actor: Actor) -> "QuerySet[OutboundMessage]":
    """The same without their bodies."""
    return mails(actor).defer("text", "html")


def mail(actor: Actor, mail_id: UUID) -> OutboundMessage:
    """One mail; `NotFound` when there is none that `actor` may read."""
    found = mails(actor).filter(pk=mail_id).first()
    if found is None:
        raise NotFound
    return found


def suppressed(actor: Actor) -> "QuerySet[SuppressedAddress]":
    """The addresses that take no mail."""
    return SuppressedAddress.objects.visible_to(actor, PERMISSION)


def is_suppressed(actor: Actor, address: str) -> bool:
    """Whether an address takes no mail, as far as is known."""
    return suppressed(actor).filter(address=address.lower()).exists()


def body_of(row: OutboundMessage) -> tuple[str, str]:
    """Text and HTML of a mail as an administrator may read them.

    Where mail leaves by itself, the links of a mail lead its reader into an account or an organisation, and nobody else
    needs them: they are hidden, unless the kind of mail says that its links let nobody in. In the embedded set-up the
    outbox is the delivery, and they are shown.
    """
    if not hides_links(row):
        return row.text, row.html
    return _hidden(row.text), _hidden(row.html)


def hides_links(row: OutboundMessage) -> bool:
    """Whether the links of a mail are hidden from administrators."""
    opened = row.category in categories and categories.get(row.category).open_links
    return settings.STEWARD_MAIL != "outbox" and not opened


def _hidden(body: str) -> str:
    """The body with every address of this portal cut down to the portal itself, whatever host it was written with."""
    host = re.escape(urlsplit(settings.STEWARD_PUBLIC_URL).netloc)
    return re.sub(rf"(https?://{host}/)[^\s\"'<>]*", rf"\1{HIDDEN}", body)
