"""A small named world instead of fixtures in files."""

from dataclasses import dataclass, fields
from functools import cache
from itertools import count

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import Client, RequestFactory

from accounts.models import User
from accounts.services.sessions import session_start
from portal.kit import clock, context
from portal.kit.context import Actor
from portal.kit.edge import client_address
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import INSTALLATION, Role

PASSWORD = "correct-horse-battery-staple"
_numbers = count(1)


@cache
def _hash() -> str:
    return make_password(PASSWORD)  # Argon2 is slow on purpose; once is enough for everybody.


@dataclass(frozen=True)
class World:
    """People by what they may do on the installation; highest rank first."""

    root: User
    admin: User
    manager: User
    clerk: User
    stranger: User


def person(name: str = "", *, role: str | None = None, number: int | None = None, **values: object) -> User:
    """A person with the known password and, if named, a role of the installation."""
    number = next(_numbers) if number is None else number
    handle = f"{(name or 'person').split()[0].lower()}{number}"
    given: dict[str, object] = {
        "password": _hash(),
        "username": handle,
        "email": f"{handle}@example.com",
        "name": name or f"Person {number}",
        "email_verified_at": clock.now(),
    } | values
    with context.system("a test") as current, writing():
        user = User(**given)
        user.save(force_insert=True)
        if role is not None:
            # What `binding_grant` writes and records; half of what it asks is whether the system may give that role.
            rbac.binding_put(
                person_id=user.pk,
                role=Role.objects.get(catalogue="platform", code=role),
                scope_id=INSTALLATION,
                granted_by=current.actor.id,
            )
    return user


def make_world(number: int | None = None) -> World:
    """Root, an administrator, a manager, a clerk with the lowest role, and a stranger with none.

    One write for the five, so that their events are recorded together.
    """
    with context.system("a test"), writing():
        return World(
            root=person("Root", role="super_admin", number=number, is_root=True),
            admin=person("Admin", role="admin", number=number),
            manager=person("Manager", role="manager", number=number),
            clerk=person("Clerk", role="user", number=number),
            stranger=person("Stranger", number=number),
        )


def known_world() -> World:
    """Those whom `make_world(0)` has made."""
    names = [field.name for field in fields(World)]
    people = {user.username: user for user in User.objects.filter(username__in=[f"{name}0" for name in names])}
    return World(**{name: people[f"{name}0"] for name in names})


def actor_of(user: User) -> Actor:
    """The person as an actor."""
    return Actor("person", user.pk, str(user))


def signed_in(user: User, *, second_factor: bool = True) -> Client:
    """A test client with a live session of `user`, who has just proved who it is."""
    request = RequestFactory().post("/sign-in")
    request.axes_ip_address = client_address(request)  # type: ignore[attr-defined]
    request.COOKIES[settings.STEWARD_DEVICE_COOKIE] = (
        "known" * 8 + "one"
    )  # The same browser each time: no mail of a new one.
    with context.system("a test"), writing():
        token = session_start(request=request, user=user, second_factor=second_factor)
        # As after the first request on a platform page, which would write a line into the trail and count as queries.
        user.sessions.update(platform_at=clock.now())
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = token
    return client
