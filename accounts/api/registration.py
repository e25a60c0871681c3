"""Ways in for clients without a session: register, verify an address, reset a password. POST asks, PUT uses a token.

The token is that of the mailed link: what stands after its last slash. No call signs anybody in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from accounts.errors import AddressTaken, LinkGone, RegistrationClosed
from accounts.models import Organisation, User
from accounts.services.addresses import address_confirm, address_object, verification_send
from accounts.services.asks import password_ask, registration_ask
from accounts.services.links import password_link_use
from accounts.services.registrations import registration_complete
from portal.kit import errors, limits
from portal.kit.access import Public, SignedIn
from portal.kit.api import ApiView, Body, Reply, endpoint, json

WHY = "Nobody is signed in before it; what is done is done for whoever reads the mailbox."
_TOKEN = "9cZtq3b0n7WJm1sVd8yKf2rXe5uLh4aQ6gTpRwYiBoE"  # noqa: S105 - an example
_PASSWORD = "four unrelated words are fine"  # noqa: S105 - an example
_ID = "01890000-0000-7000-8000-0000000000a1"


class TokenField(serializers.CharField):
    """The token of a mailed link."""

    def __init__(self) -> None:
        super().__init__(max_length=100, help_text="What stands after the last slash of the mailed link.")


class PasswordField(serializers.CharField):
    """A password, as it is typed; blanks around it belong to it."""

    def __init__(self) -> None:
        super().__init__(
            max_length=1000,
            trim_whitespace=False,
            help_text="At least 15 characters unless the installation asks for another number, at most 128.",
        )


class RegisterBody(Body):
    """An address that wants an account."""

    email = serializers.CharField(max_length=254)
    example = {"email": "ada.lindqvist@example.com"}


class RegisterUseBody(Body):
    """The account to make."""

    token = TokenField()
    name = serializers.CharField(max_length=120)
    username = serializers.CharField(max_length=60)
    organisation = serializers.CharField(max_length=120, help_text="Name of an organisation of its own.")
    password = PasswordField()
    example = {
        "token": _TOKEN,
        "name": "Ada Lindqvist",
        "username": "ada.lindqvist",
        "organisation": "Harbour Works",
        "password": _PASSWORD,
    }


class JoinedReply(Reply):
    """The organisation that one belongs to now."""

    id = serializers.UUIDField()
    slug = serializers.CharField(help_text="Its name in addresses.")
    name = serializers.CharField()
    example = {"id": _ID, "slug": "harbour-works", "name": "Harbour Works"}


class RegisteredReply(Reply):
    """An account that was just made; sign in with its user name or address."""

    id = serializers.UUIDField()
    username = serializers.CharField()
    organisation = JoinedReply()
    example = {
        "id": _ID,
        "username": "ada.lindqvist",
        "organisation": JoinedReply.example,
    }


class ResetBody(Body):
    """Whose password was forgotten."""

    identifier = serializers.CharField(max_length=254, help_text="User name or e-mail address.")
    example = {"identifier": "ada.lindqvist@example.com"}


class ResetUseBody(Body):
    """The new password."""

    token = TokenField()
    password = PasswordField()
    example = {"token": _TOKEN, "password": _PASSWORD}


class VerifyUseBody(Body):
    """What was mailed to the address."""

    token = TokenField()
    example = {"token": _TOKEN}


class VerifiedReply(Reply):
    """What came of a confirmation."""

    done = serializers.BooleanField(help_text="False while the other address of a change has to confirm, too.")
    email = serializers.EmailField(help_text="The address that counts now.")
    example = {"done": True, "email": "ada.lindqvist@example.com"}


class OpenView(ApiView, abstract=True):
    """An endpoint that looks at no session: so another site's form gains nothing by it, and clients need no CSRF token."""

    limit = limits.SENSITIVE

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Without the check for forged forms, which would ask clients for a cookie that is used for nothing."""
        view = super().as_view(**initkwargs)
        view.csrf_exempt = True
        return view


@contextmanager
def named_password() -> Iterator[None]:
    """What the services call `new`, as pages do, is the body's `password`."""
    try:
        yield
    except errors.Invalid as error:
        fields = {"password" if name == "new" else name: texts for name, texts in error.fields.items()}
        raise errors.Invalid(error.detail, fields=fields) from error


class RegisterView(OpenView):
    """Registration."""

    access = Public(WHY)

    @endpoint(body=RegisterBody, status=202, errors=(RegistrationClosed,), idempotent=False)
    def post(self, request: Request) -> HttpResponse:
        """Ask for a registration mail. The reply is the same whoever has an account with the address."""
        registration_ask(email=self.sent["email"])
        return HttpResponse(status=202)

    @endpoint(
        body=RegisterUseBody,
        reply=RegisteredReply,
        status=201,
        errors=(RegistrationClosed, LinkGone),
        idempotent=False,
    )
    def put(self, request: Request) -> HttpResponse:
        """Make the account and its organisation with the token of the mail. The token is spent."""
        with named_password():
            user, made = registration_complete(**self.sent)
        return registered(user, made)


def registered(user: User, organisation: Organisation) -> HttpResponse:
    """The reply that tells of an account just made."""
    body = {"id": user.pk, "username": user.username, "organisation": joined_body(organisation)}
    return json(body, status=201)


def joined_body(organisation: Organisation) -> dict[str, Any]:
    """The reply of an organisation that somebody belongs to now."""
    return {"id": organisation.pk, "slug": organisation.slug, "name": organisation.name}


class ResetPasswordView(OpenView):
    """Forgotten passwords."""

    access = Public(WHY)

    @endpoint(body=ResetBody, status=202, idempotent=False)
    def post(self, request: Request) -> HttpResponse:
        """Ask for a password mail. The reply is the same whoever has the account."""
        password_ask(identifier=self.sent["identifier"])
        return HttpResponse(status=202)

    @endpoint(body=ResetUseBody, status=204, errors=(LinkGone,), idempotent=False)
    def put(self, request: Request) -> HttpResponse:
        """Set a new password with the token of the mail. The token is spent and every session ends."""
        with named_password():
            password_link_use(token=self.sent["token"], new=self.sent["password"])
        return HttpResponse(status=204)


class VerifyEmailView(OpenView):
    """Verification of addresses with the token of the mail."""

    access = Public(WHY)

    @endpoint(body=VerifyUseBody, reply=VerifiedReply, errors=(LinkGone, AddressTaken), idempotent=False)
    def put(self, request: Request) -> HttpResponse:
        """Confirm an address with the token of the mail. The token is spent."""
        found = address_confirm(token=self.sent["token"])
        return json({"done": found.done, "email": found.email})


class ObjectEmailView(OpenView):
    """Objecting to a change of one's address that one did not ask for."""

    access = Public(WHY)

    @endpoint(body=VerifyUseBody, status=204, errors=(LinkGone,), idempotent=False)
    def put(self, request: Request) -> HttpResponse:
        """Object with the token of the mail to the old address: the change is off, and every session ends."""
        address_object(token=self.sent["token"])
        return HttpResponse(status=204)


class OwnVerificationView(ApiView):
    """Verification of one's own address."""

    access = SignedIn("One's own address.")
    limit = limits.SENSITIVE

    @endpoint(status=202)
    def post(self, request: Request) -> HttpResponse:
        """Have the verification mail sent again. Nothing happens when the address is verified."""
        verification_send(actor=self.actor)
        return HttpResponse(status=202)
