"""What pages before sign-in need of the brand: the style sheet of its colour, and its mark. No database."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from accounts import avatars
from portal.kit import brand, errors
from portal.kit.access import Public
from portal.kit.views import PageView

WHY = "Pages before sign-in wear the brand; nothing in it is anybody's."
FOREVER = "public, max-age=31536000, immutable"  # Another colour or picture has another address.


class BrandStyle(PageView):
    """The style sheet of an accent: a pure function of the colour, so it names nothing that is kept."""

    access = Public(WHY)
    polled = "whole"

    def get(self, request: HttpRequest, colour: str) -> HttpResponse:
        """The style sheet; `NotFound` for what is no colour, or one that could not be read."""
        return _style(colour, ":is(:root,.sample)")


class BrandSampleStyle(PageView):
    """The same for samples inside a page alone: how a colour would look before it is saved."""

    access = Public(WHY)
    polled = "whole"

    def get(self, request: HttpRequest, colour: str) -> HttpResponse:
        """The style sheet; `NotFound` as above."""
        return _style(colour, ":root .sample")


def _style(colour: str, where: str) -> HttpResponse:
    text = f"#{colour}"
    if not brand.is_colour(text) or brand.readability(text) < brand.AA:
        raise errors.NotFound
    reply = HttpResponse(brand.style(text, where), content_type="text/css; charset=utf-8")
    reply["Cache-Control"] = FOREVER
    return reply


class BrandLogo(PageView):
    """The file of a mark of the installation. Its name is never used again."""

    access = Public(WHY)
    polled = "whole"

    def get(self, request: HttpRequest, name: UUID, side: str) -> HttpResponse:
        """The WebP of that side in pixels; `NotFound` when there is none."""
        if side not in map(str, avatars.SIZES):
            raise errors.NotFound
        try:
            content = avatars.path_of(name, int(side), avatars.BRAND_FOLDER).read_bytes()
        except FileNotFoundError:
            raise errors.NotFound from None
        reply = HttpResponse(content, content_type="image/webp")
        reply["Cache-Control"] = FOREVER
        reply["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return reply
