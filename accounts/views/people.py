"""People: list, create, edit, activate, deactivate, temporary password, roles."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import presenters
from accounts.forms import PersonForm, ReasonForm, RoleForm
from accounts.models import User
from accounts.services import roles, users
from accounts.services.guards import guard
from accounts.services.passwords import password_issue
from accounts.views.person import PersonPageBase
from portal.kit import errors
from portal.kit.forms import refused
from rbac import selectors as rbac


class PersonNewView(PersonPageBase):
    """Create a person."""

    access = "user:admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(PersonForm(roles=presenters.offered_roles(self.actor)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Create; the reply shows the temporary password. Sent again, the user name is taken: nobody is made twice."""
        form = PersonForm(request.POST, roles=presenters.offered_roles(self.actor))
        if not form.is_valid():
            return self._form(form, status=422)
        sent = form.cleaned_data
        try:
            user, password = users.user_create(
                actor=self.actor,
                name=sent["name"],
                username=sent["username"],
                email=sent["email"],
                role=sent.get("role"),
            )
        except errors.Invalid as error:
            refused(form, error)
            return self._form(form, status=422)
        return self.issued(user, password, _("They choose their own at the first sign-in."))

    def _form(self, form: PersonForm, *, status: int = 200) -> HttpResponse:
        where = reverse("accounts:people")
        values = {"form": form, "person": None, "list_url": where, "cancel_url": where}
        return self.page(values, template="accounts/person_form.html", status=status)


class PersonEditView(PersonPageBase):
    """Edit a person."""

    access = "user:update"

    def get(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """The form."""
        user = self._mine(person_id)
        return self._form(user, PersonForm({name: getattr(user, name) for name in users.EDITABLE}))

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Save what differs."""
        user = self._mine(person_id)
        form = PersonForm(request.POST)
        if not form.is_valid():
            return self._form(user, form, status=422)
        try:
            user = users.user_update(actor=self.actor, user=user, values=form.cleaned_data)
        except errors.Invalid as error:
            refused(form, error)
            return self._form(user, form, status=422)
        messages.success(request, _("Saved."))
        return redirect("accounts:person", user.pk)

    def _mine(self, person_id: UUID) -> User:
        user = self.find(person_id)
        guard(self.actor, user)  # The form of somebody protected is as closed as its saving.
        return user

    def _form(self, user: User, form: PersonForm, *, status: int = 200) -> HttpResponse:
        row = presenters.PersonRow(user, [])
        values = {"form": form, "person": row, "list_url": reverse("accounts:people"), "cancel_url": row.url}
        return self.page(values, template="accounts/person_form.html", status=status)


class PersonActivateView(PersonPageBase):
    """Let a person in again."""

    access = "user:admin"

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Activate."""
        user = users.user_activate(actor=self.actor, user=self.find(person_id))
        messages.success(request, _("%(name)s is active.") % {"name": user})
        return redirect("accounts:person", user.pk)


class PersonDeactivateView(PersonPageBase):
    """Shut a person out."""

    access = "user:admin"

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Deactivate, with an optional reason for the trail."""
        user = self.find(person_id)
        form = ReasonForm(request.POST)
        if not form.is_valid():
            raise errors.Invalid(_("Give a reason of at most 300 characters."))
        try:
            user = users.user_deactivate(actor=self.actor, user=user, reason=form.cleaned_data["reason"])
        except errors.Conflict as error:
            return self.conflict(user, error)
        messages.success(request, _("%(name)s is inactive and locked out.") % {"name": user})
        return redirect("accounts:person", user.pk)


class PersonPasswordView(PersonPageBase):
    """Issue a temporary password."""

    access = "user:admin"
    step_up = True

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Issue and show it once."""
        user = self.find(person_id)
        try:
            password = password_issue(actor=self.actor, user=user)
        except errors.Conflict as error:
            return self.conflict(user, error)
        return self.issued(
            self.find(person_id),
            password,
            _("All their sessions have ended. They choose their own at the next sign-in."),
        )


class PersonRoleView(PersonPageBase):
    """Give or take a role of the installation."""

    access = "role:admin"
    step_up = True

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """`do` is give or take; the role by its code."""
        user = self.find(person_id)
        form = RoleForm(request.POST, roles=rbac.platform_roles())
        do = {"give": roles.role_give, "take": roles.role_take}.get(request.POST.get("do", ""))
        if do is None or not form.is_valid():
            raise errors.Invalid(_("Choose one of the offered roles, and a reason of at most 300 characters."))
        try:
            do(actor=self.actor, user=user, role=form.cleaned_data["role"], reason=form.cleaned_data["reason"])
        except errors.Conflict as error:
            return self.conflict(user, error)
        messages.success(request, _("The roles of %(name)s are changed.") % {"name": user})
        return redirect("accounts:person", user.pk)
