"""Confirming who one is before a dangerous act, without a browser."""

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.api.auth import renewed
from accounts.api.auth_serializers import ConfirmBody, ConfirmedReply
from accounts.errors import ConfirmationRefused
from accounts.factors import Proof
from accounts.services.confirmation import PASSWORD, confirmation_give, confirmation_kinds
from portal.kit import edge, errors, limits
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, endpoint


class ConfirmView(ApiView):
    """Step-up: what `kit.confirmation_required` asks for."""

    access = SignedIn("Everybody confirms for oneself who one is.", before_second_factor=True)

    @endpoint(
        body=ConfirmBody,
        reply=ConfirmedReply,
        errors=(ConfirmationRefused,),
        limit=limits.SENSITIVE,
        idempotent=False,
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Confirm who one is, for ten minutes: by a code of the authenticator app or a recovery code, or by the password
        of who has neither. The session goes on with new tokens or a new cookie.
        """
        who = self.who
        if who.through is not None or self.actor.id is None:
            raise errors.Forbidden  # Neither a key nor who looks as somebody else.
        plain = request._request
        proof = self._proof(confirmation_kinds(user_id=self.actor.id))
        token = confirmation_give(request=plain, actor=self.actor, session_id=who.session_id, proof=proof)
        if token is None:
            return edge.respond(plain, ConfirmationRefused())  # Not raised: that would undo the count of failures.
        return renewed(self, lambda: token)

    def _proof(self, kinds: list[str]) -> Proof:
        name = "password" if kinds == [PASSWORD] else "code"
        value = self.sent.get(name)
        if not value:
            text = _("Send the password.") if name == "password" else _("Send a code of a second factor.")
            raise errors.Invalid(fields={name: [text]})
        return Proof.of_code(value) if name == "code" else Proof(PASSWORD, value)
