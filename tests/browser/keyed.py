"""Keys and service accounts of a furnished installation, with a month of use."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from accounts.models import Key, KeyUse
from accounts.services.keys import key_create, key_revoke, key_rotate
from accounts.services.memberships import roles_by_code
from accounts.services.service_accounts import service_account_create, service_account_deactivate
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.services import writing
from tests.factories import actor_of

if TYPE_CHECKING:
    from tests.browser.furnished import Furnished, Story
    from tests.browser.rooms import Rooms

USED_DAYS = 30
SCOPES = ("organisation:read", "member:read", "audit:read")


@dataclass(frozen=True)
class Keyed:
    """What the pages of keys are about."""

    key_id: UUID  # Of the service account, in the large organisation.
    own_id: UUID  # Of the administrator, for the installation, with all permissions.
    unused_id: UUID
    service_id: UUID


def keyed(story: "Story", world: "Furnished", found: "Rooms") -> Keyed:
    """Add keys and service accounts to what is there."""
    inside, admin = found.inside(found.owner), actor_of(world.admin)
    where = found.large
    with story.by(inside, timedelta(days=5)):
        robot, old = (
            service_account_create(
                actor=inside,
                organisation=where,
                name=name,
                handle=handle,
                role=roles_by_code()["admin"],
                description=text,
            )
            for name, handle, text in (
                ("Deployment robot", "deploy", "Rolls out new versions. Ask Ines Duarte."),
                ("Nightly importer", "importer", ""),
            )
        )
        key = _made(inside, "Roll-out of new versions", SCOPES, 90, where.pk, service=robot, addresses=["192.0.2.0/24"])
        unused = _made(inside, "Spreadsheet of members", SCOPES[:2], 365, where.pk)
        ending = _made(inside, "Dashboard in the hall", SCOPES[:1], 20, where.pk)
        gone = _made(inside, "Laptop of last year", None, 90, where.pk)
    with story.by(inside, timedelta(hours=3)):
        key_revoke(actor=inside, key=gone, reason="The laptop was stolen")
        key_rotate(actor=inside, key=ending)
        service_account_deactivate(actor=inside, service=old, reason="The importer was switched off")
    with story.by(admin, timedelta(days=4)):
        own = _made(admin, "Everything, for the night report", None, 180, None)
        _made(admin, "Trying things out", ("user:read", "audit:read"), 30, None, live=False)
    with story.by(admin, timedelta(minutes=3)), writing():
        for used in (key, own):
            _used(used)
    return Keyed(key.pk, own.pk, unused.pk, robot.pk)


def _made(
    actor: Actor, name: str, scopes: tuple[str, ...] | None, days: int, organisation_id: UUID | None, **more: object
) -> Key:
    values = {"expires_at": clock.now() + timedelta(days=days) - timedelta(seconds=1), **more}
    made, _secret = key_create(
        actor=actor,
        name=name,
        scopes=scopes,
        organisation_id=organisation_id,
        **values,  # type: ignore[arg-type]
    )
    return made


def _used(key: Key) -> None:
    today = clock.now().date()
    KeyUse.objects.bulk_create(
        KeyUse(
            key=key,
            organisation_id=key.organisation_id,
            day=today - timedelta(days=place),
            calls=180 + place * 37 % 211 - (150 if place % 7 in {2, 3} else 0),
            refused=place % 5,
        )
        for place in range(USED_DAYS)
    )
    Key.objects.filter(pk=key.pk).update(last_used_at=clock.now(), last_address="192.0.2.14")
