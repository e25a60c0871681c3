"""What stands in the navigation of somebody: the one answer behind the shell and behind the API."""

from collections.abc import Iterable
from typing import Literal

from portal.kit.context import Actor
from portal.kit.decision import can, holds_somewhere
from portal.kit.registry import MenuItem

Realm = Literal["platform", "organisation", "self"]


def realm_of(actor: Actor) -> Realm:
    """Where the navigation leads: in the organisation that `actor` stands in, or on the platform."""
    return "platform" if actor.organisation_id is None else "organisation"


def is_open(actor: Actor, item: MenuItem) -> bool:
    """Whether an entry opens to `actor`: by the very right that its page demands."""
    if item.realm == "self":
        return True
    if not can(actor, item.permission).allowed and not (item.somewhere and holds_somewhere(actor, item.permission)):
        return False
    if item.only is not None and not item.only(actor):
        return False
    return item.idle or (item.badge is not None and item.badge(actor) > 0)


def opened(actor: Actor, items: Iterable[MenuItem], realm: Realm) -> list[MenuItem]:
    """The entries of a realm that open to `actor`, in their order."""
    return sorted((item for item in items if item.realm == realm and is_open(actor, item)), key=lambda item: item.order)


def address(item: MenuItem, slug: str) -> str:
    """Where an entry leads, in the organisation of that short name."""
    return item.url.replace("{slug}", slug)
