"""Mails for tests of the outbox."""

from accounts.models import User
from portal.kit import context
from portal.kit.models import OutboundMessage
from portal.kit.notify import notify

LINK = "http://127.0.0.1:8000/password/a-token-that-lets-somebody-in"


def written(user: User, *, link: bool = False) -> OutboundMessage:
    """A mail to a person: of its organisation, or with a link that lets its reader choose a password."""
    with context.system("a test"):
        if link:
            mail = notify(user.pk, "security", "password_link", {"user": user, "url": LINK, "minutes": 60})
        else:
            data = {"user": user, "organisation": "Acme"}
            mail = notify(user.pk, "organisation", "membership_removed", data)
    assert mail is not None
    return mail
