"""Bodies of signing in over the API, and of sessions."""

from typing import Any

from rest_framework import serializers

from portal.kit.api import Body, Reply

LABEL = 80  # Characters of what a client calls itself.
_SECRET = 300  # Longer ones are none of ours.
_ID = "01890000-0000-7000-8000-000000000001"
_SESSION: dict[str, Any] = {
    "id": "01890000-0000-7000-8000-0000000000d1",
    "kind": "browser",
    "label": "",
    "device": "Firefox on Linux",
    "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "address": "192.0.2.7",
    "method": "password",
    "second_factor": True,
    "created_at": "2026-01-31T08:30:00Z",
    "seen_at": "2026-01-31T09:00:00Z",
    "expires_at": "2026-01-31T09:30:00Z",
    "ends_at": "2026-01-31T20:30:00Z",
    "current": True,
    "impersonated": False,
}
_PAIR: dict[str, Any] = {
    "access_token": "st_at_Jb0vT1m9Qm3bq3n3x5k1q0x0m8b5cYwz7l2Vh4r6T8Q0aB9cD",
    "refresh_token": "st_rt_Zk8wR4n2Pm6cr1o7y9l5s3u1p7d4fXvA6j0Wg2t8S9E1fG3hI",
    "expires_in": 900,
    "refresh_expires_at": "2026-02-14T08:30:00Z",
}


class LoginBody(Body):
    """Who signs in, and what its client calls itself."""

    identifier = serializers.CharField(max_length=254, help_text="User name or e-mail address.")
    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=LABEL, required=False, default="", allow_blank=True, help_text="Shown on the page of sessions."
    )
    example = {"identifier": "ada.lindqvist", "password": "correct-horse-battery-staple", "label": "Backup script"}


class SecondFactorBody(Body):
    """The second factor of a sign-in that waits for it."""

    pending_token = serializers.CharField(max_length=_SECRET)
    code = serializers.CharField(max_length=64, help_text="Of the authenticator app, or a recovery code.")
    label = serializers.CharField(max_length=LABEL, required=False, default="", allow_blank=True)  # type: ignore[assignment]
    example = {"pending_token": "p7Vq1mB0tF2kX9dL", "code": "123456", "label": "Backup script"}


class RefreshBody(Body):
    """The refresh token to exchange. It is spent with it."""

    refresh_token = serializers.CharField(max_length=_SECRET)
    example = {"refresh_token": _PAIR["refresh_token"]}


class ChangePasswordBody(Body):
    """One's present password and the new one."""

    current = serializers.CharField(max_length=1024, trim_whitespace=False)
    new = serializers.CharField(max_length=1024, trim_whitespace=False)
    example = {"current": "correct-horse-battery-staple", "new": "seven quiet lanterns drift"}


class ConfirmBody(Body):
    """The strongest that one has: a code of a second factor, or the password of who has none."""

    password = serializers.CharField(max_length=1024, trim_whitespace=False, required=False)
    code = serializers.CharField(max_length=64, required=False, help_text="Of the authenticator app, or for recovery.")
    example = {"code": "123456"}


class PairReply(Reply):
    """Tokens, told once. Nobody can look them up."""

    access_token = serializers.CharField(help_text="For `Authorization: Bearer`.")
    refresh_token = serializers.CharField(help_text="Buys the next pair, once.")
    expires_in = serializers.IntegerField(help_text="Seconds until the access token is void.")
    refresh_expires_at = serializers.DateTimeField()
    example = _PAIR


class SignedInReply(Reply):
    """Tokens, or what is still needed to get them."""

    second_factor_required = serializers.BooleanField()
    pending_token = serializers.CharField(required=False, help_text="For auth/2fa/verify; it opens nothing else.")
    access_token = serializers.CharField(required=False, help_text="For `Authorization: Bearer`.")
    refresh_token = serializers.CharField(required=False, help_text="Buys the next pair, once.")
    expires_in = serializers.IntegerField(
        required=False, help_text="Seconds until the access token, or the pending one, is void."
    )
    refresh_expires_at = serializers.DateTimeField(required=False)
    must_change_password = serializers.BooleanField(
        required=False, help_text="Nothing but auth/change-password answers until it is changed."
    )
    example = {"second_factor_required": False, **_PAIR, "must_change_password": False}


class PasswordChangedReply(Reply):
    """That the password is changed. A client with tokens goes on with new ones, a browser with a new cookie."""

    tokens = PairReply(allow_null=True)
    example = {"tokens": _PAIR}


