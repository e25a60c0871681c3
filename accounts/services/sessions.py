"""Starting and ending sessions."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import update_last_login
from django.contrib.auth.signals import user_logged_in
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Session, User
from accounts.services.guards import guard, person_id
from portal.kit import clock, context, crypto, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing
from rbac import selectors as rbac

# last_login is Django's; `last_seen_at` and the event of sign-in tell more, so the receiver would only add a write.
user_logged_in.disconnect(update_last_login, dispatch_uid="update_last_login")


def session_start(*, request: HttpRequest, user: User) -> str:
    """Sign in a person whose every factor was checked; the token for the cookie. Event `accounts.session.started`.

    The one place where `user_logged_in` is sent, so that axes resets its counters only now. A former session of the
    same browser ends: the token changes at every change of privilege.
    """
    now = clock.now()
    staff = rbac.rank_of(user.pk) > 0
    idle = settings.SESSION_IDLE_STAFF if staff else settings.SESSION_IDLE
    ends_at = now + (settings.SESSION_ABSOLUTE_STAFF if staff else settings.SESSION_ABSOLUTE)
    token = crypto.token()
    with writing():
        _former_end(request)
        current = context.current()
        session = Session.objects.create(
            digest=crypto.digest(token),
            user=user,
            created_at=now,
            seen_at=now,
            idle=idle,
            expires_at=min(now + idle, ends_at),
            ends_at=ends_at,
            address=current.address if current else None,
            agent=current.agent if current else "",
        )
        User.objects.filter(pk=user.pk).update(last_seen_at=now)
        with context.acting(Actor("person", user.pk, str(user))) as acting:
            acting.session_id = session.pk
            record("accounts.session.started", target=user)
        user_logged_in.send(sender=User, request=request, user=user)
    return token


def _former_end(request: HttpRequest) -> None:
    token = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    former = Session.objects.select_related("user").filter(digest=crypto.digest(token)).first() if token else None
    if former is not None:
        former.delete()
        record("accounts.session.ended", target=former.user, reason="signed in again")


def session_rotate(*, actor: Actor, session_id: UUID) -> str:
    """A new token for the acting person's session, whose privileges just changed; the old one lets nobody in any more.

    Returns the token for the cookie. `Unauthenticated` when the session has ended meanwhile.
    """
    token = crypto.token()
    with writing():
        if not Session.objects.filter(pk=session_id, user_id=person_id(actor)).update(digest=crypto.digest(token)):
            raise errors.Unauthenticated
    return token


def session_refused(*, user: User | None) -> None:
    """Record a failed sign-in. Event `accounts.session.refused`; of an unknown account nothing typed is kept."""
    record("accounts.session.refused", target=user, outcome="denied")


def session_end(*, actor: Actor, session_id: UUID) -> None:
    """Sign out: end the acting person's own session. Event `accounts.session.ended`."""
    with writing():
        session = Session.objects.select_related("user").filter(pk=session_id, user_id=person_id(actor)).first()
        if session is not None:
            session.delete()
            record("accounts.session.ended", target=session.user)


def sessions_end_all(*, user: User, keep: UUID | None = None) -> int:
    """End every session of a person except `keep`; part of another service, which authorises and records it."""
    sessions = Session.objects.filter(user=user)
    if keep is not None:
        sessions = sessions.exclude(pk=keep)
    with writing():
        ended, _ = sessions.delete()
    return ended


def session_revoke(*, actor: Actor, user: User, session_id: UUID) -> bool:
    """End one session of a person; its next request is signed out. Event `accounts.session.revoked`.

    Returns whether it was still there. Refused as any change of the person: root administrator, rank.
    """
    return bool(_revoke(actor, user, Session.objects.filter(pk=session_id)))


def sessions_revoke(*, actor: Actor, user: User, reason: str = "") -> int:
    """End every session of a person; one's own present one stays. Event `accounts.session.revoked`; returns how many."""
    rows = Session.objects.all()
    current = context.current()
    if actor.id == user.pk and current is not None and current.session_id is not None:
        rows = rows.exclude(pk=current.session_id)
    return _revoke(actor, user, rows, reason)


def _revoke(actor: Actor, user: User, rows: QuerySet[Session], reason: str = "") -> int:
    authorise(actor, "user:admin", user)
    guard(actor, user)
    with writing():
        # An expired one lets nobody in; ending it would put something on record that did not happen.
        ended, _counts = rows.filter(user=user, expires_at__gt=clock.now()).delete()
        if ended:
            record("accounts.session.revoked", target=user, reason=reason, data={"sessions_ended": ended})
    return ended
