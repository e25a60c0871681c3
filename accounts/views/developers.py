"""The developer role: the switch that lets it count in production, and giving it to somebody."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import developer_selectors as selectors
from accounts.forms import ReasonForm
from accounts.people_forms import DeveloperRoleForm
from accounts.presenters.developers import developer_page
from accounts.services import developers
from accounts.views.person import PersonPageBase
from portal.kit import errors
from portal.kit.forms import refused
from portal.kit.views import PageView


class DeveloperRolePage(PageView, abstract=True):
    """What the page and the form on it share."""

    template_name = "accounts/developer_role.html"

    def shown(self, form: DeveloperRoleForm, *, status: int = 200) -> HttpResponse:
        """The page with a form."""
        values: dict[str, Any] = developer_page(self.actor, selectors.allowed_now())
        return self.page({"form": form, **values}, status=status)


class DeveloperRoleView(DeveloperRolePage):
    """Whether the developer role counts in production, until when, for whom, and who allowed it before."""

    access = "role:admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        return self.shown(DeveloperRoleForm())


class DeveloperAllowView(DeveloperRolePage):
    """Allow it for some hours."""

    access = "role:admin"
    step_up = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Allow."""
        form = DeveloperRoleForm(request.POST)
        if not form.is_valid():
            return self.shown(form, status=422)
        sent = form.cleaned_data
        try:
            developers.developer_role_allow(actor=self.actor, reason=sent["reason"], hours=sent["hours"])
        except errors.Invalid as error:
            refused(form, error)
            return self.shown(form, status=422)
        messages.success(request, _("The developer role is allowed until its time is over."))
        return redirect("accounts:developer_role")


class DeveloperRefuseView(PageView):
    """Refuse it before its time is over."""

    access = "role:admin"

    def post(self, request: HttpRequest) -> HttpResponse:
        """Refuse. That makes things safer, so nobody has to confirm who it is."""
        form = ReasonForm(request.POST)
        if not form.is_valid():
            raise errors.Invalid(_("Give a reason of at most 300 characters."))
        done = developers.developer_role_refuse(actor=self.actor, reason=form.cleaned_data["reason"])
        messages.success(request, _("The developer role is refused again.") if done else _("It was refused already."))
        return redirect("accounts:developer_role")


class PersonDeveloperView(PersonPageBase):
    """Give a person the developer role."""

    access = "role:admin"
    step_up = True

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Give it, with a reason for the trail."""
        user = self.find(person_id)
        form = ReasonForm(request.POST)
        if not form.is_valid():
            raise errors.Invalid(_("Give a reason of at most 300 characters."))
        try:
            developers.developer_role_give(actor=self.actor, user=user, reason=form.cleaned_data["reason"])
        except errors.Conflict as error:
            return self.conflict(user, error)
        messages.success(request, _("%(name)s has the developer role.") % {"name": user})
        return redirect(f"{reverse('accounts:person', args=[user.pk])}?tab=access")
