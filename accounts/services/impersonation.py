"""Seeing the console as somebody else: begun with a reason, short, read-only unless the glass is broken, never upwards.

A view is a session of its own: of the person, with the administrator as its impersonator, below the administrator's own
session, which waits meanwhile and which it cannot outlive.
"""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.errors import Deactivated, NotYourself, ViewsNested, ViewsOff
from accounts.models import Session, User
from accounts.services.guards import guard, person_id
from accounts.settings import IMPERSONATION
from portal.kit import clock, context, crypto
from portal.kit.context import Actor
from portal.kit.decision import authorise, can
from portal.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from portal.kit.identity import Identity
from portal.kit.notices import tell
from portal.kit.record import record
from portal.kit.services import writing

LASTS = timedelta(minutes=30)
RIGHT = "user:admin"
RIGHT_TO_WRITE = "break_glass:execute"


def impersonation_start(*, actor: Actor, user: User, reason: str, write: bool = False) -> str:
    """Begin to see the console as a person, for 30 minutes: the token of that view, for the cookie.

    Read-only, unless `write`, which takes `break_glass:execute`. The acting person's own session waits: its former token
    stops working, `impersonation_end` gives a new one. Event `accounts.impersonation.started`, and a notice to the
    person. Refused: the root administrator, oneself, whom ranks above, who is inactive, a view within a view, the API.
    """
    authorise(actor, RIGHT, user)
    if write:
        authorise(actor, RIGHT_TO_WRITE)
    reason = reason.strip()
    if not reason:
        raise Invalid(fields={"reason": [_("Say why; the person and the audit trail are told.")]})
    now = clock.now()
    token = crypto.token()
    with writing():
        own = _own_session(actor)
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _require_viewable(actor, user)
        Session.objects.filter(parent=own).delete()
        own.digest = crypto.digest(crypto.token())  # Nobody has this token: the cookie now holds that of the view.
        own.seen_at, own.expires_at = now, min(own.ends_at, now + LASTS + own.idle)
        own.save(update_fields=["digest", "seen_at", "expires_at"])
        ends_at = min(now + LASTS, own.ends_at)
        Session.objects.create(
            digest=crypto.digest(token),
            user=user,
            method="impersonation",
            impersonator_id=own.user_id,
            parent=own,
            reason=reason[:300],
            read_only=not write,
            idle=LASTS,
            created_at=now,
            seen_at=now,
            confirmed_at=now,
            expires_at=ends_at,
            ends_at=ends_at,
            address=own.address,
            agent=own.agent,
        )
        minutes = int((ends_at - now).total_seconds() // 60)
        record("accounts.impersonation.started", target=user, reason=reason, data={"minutes": minutes, "write": write})
        _tell_person(actor, user, reason, write=write)
    return token


def _own_session(actor: Actor) -> Session:
    """The browser session that the actor acts in, locked; the API, a key and a view have none to come back to."""
    current = context.current()
    if current is None or current.session_id is None or current.through is not None:
        raise ViewsNested
    rows = Session.objects.select_for_update().filter(user_id=person_id(actor), expires_at__gt=clock.now())
    own = rows.filter(pk=current.session_id, kind=Session.Kind.BROWSER, impersonator=None).first()
    if own is None:
        raise ViewsNested
    return own


def _require_viewable(actor: Actor, user: User) -> None:
    if not IMPERSONATION.value():
        raise ViewsOff
    if actor.id == user.pk:
        raise NotYourself
    guard(actor, user)
    if not user.is_active or user.kind != User.Kind.PERSON:
        raise Deactivated


def _tell_person(actor: Actor, user: User, reason: str, *, write: bool) -> None:
    told = _("%(name)s could look, and change nothing.") if not write else _("%(name)s could also change things.")
    tell(
        [user.pk],
        category="security",
        title=_("An administrator saw the console as you"),
        text=f"{told % {'name': actor.label}} {_('Reason: %(reason)s') % {'reason': reason}}",
        tone="warn",
    )


def impersonation_check(*, identity: Identity) -> None:
    """End a view whose administrator may not have it any more, and raise `Unauthenticated`.

    So it ends with the right, the rank or the setting, whoever took it and by whatever road. Event
    `accounts.impersonation.ended`.
    """
    viewer = identity.through
    why = _refusal(viewer, identity) if viewer is not None else ""
    if not why:
        return
    with writing():
        view = Session.objects.select_related("user").filter(pk=identity.session_id).first()
        if view is not None:
            record("accounts.impersonation.ended", target=view.user, reason=why)
            view.delete()
    raise Unauthenticated


def _refusal(viewer: Actor, identity: Identity) -> str:
    here = replace(viewer, organisation_id=None)
    if not can(here, RIGHT) or not (identity.read_only or can(here, RIGHT_TO_WRITE)):
        return "right lost"
    if not IMPERSONATION.value():
        return "switched off"
    try:
        guard(here, User.objects.get(pk=person_id(identity.actor)))
    except Forbidden as error:
        return error.code
    return ""


def impersonation_end(*, actor: Actor, session_id: UUID) -> str:
    """Leave a view: the token of the administrator's own session, empty when that one has ended meanwhile.

    Event `accounts.impersonation.ended`. `NotFound` for a session that is no view.
    """
    now = clock.now()
    with writing():
        rows = Session.objects.select_for_update(of=("self",)).select_related("user").exclude(impersonator=None)
        view = rows.filter(pk=session_id, user_id=person_id(actor)).first()
        if view is None:
            raise NotFound
        parents = Session.objects.select_for_update().filter(expires_at__gt=now)
        own = None if view.parent_id is None else parents.filter(pk=view.parent_id).first()
        record("accounts.impersonation.ended", target=view.user)
        view.delete()
        if own is None:
            return ""
        token = crypto.token()
        own.digest = crypto.digest(token)
        own.seen_at, own.expires_at = now, min(own.ends_at, now + own.idle)
        own.save(update_fields=["digest", "seen_at", "expires_at"])
    return token
