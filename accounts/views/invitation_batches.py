"""Inviting many people at once: paste or upload addresses, look at what would become of each, send."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import ngettext

from accounts import organisation_selectors as selectors
from accounts.models import Organisation
from accounts.organisation_presenters import offered_roles
from accounts.registration_forms import InviteManyForm
from accounts.services.invitation_checks import Checked, invitations_check
from accounts.services.invitations import invitations_create
from portal.kit import errors, limits
from portal.kit.forms import refused
from portal.kit.views import PageView


class InviteManyView(PageView):
    """The form, the preview and the sending. Each step reads the addresses again: what is sent was looked at now."""

    access = "member:create"
    limit = limits.SENSITIVE
    template_name = "accounts/invite_many.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The form."""
        here = selectors.here(self.actor, "member:create")
        return self._form(here, InviteManyForm(roles=offered_roles(self.actor, here)))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The preview; with `do=send`, invite those that can be invited."""
        here = selectors.here(self.actor, "member:create")
        form = InviteManyForm(request.POST, request.FILES, roles=offered_roles(self.actor, here))
        if not form.is_valid():
            return self._form(here, form, status=422)
        try:
            checked = invitations_check(actor=self.actor, organisation=here, addresses=form.written())
            if request.POST.get("do") != "send" or not checked.ready:
                return self._preview(here, form, checked)
            done = invitations_create(
                actor=self.actor, organisation=here, addresses=checked.ready, role=form.cleaned_data["role"]
            )
        except errors.Invalid as error:
            refused(form, error)
            return self._form(here, form, status=422)
        number = len(done.sent)
        told = ngettext("%(n)s invitation is on its way.", "%(n)s invitations are on their way.", number)
        messages.success(request, told % {"n": number})
        return redirect("accounts:invitations", here.slug)

    def _form(self, here: Organisation, form: InviteManyForm, *, status: int = 200) -> HttpResponse:
        return self.page({"form": form, "back": self._back(here)}, status=status)

    def _preview(self, here: Organisation, form: InviteManyForm, checked: Checked) -> HttpResponse:
        role = form.cleaned_data["role"]
        values = {
            "back": self._back(here),
            "role": role,
            "ready": checked.ready,
            "written": "\n".join(checked.ready),
            "refused": checked.refused,
            "total": len(checked.ready) + len(checked.refused),
        }
        return self.page(values, template="accounts/invite_preview.html")

    def _back(self, here: Organisation) -> str:
        return reverse("accounts:invitations", args=[here.slug])
