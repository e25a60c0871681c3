"""Access and refresh tokens: made at sign-in, exchanged for the next pair, ended together with their session."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts import tokens
from accounts.models import Session, Token, User
from accounts.services.guards import person_id
from accounts.settings import ACCESS_TOKEN, REFRESH_TOKEN
from portal.kit import clock, context, crypto, errors
from portal.kit.access import AccountInactive
from portal.kit.context import Actor
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing


@dataclass(frozen=True)
class Pair:
    """What a client gets: shown once, stored as digests. `expires_in`: seconds that the access token opens anything."""

    access: str
    refresh: str
    expires_in: int
    refresh_expires_at: datetime


def client_begin(*, session_token: str) -> Pair:
    """Give the client's session that a sign-in has just begun (kind token) its first tokens.

    They take the place of the sign-in's own token, which opens nothing any more. Idle end as the settings say, absolute
    end as it was. `Unauthenticated` when there is no such session.
    """
    now = clock.now()
    with writing():
        rows = Session.objects.select_for_update().filter(kind=Session.Kind.TOKEN)
        session = rows.filter(digest=crypto.digest(session_token)).first()
        if session is None:
            raise errors.Unauthenticated
        session.digest = crypto.digest(crypto.token())  # Nobody has what it is of.
        session.idle = REFRESH_TOKEN.value()
        session.expires_at = min(now + session.idle, session.ends_at)
        session.save(update_fields=["digest", "idle", "expires_at"])
        return _issue(session, now)


def tokens_refresh(*, token: str) -> Pair | None:
    """Exchange a refresh token for a new pair; the old pair is spent. None for one that is unknown, expired or spent.

    One that was spent already is in two hands: its session ends with all of its tokens, whoever came first, the person
    gets a mail. Event `accounts.token.reused`. There is no grace for a retry: a client that lost the reply signs in
    again. `AccountInactive` for somebody inactive, which spends nothing.
    """
    if not tokens.well_formed(token, tokens.REFRESH):
        return None
    now = clock.now()
    with writing():
        rows = Token.objects.filter(kind=Token.Kind.REFRESH, digest=crypto.digest(token))
        session_id = rows.values_list("session_id", flat=True).first()
        if session_id is None:
            return None
        # Calls with one token queue here, and whoever comes second finds it spent.
        locked = Session.objects.select_for_update(of=("self",)).select_related("user")
        session, found = locked.filter(pk=session_id).first(), rows.first()
        if session is None or found is None:
            return None
        if found.used_at is not None:
            _reused(session)
            return None
        if min(found.expires_at, session.expires_at) <= now:
            return None
        if not session.user.is_active:
            raise AccountInactive
        found.used_at = session.seen_at = now
        found.save(update_fields=["used_at"])
        session.expires_at = min(now + session.idle, session.ends_at)
        session.save(update_fields=["seen_at", "expires_at"])
        User.objects.filter(pk=session.user_id).update(last_seen_at=now)
        return _issue(session, now)


def tokens_replace(*, actor: Actor, session_id: UUID) -> Pair:
    """A new pair for the acting person's client, whose privileges just changed; every former token of it is void.

    `Unauthenticated` when the session has ended meanwhile.
    """
    with writing():
        rows = Session.objects.select_for_update().filter(pk=session_id, user_id=person_id(actor))
        session = rows.filter(kind=Session.Kind.TOKEN).first()
        if session is None:
            raise errors.Unauthenticated
        Token.objects.filter(session=session).delete()
        return _issue(session, clock.now())


def _issue(session: Session, now: datetime) -> Pair:
    Token.objects.filter(session=session, kind=Token.Kind.ACCESS).delete()
    access, refresh = tokens.make(tokens.ACCESS), tokens.make(tokens.REFRESH)
    access_ends = min(now + ACCESS_TOKEN.value(), session.ends_at)
    refresh_ends = min(now + REFRESH_TOKEN.value(), session.ends_at)
    Token.objects.bulk_create(
        Token(session=session, kind=kind, digest=crypto.digest(token), created_at=now, expires_at=ends)
        for kind, token, ends in (
            (Token.Kind.ACCESS, access, access_ends),
            (Token.Kind.REFRESH, refresh, refresh_ends),
        )
    )
    return Pair(access, refresh, int((access_ends - now).total_seconds()), refresh_ends)


def _reused(session: Session) -> None:
    user = session.user
    data: dict[str, object] = {"session": str(session.pk)}
    session.delete()
    record("accounts.token.reused", target=user, outcome="denied", data=data)
    current = context.current()
    address = (current.address if current else None) or ""
    data = {"user": user, "at": clock.now(), "label": session.label, "address": address}
    notify(user.pk, "security", "token_reused", data)
