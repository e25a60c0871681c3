"""What the search finds of the trail: one event, by its exact id."""

from django.utils.translation import gettext_lazy

from audit.models import Event
from audit.presenters import placed
from audit.selectors.trail import READ, scoped, told
from portal.kit import context, identity
from portal.kit.search import Hit, Realm, Records, kinds
from portal.kit.templatetags.kit import exact_text


def _event(row: Event) -> Hit:
    # One at most is ever shown: its name may have to be unsealed.
    (one,) = placed(told([row]), _slug())
    return Hit(str(row.pk), one.sentence, exact_text(row.occurred_at), one.url)


def _slug() -> str:
    now = context.current()
    named = now.cache.get("organisation") if now is not None else None
    return named.slug if isinstance(named, identity.OrganisationRef) else ""


def _events(realm: Realm, url: str) -> Records:
    return Records("events", realm, gettext_lazy("Events"), "audit", READ, url, place=90, source=scoped, hit=_event)


kinds.add(_events("platform", "/platform/audit"))
kinds.add(_events("organisation", "/o/{slug}/audit"))
