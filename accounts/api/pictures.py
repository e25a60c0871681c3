"""One's own picture over the API."""

from base64 import b64decode
from binascii import Error
from io import BytesIO

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from accounts import avatars
from accounts.services.profiles import avatar_remove, avatar_set
from accounts.views.files import PICTURE, picture_file
from portal.kit import errors, limits
from portal.kit.access import SignedIn
from portal.kit.api import ApiView, Body, endpoint


class PictureBody(Body):
    """A picture."""

    picture = serializers.CharField(
        max_length=1_000_000,
        help_text="A JPEG, PNG or WebP file of at most 750 KB, in base64; 32 pixels a side or more.",
    )
    example = {"picture": "iVBORw0KGgoAAAANSUhEUgAA"}


class OwnPictureView(ApiView):
    """One's own picture."""

    access = SignedIn("One's own picture.")

    @endpoint(file=PICTURE)
    def get(self, request: Request) -> HttpResponse:
        """Read one's own picture, a square of 256 pixels. 404 when there is none."""
        name = self.who.person.avatar
        if name is None:
            raise errors.NotFound
        reply = picture_file(name, max(avatars.SIZES))
        reply["Cache-Control"] = "no-store"  # At this address there may stand another one tomorrow.
        return reply

    @endpoint(body=PictureBody, status=204, limit=limits.SENSITIVE)
    def put(self, request: Request) -> HttpResponse:
        """Give oneself a picture. It is drawn anew: what a camera wrote into the file does not come along."""
        try:
            content = b64decode(self.sent["picture"], validate=True)
        except (Error, ValueError):
            raise errors.Invalid(fields={"picture": [_("Send the file in base64.")]}) from None
        avatar_set(actor=self.actor, picture=BytesIO(content))
        return HttpResponse(status=204)

    @endpoint(status=204)
    def delete(self, request: Request) -> HttpResponse:
        """Have no picture any more. Does nothing when there is none."""
        avatar_remove(actor=self.actor)
        return HttpResponse(status=204)
