"""Knowing the browsers and clients of a person, and telling of a sign-in from one that is new."""

from collections.abc import Mapping

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.agents import device
from accounts.models import Device, User
from portal.kit import clock, context, crypto
from portal.kit.context import Actor
from portal.kit.notices import tell
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing

TOKEN_LENGTH = len(crypto.token())
_CACHE_KEY = "accounts.device"


def browser_recognise(*, user: User, cookies: Mapping[str, str]) -> None:
    """Note by its cookie with which browser a person signs in, part of the sign-in. See `_recognise`.

    A browser without the cookie gets one: `device_token` has it for the reply.
    """
    token = cookies.get(settings.STEWARD_DEVICE_COOKIE, "")
    if len(token) != TOKEN_LENGTH or not token.isascii():
        token = crypto.token()
    _recognise(user, f"browser:{token}")
    current = context.current()
    if current is not None:
        current.cache[_CACHE_KEY] = token


def device_token() -> str:
    """What the browser that signed in by this request is to keep, so that it is known again; empty when none did."""
    current = context.current()
    return str(current.cache.get(_CACHE_KEY, "")) if current else ""


def client_recognise(*, user: User, label: str) -> None:
    """Note with which client of the API a person signs in, by what it calls itself; it keeps no cookies."""
    current = context.current()
    _recognise(user, f"client:{label}\0{current.agent if current else ''}")


def _recognise(user: User, value: str) -> None:
    """Remember the device. Of one that is new, unless it is the very first, the person is told by mail and notice.

    Event `accounts.device.added`.
    """
    now = clock.now()
    digest = crypto.digest(f"{user.pk}:{value}")
    with writing():
        known = Device.objects.filter(user=user)
        if known.filter(digest=digest).update(seen_at=now):
            return
        first = not known.exists()
        # Two sign-ins of one browser at once make one row.
        Device.objects.bulk_create(
            [Device(user=user, digest=digest, created_at=now, seen_at=now)], ignore_conflicts=True
        )
        if not first:
            _tell(user)


def _tell(user: User) -> None:
    current = context.current()
    words = device(current.agent if current else "")
    address = (current.address if current else None) or ""
    with context.acting(Actor("person", user.pk, str(user))):
        record("accounts.device.added", target=user)
    here = reverse("accounts:own_sessions")
    data = {
        "user": user,
        "at": clock.now(),
        "device": words,
        "address": address,
        "url": settings.STEWARD_PUBLIC_URL + here,
    }
    notify(user.pk, "security", "new_sign_in", data)
    tell(
        [user.pk],
        category="security",
        title=_("New sign-in: %(device)s") % {"device": words},
        text=_("If that was not you, end the session and change your password."),
        url=here,
        tone="warn",
    )
