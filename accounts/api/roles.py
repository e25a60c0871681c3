"""Ready-made roles over the API."""

from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from rest_framework.request import Request

from accounts.api.serializers import RolePermissionsReply, RoleReply
from portal.kit.api import ApiView, endpoint, one_of
from portal.kit.errors import NotFound
from rbac import catalogue
from rbac.catalogue import RoleSpec

CATALOGUE = one_of("catalogue", gettext_lazy("Where the role can be held; platform if absent."), catalogue.LOADED)


class RolesView(ApiView):
    """Ready-made roles. Who sees people and their roles may see what those mean."""

    access = "user:read"

    @endpoint(items=RoleReply, query=(CATALOGUE,))
    def get(self, request: Request) -> HttpResponse:
        """List the roles, highest first. There are few: they come in one page."""
        found = [spec for spec in catalogue.roles() if self.asked["catalogue"] in {None, spec.catalogue}]
        found.sort(key=lambda spec: (spec.catalogue, -spec.rank))
        return self.listed((_body(spec) for spec in found), None)


class RoleView(ApiView):
    """One ready-made role."""

    access = "user:read"

    @endpoint(reply=RoleReply, query=(CATALOGUE,), etag=True)
    def get(self, request: Request, role: str) -> HttpResponse:
        """Read a role."""
        return self.single(_body(_spec(self.asked["catalogue"], role)))


class RolePermissionsView(ApiView):
    """What one ready-made role lets do."""

    access = "user:read"

    @endpoint(reply=RolePermissionsReply, query=(CATALOGUE,), etag=True)
    def get(self, request: Request, role: str) -> HttpResponse:
        """List the permissions of a role, its own and with those it inherits."""
        spec = _spec(self.asked["catalogue"], role)
        effective = set(spec.codes)
        step = spec
        while step.inherits is not None:
            step = _spec(spec.catalogue, step.inherits)
            effective |= step.codes
        return self.single({"own": sorted(spec.codes), "effective": sorted(effective)})


def _spec(where: str | None, code: str) -> RoleSpec:
    wanted = (where or catalogue.LOADED[0], code)
    found = next((spec for spec in catalogue.roles() if (spec.catalogue, spec.code) == wanted), None)
    if found is None:
        raise NotFound
    return found


def _body(spec: RoleSpec) -> dict[str, object]:
    return {
        "catalogue": spec.catalogue,
        "code": spec.code,
        "label": spec.label,
        "rank": spec.rank,
        "inherits": spec.inherits,
    }
