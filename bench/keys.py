"""A call with an API key beside the same call with a session cookie: what finding and proving the key costs."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings

from accounts.models import Organisation
from accounts.services.keys import key_create
from accounts.services.memberships import membership_put, roles_by_code
from bench.table import Bound, Row
from bench.web import SECONDS, WARM_SECONDS, Target
from bench.world import World, site
from portal.kit import clock, context
from portal.kit.services import writing
from rbac import services as rbac
from tests.factories import actor_of, person, signed_in

PATH = "/api/v1/auth/session"


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """The lines of keys; the first is the reference of the others."""
    cookie, organisation_id, inside, outside = _made()
    named = {"Steward-Organisation": organisation_id}
    with contextlib.ExitStack() as stack:
        steward = stack.enter_context(site("steward", world.folder))
        targets = [
            Target("session cookie, organisation named", steward, PATH, {"Cookie": cookie, **named}),
            Target(
                "key of an organisation", steward, PATH, {"Authorization": f"Bearer {inside}"}, Bound(">=", 0.7, 0.9)
            ),
            Target(
                "key of the installation, organisation named",
                steward,
                PATH,
                {"Authorization": f"Bearer {outside}", **named},
                Bound(">=", 0.7, 0.9),
            ),
        ]
        for target in targets:
            target.burst(WARM_SECONDS)
        for number in range(rounds):
            for target in targets:
                target.measure(SECONDS)
            told = ", ".join(f"{target.results[-1].rate:,.0f}" for target in targets)
            say(f"keys round {number + 1} of {rounds}: {told} req/s")
        return [target.row(targets[0]) for target in targets]


def _made() -> tuple[str, str, str, str]:
    """A person's cookie, its organisation, and the secrets of its keys there and for the installation."""
    user = person("Keyholder", role="manager")
    token = signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
    with context.system("measuring"), writing():
        organisation = Organisation.objects.create(slug="keyed", name="Keyed")
        rbac.scope_ensure(organisation_id=organisation.pk)
        membership_put(organisation_id=organisation.pk, user=user, role=roles_by_code()["editor"], granted_by=None)
    secrets = []
    for where in (organisation.pk, None):
        with context.acting(actor_of(user)):
            _key, secret = key_create(
                actor=actor_of(user),
                name="Measured",
                scopes=["user:read"],
                expires_at=clock.now() + timedelta(days=1),
                organisation_id=where,
            )
        secrets.append(secret)
    return f"{settings.SESSION_COOKIE_NAME}={token}", str(organisation.pk), secrets[0], secrets[1]
