"""Reads about sessions: one's own, and those that host products ask about."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts import tokens
from accounts.errors import OrganisationSuspended
from accounts.identity import BY_COOKIE, TOKEN_LENGTHS, behind
from accounts.models import Session, User
from accounts.services.guards import person_id
from accounts.token_identity import BY_ACCESS_TOKEN
from audit.models import Event
from portal.kit import clock, context, ids
from portal.kit.context import Actor
from portal.kit.errors import Forbidden, NotFound
from portal.kit.identity import Identity, OrganisationRef
from rbac import selectors as rbac
from rbac.models import INSTALLATION


def own_sessions(actor: Actor) -> QuerySet[Session]:
    """The live sessions of the acting person, those included in which somebody looks as it.

    Only in person: `Forbidden` for a key and for whoever looks as somebody else.
    """
    current = context.current()
    if current is not None and current.through is not None:
        raise Forbidden
    rows = Session.objects.filter(user_id=person_id(actor), expires_at__gt=clock.now())
    return rows.select_related("impersonator")


def sessions_visible(actor: Actor, user: User) -> QuerySet[Session]:
    """The live sessions of a person. Needs `user:admin`."""
    rows = Session.objects.visible_to(actor, "user:admin").filter(user=user, expires_at__gt=clock.now())
    return rows.select_related("impersonator")


@dataclass(frozen=True)
class Verified:
    """A live session that a host product asked about: whose, in which organisation, proved how, and until when."""

    identity: Identity
    organisation: OrganisationRef | None
    roles: list[str]

    @property
    def second_factor(self) -> bool:
        """Whether a second factor was proved in it."""
        return self.identity.second_factor_at is not None

    @property
    def expires_at(self) -> datetime | None:
        """When it ends if nobody does anything."""
        return self.identity.expires_at


def session_verified(actor: Actor, *, token: str, organisation_id: UUID | None) -> Verified | None:
    """The session behind the value of a session cookie or an access token, in an organisation or on the installation.

    None, always the same, for a token that lets nobody in, a person that no page would answer (inactive, a password or
    second factor due) and one that is no member. Who calls for an organisation learns of its members and no others.
    """
    wanted = actor.organisation_id or organisation_id
    if actor.organisation_id is not None and organisation_id not in {None, actor.organisation_id}:
        return None
    found = _behind(token, wanted)
    if found is None or not _let_in(found):
        return None
    person = person_id(found.actor)
    return Verified(found, found.organisation, [role.code for role in rbac.roles_of(person, wanted or INSTALLATION)])


def _behind(token: str, organisation_id: UUID | None) -> Identity | None:
    try:
        if tokens.well_formed(token, tokens.ACCESS):
            return behind(token, organisation_id, BY_ACCESS_TOKEN)
        if len(token) in TOKEN_LENGTHS and token.isascii():
            return behind(token, organisation_id, BY_COOKIE)
    except (NotFound, OrganisationSuspended):
        return None
    return None


def _let_in(who: Identity) -> bool:
    overdue = who.factor_due_at is not None and who.second_factor_at is None and who.factor_due_at <= clock.now()
    return who.active and not who.must_change_password and not overdue


def sign_ins_per_day(actor: Actor, days: int) -> list[tuple[date, int]]:
    """How often people signed in on each of the last `days`, today last; one query over that time alone."""
    today = timezone.localdate(clock.now())
    first = today - timedelta(days=days - 1)
    start = timezone.make_aware(datetime.combine(first, time.min))
    rows = (
        Event.objects.visible_to(actor, "audit:read")
        .filter(code="accounts.session.started", id__gte=ids.first_of(start))
        .order_by()
        .annotate(day=TruncDate("occurred_at"))
        .values_list("day")
        .annotate(number=Count("id"))
    )
    found = dict(rows)
    return [(day, found.get(day, 0)) for day in (first + timedelta(days=place) for place in range(days))]
