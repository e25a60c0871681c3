"""Signing in whoever has just become a person here: by the one flow of sign-in, and on to where they belong."""

from django.http import HttpRequest, HttpResponse

from accounts.models import User
from accounts.services.sign_in import sign_in_begin
from accounts.views.sessions import let_in


def entered(request: HttpRequest, user: User, to: str, *, method: str) -> HttpResponse:
    """Sign in a person who was made a moment ago, with the password it chose; the reply leads to `to`.

    `method` is the link that proved the address. Only a new person comes in this way: it has no second factor yet.
    """
    begun = sign_in_begin(request=request, user=user, method=method, wanted=to)
    return let_in(request, user, begun.session_token, to)
