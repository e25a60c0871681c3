"""People with an authenticator app, and what that app would show."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.test import Client
from django_otp.oath import hotp

from accounts.factor_selectors import totp_of
from accounts.models import Session, User
from accounts.models.factors import STEP_SECONDS
from accounts.services.factors import totp_begin, totp_confirm
from portal.kit import clock, context, crypto
from portal.kit.services import writing
from tests.accounts.helpers import sign_in
from tests.factories import actor_of

PENDING = settings.SIGN_IN_COOKIE_NAME
COOKIE = settings.SESSION_COOKIE_NAME


def code_at(seed: bytes, moment: datetime, steps: int = 0) -> str:
    """What an app with this seed shows at a moment, or so many steps later."""
    return f"{hotp(seed, int(moment.timestamp()) // STEP_SECONDS + steps):06}"


def code_of(user: User, steps: int = 0) -> str:
    """What the app of a person shows now, or so many steps later."""
    device = totp_of(user.pk)
    assert device is not None, "the person has no authenticator app"
    return code_at(device.seed(), clock.now(), steps)


def wrong_code(user: User) -> str:
    """Six digits that the app of a person shows at no step that would be taken."""
    near = {code_of(user, steps) for steps in range(-2, 3)}
    return next(code for code in map("{:06}".format, range(10)) if code not in near)


def enrolled(user: User) -> list[str]:
    """Give a person an authenticator app; its recovery codes. The step of enrolment lies behind."""
    with clock.at(clock.now()), context.acting(actor_of(user)):
        device = totp_begin(actor=actor_of(user))
        code = code_at(device.seed(), clock.now(), -1)
        return totp_confirm(actor=actor_of(user), session_id=UUID(int=0), code=code)


def begun(user: User, *, address: str = "203.0.113.7", **data: Any) -> Client:
    """A browser in which the password of a person with a second factor was just right."""
    client = Client(REMOTE_ADDR=address)
    reply = sign_in(client, user.username, data=data)
    assert (reply.status_code, reply["Location"]) == (302, "/sign-in/code"), reply.status_code
    return client


def send_code(client: Client, code: str, kind: str = "totp") -> Any:
    """Send the form of the second factor."""
    return client.post("/sign-in/code", {"code": code, "with": kind})


def session_of(client: Client) -> Session:
    """The session of a browser."""
    return Session.objects.get(digest=crypto.digest(client.cookies[COOKIE].value))


def set_session(client: Client, **values: Any) -> None:
    """Change the session of a browser, as time or another sign-in would have made it."""
    with context.system("a test"), writing():
        Session.objects.filter(pk=session_of(client).pk).update(**values)


def shown_codes(reply: Any) -> list[str]:
    """The recovery codes that a page shows."""
    found = re.search(r'id="recovery-codes"[^>]*>([^<]*)<', reply.content.decode())
    assert found, "the page shows no recovery codes"
    return found.group(1).split()
