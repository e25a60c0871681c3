"""Calls of the API that bear a key or an access token instead of a session cookie."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from portal.kit.identity import Identity

LONGEST = 200  # Characters; no token of ours comes near.


@dataclass(frozen=True)
class Credential:
    """A kind of token, told by how it begins. `identify` gives who is behind one, None when it lets nobody in."""

    prefix: str
    identify: Callable[[HttpRequest, str], Identity | None]


CREDENTIALS: list[Credential] = []


def identify(request: HttpRequest) -> Identity | None:
    """The identity behind `Authorization: Bearer`, None without one that lets somebody in."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or len(token) > LONGEST:
        return None
    for credential in CREDENTIALS:
        if token.startswith(credential.prefix):
            return credential.identify(request, token)
    return None
