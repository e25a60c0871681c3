"""Signing in without a browser: tokens for a password and a second factor, the next pair, sign-out, a new password."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request

from accounts.api.auth_serializers import (
    ChangePasswordBody,
    LoginBody,
    PairReply,
    PasswordChangedReply,
    RefreshBody,
    SecondFactorBody,
    SignedInReply,
)
from accounts.errors import RefreshRefused, SignInGone, SignInRefused
from accounts.factors import Proof
from accounts.models import Session, User
from accounts.services.passwords import current_refused, password_change
from accounts.services.sessions import session_end, session_rotate
from accounts.services.sign_in import PENDING_LIFE, first_factor, sign_in_begin, sign_in_finish
from accounts.services.tokens import Pair, client_begin, tokens_refresh, tokens_replace
from accounts.views.sessions import remember
from portal.kit import edge, errors, limits
from portal.kit.access import AccountInactive, Public, SignedIn
from portal.kit.api import ApiView, endpoint, json


class Door(ApiView, abstract=True):
    """What answers before anybody is signed in. No cookie counts here, so there is nothing that another site could use."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Without the check of the form token, which a client without cookies does not have."""
        return csrf_exempt(super().as_view(**initkwargs))

    def refused(self, error: errors.StewardError) -> HttpResponseBase:
        """Answer with `error` and keep what was written: a raised one would undo the count of failures."""
        return edge.respond(self.request._request, error)


class LoginView(Door):
    """Sign-in by password."""

    access = Public("Nobody is signed in before it.")

    @endpoint(
        body=LoginBody,
        reply=SignedInReply,
        errors=(SignInRefused, AccountInactive),
        limit=limits.SENSITIVE,
        idempotent=False,
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Sign in with a password. Who has a second factor gets a pending token for it, everybody else the tokens.

        Every failure, a lock after several of them included, has the same reply and takes the same time.
        """
        given = self.sent
        plain = request._request
        user = first_factor(request=plain, identifier=given["identifier"], password=given["password"])
        if user is None:
            return self.refused(SignInRefused())
        begun = sign_in_begin(
            request=plain, user=user, method="password", kind=Session.Kind.TOKEN, label=given["label"].strip()
        )
        if begun.pending_token:
            life = int(PENDING_LIFE.total_seconds())
            return json({"second_factor_required": True, "pending_token": begun.pending_token, "expires_in": life})
        return _signed_in(user, begun.session_token)


class SecondFactorView(Door):
    """The second factor of a sign-in."""

    access = Public("Nobody is signed in before it.")

    @endpoint(
        body=SecondFactorBody,
        reply=SignedInReply,
        errors=(SignInRefused, SignInGone, AccountInactive),
        limit=limits.SENSITIVE,
        idempotent=False,
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Prove the second factor of a pending sign-in: a code of the authenticator app, or a recovery code.

        Each is good once. After five wrong ones the sign-in begins again with the password.
        """
        given = self.sent
        done = sign_in_finish(
            request=request._request,
            pending_token=given["pending_token"],
            proof=Proof.of_code(given["code"]),
            kind=Session.Kind.TOKEN,
            label=given["label"].strip(),
        )
        if done is None:
            return self.refused(SignInRefused())
        token, user = done
        return _signed_in(user, token)


class RefreshView(Door):
    """The next tokens."""

    access = Public("The refresh token says who calls.")
    limit = limits.ANONYMOUS

    @endpoint(body=RefreshBody, reply=PairReply, errors=(RefreshRefused, AccountInactive), idempotent=False)
    def post(self, request: Request) -> HttpResponseBase:
        """Exchange a refresh token for new tokens. It is spent with it, and the former access token is void.

        One that was spent before ends the whole sign-in, also for whoever has the newer tokens: it is in two hands.
        There is no grace for sending the same call again.
        """
        pair = tokens_refresh(token=self.sent["refresh_token"])
        return json(pair_body(pair)) if pair is not None else self.refused(RefreshRefused())


class LogoutView(ApiView):
    """The end of the caller's session."""

    access = SignedIn("Everybody may leave, also an inactive person.", before_password_change=True)

    @endpoint(status=204)
    def post(self, request: Request) -> HttpResponse:
        """Sign out. Tokens or cookie of this session are void at once."""
        session_end(actor=self.actor, session_id=self.who.session_id)
        reply = HttpResponse(status=204)
        if self.who.kind == "browser":
            reply.delete_cookie(settings.SESSION_COOKIE_NAME, path="/", samesite="Lax")
        return reply


class ChangePasswordView(ApiView):
    """The caller's own password."""

    access = SignedIn("One's own password.", before_password_change=True)

    @endpoint(
        body=ChangePasswordBody,
        reply=PasswordChangedReply,
        errors=(AccountInactive,),
        limit=limits.SENSITIVE,
        idempotent=False,
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Change one's own password. Every other session ends, this one goes on with new tokens or a new cookie."""
        who = self.who
        if not who.active:
            raise AccountInactive
        if who.through is not None:
            raise errors.Forbidden  # Neither a key nor who looks as somebody else.
        plain = request._request
        given = self.sent
        if (
            password_change(
                request=plain,
                actor=self.actor,
                session_id=who.session_id,
                current=given["current"],
                new=given["new"],
            )
            is None
        ):
            return edge.respond(plain, current_refused())  # Not raised: that would undo the count of failures.
        return renewed(self, lambda: session_rotate(actor=self.actor, session_id=who.session_id))


def _signed_in(user: User, session_token: str) -> HttpResponse:
    if not user.is_active:
        raise AccountInactive  # Nothing would answer; the session that was begun is undone with it.
    pair = pair_body(client_begin(session_token=session_token))
    return json({"second_factor_required": False, **pair, "must_change_password": user.must_change_password})


def renewed(call: ApiView, cookie: Callable[[], str], **told: Any) -> HttpResponse:
    """The reply after which the caller's session goes on under another name: `told` with new tokens for a client, whose
    former ones are void; for a browser the token of `cookie` is remembered."""
    who = call.who
    if who.kind == "token":
        return json({**told, "tokens": pair_body(tokens_replace(actor=call.actor, session_id=who.session_id))})
    reply = json({**told, "tokens": None})
    remember(reply, cookie())
    rotate_token(call.request._request)
    return reply


def pair_body(pair: Pair) -> dict[str, Any]:
    """A pair of tokens as the API tells it, once."""
    return {
        "access_token": pair.access,
        "refresh_token": pair.refresh,
        "expires_in": pair.expires_in,
        "refresh_expires_at": pair.refresh_expires_at,
    }
