"""Setting up a second factor without a browser."""

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.api.auth import renewed
from accounts.api.auth_serializers import FactorBody, FactorMadeReply, RecoveryCodesReply, SetupReply
from accounts.errors import FactorRequired, NoFactor, SetUpGone
from accounts.factors import has_factor
from accounts.presenters.factors import setup_of
from accounts.services.factors import factor_proved, totp_begin, totp_confirm, totp_remove
from accounts.services.recovery_codes import recovery_codes_make
from portal.kit import errors, limits
from portal.kit.access import ConfirmationRequired, SignedIn
from portal.kit.api import ApiView, endpoint, json
from portal.kit.identity import Identity

OWN = SignedIn("One's own second factors.", before_second_factor=True)


class FactorBase(ApiView, abstract=True):
    """What the endpoints of a second factor share."""

    def proved(self) -> Identity:
        """The caller: in person, and with the second factor that it has, if it has one."""
        who = self.who
        if who.through is not None or who.actor.id is None:
            raise errors.Forbidden
        if who.second_factor_at is None and has_factor(who.actor.id):
            raise ConfirmationRequired
        return who


class SetupView(FactorBase):
    """A new authenticator app."""

    access = OWN

    @endpoint(reply=SetupReply, limit=limits.SENSITIVE, step_up=True, idempotent=False)
    def post(self, request: Request) -> HttpResponse:
        """Begin to set up an authenticator app. The one in use, if there is one, stays until the new one is confirmed."""
        who = self.proved()
        made = setup_of(totp_begin(actor=self.actor), who.person.username)
        return json({"key": made["key"], "uri": made["uri"]})


class ConfirmView(FactorBase):
    """The app that is being set up."""

    access = OWN

    @endpoint(
        body=FactorBody,
        reply=FactorMadeReply,
        errors=(SetUpGone,),
        limit=limits.SENSITIVE,
        step_up=True,
        idempotent=False,
    )
    def post(self, request: Request) -> HttpResponse:
        """Take the app into use by a code of it. This session counts as proved by it and goes on with new tokens."""
        who = self.proved()
        codes = totp_confirm(actor=self.actor, session_id=who.session_id, code=self.sent["code"])
        token = factor_proved(actor=self.actor, session_id=who.session_id)
        return renewed(self, lambda: token, recovery_codes=codes)


class AppView(FactorBase):
    """The authenticator app."""

    access = OWN

    @endpoint(status=204, step_up=True, errors=(NoFactor, FactorRequired))
    def delete(self, request: Request) -> HttpResponse:
        """Remove one's own authenticator app. Recovery codes go with the last second factor; every other session ends."""
        who = self.proved()
        totp_remove(actor=self.actor, session_id=who.session_id)
        return HttpResponse(status=204)


class RecoveryCodesView(FactorBase):
    """Codes for when the app is not at hand."""

    access = OWN

    @endpoint(
        reply=RecoveryCodesReply, status=201, step_up=True, limit=limits.SENSITIVE, idempotent=False, errors=(NoFactor,)
    )
    def post(self, request: Request) -> HttpResponse:
        """Make ten new recovery codes, told once. The former ones stop working."""
        self.proved()
        reply = json({"recovery_codes": recovery_codes_make(actor=self.actor)}, status=201)
        reply.headers["Cache-Control"] = "no-store"
        return reply
