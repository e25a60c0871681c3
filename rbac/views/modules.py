"""Modules of host products: an organisation switches them, the installation sees who uses them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import errors
from portal.kit.decision import authorise, can
from portal.kit.detail import parsed_id
from portal.kit.views import PageView
from rbac import module_presenters as presenters
from rbac import module_selectors as selectors
from rbac.services.modules import module_switch

SHOWN = 200  # Organisations on the page of a module, those that use it most.


class ModulesView(PageView):
    """The modules of an organisation."""

    access = "module:read"
    template_name = "rbac/modules.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """What is on and off."""
        found = selectors.modules_here(self.actor)
        may = can(self.actor, "module:update").allowed
        values: dict[str, Any] = {
            "groups": presenters.module_groups(found, may=may),
            "dialogs": presenters.module_dialogs(found, reverse("rbac:modules", args=[slug])) if may else [],
        }
        return self.page(values)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Switch one on or off."""
        authorise(self.actor, "module:update")
        wanted = {"on": True, "off": False}.get(request.POST.get("do", ""))
        if wanted is None or self.actor.organisation_id is None:
            raise errors.BadRequest
        module, _is_on = selectors.module_here(self.actor, parsed_id(request.POST.get("module", "")))
        module_switch(actor=self.actor, organisation_id=self.actor.organisation_id, module=module, is_on=wanted)
        told = _("%(module)s is on.") if wanted else _("%(module)s is off.")
        messages.success(request, told % {"module": module})
        return redirect(reverse("rbac:modules", args=[slug]))


class PlatformModulesView(PageView):
    """All modules, and how much they are used."""

    access = "module:read"
    template_name = "rbac/platform_modules.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Who has them and who uses them."""
        rows = [presenters.adoption_row(one) for one in selectors.adoption(self.actor)]
        return self.page({"rows": rows, "days": selectors.DAYS})


class PlatformModuleView(PageView):
    """One module: the organisations that use it."""

    access = "module:read"
    template_name = "rbac/platform_module.html"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Those that use it most."""
        found = next((one for one in selectors.adoption(self.actor) if one.module.pk == key), None)
        if found is None:
            raise errors.NotFound
        values = {
            "module": found.module,
            "facts": presenters.adoption_facts(found),
            "uses": [presenters.use_row(use) for use in found.uses[:SHOWN]],
            "more": max(len(found.uses) - SHOWN, 0),
            "days": selectors.DAYS,
            "list_url": reverse("rbac:platform_modules"),
        }
        return self.page(values)
