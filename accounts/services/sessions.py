"""Starting and ending sessions."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import update_last_login
from django.contrib.auth.signals import user_logged_in
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.errors import NotAPerson
from accounts.models import PendingSignIn, Session, User
from accounts.services.devices import browser_recognise, client_recognise
from accounts.services.factor_duty import factor_duty_settle
from accounts.services.guards import guard, person_id
from accounts.settings import ABSOLUTE, ABSOLUTE_STAFF, IDLE, IDLE_STAFF
from portal.kit import clock, context, crypto, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing
from rbac import selectors as rbac

# last_login is Django's; `last_seen_at` and the event of sign-in tell more, so the receiver would only add a write.
user_logged_in.disconnect(update_last_login, dispatch_uid="update_last_login")


def session_start(
    *,
    request: HttpRequest,
    user: User,
    method: str = "password",
    second_factor: bool = False,
    kind: str = Session.Kind.BROWSER,
    label: str = "",
) -> str:
    """Sign in a person whose every factor was checked; the token for the cookie. Event `accounts.session.started`.

    `method`: what the person proved itself with; `second_factor`: whether a second factor was among it. The one place
    where `user_logged_in` is sent, so that axes resets its counters only now. A former session of the same browser
    ends: the token changes at every change of privilege.
    """
    if user.kind != User.Kind.PERSON:
        raise NotAPerson
    now = clock.now()
    staff = rbac.rank_of(user.pk) > 0
    idle = (IDLE_STAFF if staff else IDLE).value()
    ends_at = now + (ABSOLUTE_STAFF if staff else ABSOLUTE).value()
    token = crypto.token()
    with writing():
        if kind == Session.Kind.BROWSER:
            _former_end(request)
        factor_duty_settle(people=[user.pk])
        current = context.current()
        session = Session.objects.create(
            digest=crypto.digest(token),
            user=user,
            kind=kind,
            method=method,
            label=label,
            confirmed_at=now,
            second_factor_at=now if second_factor else None,
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
            record("accounts.session.started", target=user, data={"method": method, "second_factor": second_factor})
        user_logged_in.send(sender=User, request=request, user=user)
        if kind == Session.Kind.BROWSER:
            browser_recognise(user=user, cookies=request.COOKIES)
        else:
            client_recognise(user=user, label=label)
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


def session_prove(*, actor: Actor, session_id: UUID, second_factor: bool) -> str:
    """Note that the acting person has just proved who it is, maybe with a second factor; a new token for its session.

    Part of a service that has checked the proof. `Unauthenticated` when the session has ended meanwhile.
    """
    token, now = crypto.token(), clock.now()
    values = {"digest": crypto.digest(token), "confirmed_at": now} | (
        {"second_factor_at": now} if second_factor else {}
    )
    with writing():
        if not Session.objects.filter(pk=session_id, user_id=person_id(actor)).update(**values):
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
            if session.parent_id is not None:
                # Whoever signs out while seeing the console as somebody else wants to be out altogether.
                Session.objects.filter(pk=session.parent_id).delete()
            session.delete()
            record("accounts.session.ended", target=session.user)


def sessions_end_all(*, user: User, keep: UUID | None = None) -> int:
    """End every session of a person except `keep`, and every sign-in that waits for its second factor; part of another
    service, which authorises and records it."""
    sessions = Session.objects.filter(user=user)
    if keep is not None:
        sessions = sessions.exclude(pk=keep)
    with writing():
        ended, _ = sessions.delete()
        PendingSignIn.objects.filter(user=user).delete()
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


def own_sessions_end(*, actor: Actor, session_id: UUID | None = None, keep: UUID | None = None) -> int:
    """End the acting person's own sessions: the one named, or all of them but `keep`. Event `accounts.session.ended`.

    Returns how many there were; nobody else's can be named. Only in person: `Forbidden` for a key and for whoever looks
    as somebody else.
    """
    own, current = person_id(actor), context.current()
    if current is not None and current.through is not None:
        raise errors.Forbidden
    rows = Session.objects.filter(user_id=own, expires_at__gt=clock.now())
    if session_id is not None:
        rows = rows.filter(pk=session_id)
    elif keep is not None:
        rows = rows.exclude(pk=keep)
    with writing():
        ended, _counts = rows.delete()
        if ended:
            record("accounts.session.ended", target=User.objects.get(pk=own), data={"sessions_ended": ended})
    return ended
