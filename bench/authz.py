"""A question of a host product over HTTP beside an empty call with the same key: what an answer costs."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from accounts.models import Organisation, User
from accounts.services.keys import key_create
from accounts.services.memberships import membership_put, roles_by_code
from bench.table import Bound, Row
from bench.web import SECONDS, WARM_SECONDS, Target
from bench.world import World, site
from portal.kit import clock, context, tenancy
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import Binding, ResourceType, Role
from rbac.resource_rows import ResourceRow
from rbac.services.resources import resources_put
from tests.factories import actor_of, person

MANY = 100  # Questions in the batch.
CODE = "product/project:read"


@dataclass(frozen=True)
class Made:
    """The secret of a host product's key, and the questions that it asks."""

    secret: str
    questions: list[dict[str, Any]]


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """The lines of the authorisation API; the first is the reference of the others."""
    made = _made()
    headers = {"Authorization": f"Bearer {made.secret}"}
    single, many = json.dumps(made.questions[0]), json.dumps({"items": made.questions})
    with contextlib.ExitStack() as stack:
        steward = stack.enter_context(site("steward", world.folder))
        targets = [
            Target("empty authenticated API call", steward, "/api/v1/auth/session", headers),
            Target("check over HTTP", steward, "/api/v1/authz/check", headers, Bound(">=", 0.5, 0.7), body=single),
            Target(f"batch of {MANY} checks", steward, "/api/v1/authz/batch-check", headers, body=many),
        ]
        for target in targets:
            target.burst(WARM_SECONDS)
        for number in range(rounds):
            for target in targets:
                target.measure(SECONDS)
            told = ", ".join(f"{target.results[-1].rate:,.0f}" for target in targets)
            say(f"authz round {number + 1} of {rounds}: {told} req/s")
        return [target.row(targets[0]) for target in targets]


def _made() -> Made:
    """An organisation with a product's things, somebody who holds a role of the product, and a key that may ask."""
    owner, reader = person("Host owner"), person("Reader")
    with context.system("measuring"), writing():
        organisation = Organisation.objects.create(slug="asked", name="Asked")
        rbac.scope_ensure(organisation_id=organisation.pk)
        for user, code in ((owner, "owner"), (reader, "viewer")):
            membership_put(organisation_id=organisation.pk, user=user, role=roles_by_code()[code], granted_by=None)
        with tenancy.within(organisation.pk):
            role = Role.objects.get(catalogue="product", code="viewer")
            Binding.objects.create(scope_id=organisation.pk, user=reader, role=role)
    _things(organisation, owner)
    with context.acting(actor_of(owner)):
        _key, secret = key_create(
            actor=actor_of(owner),
            name="Product",
            scopes=["member:read"],
            expires_at=clock.now() + timedelta(days=1),
            organisation_id=organisation.pk,
        )
    subject = {"type": "user", "id": str(reader.pk)}
    return Made(
        secret,
        [
            {
                "subject": subject,
                "permission": CODE,
                "resource": {"type": "product/project", "external_id": f"prj-{number}"},
            }
            for number in range(MANY)
        ],
    )


def _things(organisation: Organisation, owner: User) -> None:
    with context.system("measuring"), tenancy.behind_the_wall():
        kind = ResourceType.objects.select_related("application").get(application__code="product", code="project")
        with tenancy.within(organisation.pk):
            actor = context.actor()
            things = [ResourceRow(kind, f"prj-{number}", f"Project {number}") for number in range(MANY)]
            resources_put(actor=actor, organisation_id=organisation.pk, rows=things)
