"""Pages of suppliers."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from docs.examples.suppliers.lists import suppliers
from docs.examples.suppliers.services import supplier_create
from portal.kit.decision import can
from portal.kit.errors import Invalid
from portal.kit.forms import Form, refused
from portal.kit.lists.views import ListView
from portal.kit.views import PageView


class SuppliersView(ListView):
    """The suppliers of an organisation."""

    access = "supplier:read"
    declared = suppliers

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        if not can(self.actor, "supplier:create"):
            return {}
        url = reverse("suppliers:new", args=[self.kwargs["slug"]])
        return {"head_actions": [{"label": _("Add supplier"), "icon": "plus", "tone": "primary", "url": url}]}


class SupplierForm(Form):
    """A supplier. The service decides what is right."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    country = forms.CharField(label=gettext_lazy("Country"), max_length=2)


class SupplierNewView(PageView):
    """Add a supplier."""

    access = "supplier:create"
    template_name = "suppliers/form.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The form."""
        return self._form(SupplierForm())

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Add it, and go to the list."""
        form = SupplierForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            supplier = supplier_create(actor=self.actor, **form.cleaned_data)
        except Invalid as error:
            refused(form, error)
            return self._form(form, status=422)
        messages.success(request, _("%(name)s was added.") % {"name": supplier.name})
        return redirect("suppliers:suppliers", slug)

    def _form(self, form: SupplierForm, status: int = 200) -> HttpResponse:
        url = reverse("suppliers:suppliers", args=[self.kwargs["slug"]])
        return self.page({"form": form, "list_url": url, "cancel_url": url}, status=status)
