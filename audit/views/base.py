"""What the pages of the trail share: in whose console they stand, and the addresses there."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.http import urlencode

from audit.presenters import address
from portal.kit import identity
from portal.kit.views import PageView


class TrailView(PageView, abstract=True):
    """A page of the trail, of the platform or of the organisation that the address names."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The slug is for the identity, which has found the organisation before the view runs."""
        kwargs.pop("slug", None)
        return super().dispatch(request, *args, **kwargs)

    @property
    def slug(self) -> str:
        """Of the organisation in whose console the page stands; empty on the platform."""
        who = identity.of(self.request)
        return who.organisation.slug if who is not None and who.organisation is not None else ""

    def address(self, name: str, *values: object) -> str:
        """The address of another page of the trail in the same console."""
        return address(name, self.slug, *values)

    def filtered(self, **values: str) -> str:
        """The address of the timeline narrowed by `values`."""
        return with_query(self.address("timeline"), values)


def with_query(url: str, values: Mapping[str, str]) -> str:
    """`url` with the values that are not empty."""
    given = {name: value for name, value in values.items() if value}
    return f"{url}?{urlencode(given)}" if given else url
