"""Who is behind an access token of the API: through the token's session, in the one query of the request."""

from django.http import HttpRequest

from accounts import tokens
from accounts.bearer import Credential
from accounts.identity import Road, behind, named_by
from portal.kit.identity import Identity

BY_ACCESS_TOKEN = Road.through(
    "t.digest = $2 AND t.kind = 'access' AND t.expires_at > $3 AND s.expires_at > $3 AND s.kind = 'token'",
    "JOIN accounts_token t ON t.session_id = s.id",
)


def identify(request: HttpRequest, token: str) -> Identity | None:
    """The identity behind an access token; None for a mistyped one (without a query), an unknown or an ended one."""
    if not tokens.well_formed(token, tokens.ACCESS):
        return None
    return behind(token, named_by(request), BY_ACCESS_TOKEN)


CREDENTIAL = Credential(tokens.ACCESS, identify)
