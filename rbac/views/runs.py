"""Pages of runs of host products: all of an organisation, and one while it runs."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import htmx
from portal.kit.lists.views import ListView
from portal.kit.views import PageView
from rbac import run_selectors as selectors
from rbac.run_lists import runs
from rbac.run_presenters import run_page, run_url
from rbac.services.runs import run_cancel_ask


class RunsView(ListView):
    """All runs of an organisation."""

    access = "resource:read"
    declared = runs

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return {"lead": _("What the products beside Steward are doing with their resources, and how it ended.")}


class RunView(PageView):
    """One run. Whoever may see its resource may watch it, which the selector asks."""

    access = "organisation:read"
    template_name = "rbac/run_detail.html"

    def get(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """The page, or the part that refreshes itself."""
        run = selectors.run(self.actor, key)
        values = {"run": run_page(self.actor, run), "list_url": reverse("rbac:runs", args=[slug])}
        return htmx.answer(request, page="rbac/run_detail.html", part="rbac/_run_live.html", values=values)


class RunLiveView(RunView):
    """The part of the page that refreshes itself."""

    access = "organisation:read"
    polled = "whole"
    template_name = "rbac/_run_live.html"


class RunCancelView(PageView):
    """Ask the product to stop a run."""

    access = "organisation:read"

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Ask, and go back to the run."""
        run = run_cancel_ask(actor=self.actor, run=selectors.run(self.actor, key))
        messages.success(request, _("The product was asked to stop the run."))
        return redirect(run_url(slug, run))