class SetupReply(Reply):
    """What an authenticator app needs. It counts for nothing until it is confirmed, for an hour."""

    key = serializers.CharField(help_text="In groups, for typing.")
    uri = serializers.CharField(help_text="For an app on the same machine, or to draw as a QR code.")
    example = {"key": "JBSW Y3DP EHPK 3PXP", "uri": "otpauth://totp/Steward:ada?secret=JBSWY3DPEHPK3PXP"}


class ConfirmedReply(Reply):
    """That it is confirmed for ten minutes. A client with tokens goes on with new ones, a browser with a new cookie."""

    tokens = PairReply(allow_null=True)
    example = {"tokens": _PAIR}


class FactorBody(Body):
    """A code of the app that is being set up."""

    code = serializers.CharField(max_length=64)
    example = {"code": "123456"}


class FactorMadeReply(Reply):
    """That the app is in use, and, with a first second factor, ten recovery codes that nobody will be told again."""

    recovery_codes = serializers.ListField(child=serializers.CharField())
    tokens = PairReply(allow_null=True, help_text="Of a client: its former ones are void. A browser has a new cookie.")
    example = {"recovery_codes": ["Kite-Maple-Orbit-Flint-27"], "tokens": _PAIR}


class RecoveryCodesReply(Reply):
    """Ten recovery codes that nobody will be told again."""

    recovery_codes = serializers.ListField(child=serializers.CharField())
    example = {"recovery_codes": ["Kite-Maple-Orbit-Flint-27"]}


class OwnSessionReply(Reply):
    """A browser or client in which a person is signed in now."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=["browser", "token"])
    label = serializers.CharField(allow_blank=True, help_text="What a client calls itself.")  # type: ignore[assignment]
    device = serializers.CharField(help_text="Browser and system, as the agent claims.")
    agent = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_null=True)
    method = serializers.CharField(help_text="What the person proved itself with.")
    second_factor = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField(help_text="To the minute.")
    expires_at = serializers.DateTimeField(help_text="When it ends if nobody does anything.")
    ends_at = serializers.DateTimeField(help_text="When it ends in any case.")
    current = serializers.BooleanField(help_text="Whether the call was made by it.")
    impersonated = serializers.BooleanField(help_text="Whether somebody looks at the console as this person.")
    example = _SESSION


class EndedReply(Reply):
    """How many sessions were ended."""

    ended = serializers.IntegerField()
    example = {"ended": 2}


class VerifyBody(Body):
    """A session that somebody showed to a host product."""

    token = serializers.CharField(max_length=_SECRET, help_text="Value of the session cookie, or an access token.")
    organisation_id = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Whose member it has to be; a key of it says it itself.",
    )
    seen = serializers.BooleanField(
        required=False, default=False, help_text="The person did something just now: the idle end moves on."
    )
    example = {"token": "value-of-the-session-cookie", "organisation_id": None}


class VerifiedPersonReply(Reply):
    """Whose session it is."""

    id = serializers.UUIDField()
    username = serializers.CharField()
    email = serializers.EmailField()
    name = serializers.CharField()


class VerifiedOrganisationReply(Reply):
    """Which organisation the person stands in."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()


class SessionVerifiedReply(Reply):
    """Whether somebody is signed in by it. Everything but `active` is there only where it is true."""

    active = serializers.BooleanField()
    person = VerifiedPersonReply(required=False)
    organisation = VerifiedOrganisationReply(required=False, allow_null=True)
    roles = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="In the organisation, or on the installation."
    )
    session_id = serializers.UUIDField(required=False)
    second_factor = serializers.BooleanField(required=False)
    expires_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField(required=False)
    read_only = serializers.BooleanField(required=False, help_text="Refuse every change.")  # type: ignore[assignment]
    impersonator_id = serializers.UUIDField(required=False, allow_null=True, help_text="Who looks as this person.")
    example = {
        "active": True,
        "person": {
            "id": _ID,
            "username": "ada.lindqvist",
            "email": "ada.lindqvist@example.com",
            "name": "Ada Lindqvist",
        },
        "organisation": {"id": _ID, "slug": "harbour-works", "name": "Harbour Works"},
        "roles": ["editor"],
        "session_id": _SESSION["id"],
        "second_factor": True,
        "expires_at": "2026-01-31T09:30:00Z",
        "ends_at": "2026-01-31T20:30:00Z",
        "read_only": False,
        "impersonator_id": None,
    }
