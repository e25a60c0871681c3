"""People: list, page, create, edit, activate, deactivate, temporary password, roles."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import presenters, selectors
from accounts.forms import PersonForm, ReasonForm, RoleForm, refused
from accounts.models import User
from accounts.selectors import PeopleFilter
from accounts.services import roles, users
from accounts.services.guards import guard
from accounts.services.passwords import password_issue
from audit.selectors import history_of
from portal.kit import errors, paging
from portal.kit.decision import can
from portal.kit.views import PageView
from rbac import selectors as rbac

HISTORY = 20
STATES = ("", "active", "inactive")


class PeopleView(PageView):
    """The list. A fragment request gets only the table."""

    access = "user:read"
    template_name = "accounts/people_list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """One page of people."""
        state = request.GET.get("state", "")
        chosen = PeopleFilter(
            text=request.GET.get("q", "").strip()[: selectors.SEARCH_LIMIT], state=state if state in STATES else ""
        )
        page = selectors.people_page(self.actor, chosen, paging.parse(request.GET.get("cursor", "")))
        fragment = bool(request.headers.get("HX-Request")) and not request.headers.get("HX-History-Restore-Request")
        may_create = can(self.actor, "user:admin").allowed
        values: dict[str, Any] = {
            "page": _shown(page, chosen),
            "filters": {"q": chosen.text, "chips": [], "clear_url": _list_url(PeopleFilter(state=chosen.state))},
            "can_create": may_create,
            "can_import": may_create,
            "create_url": reverse("accounts:person_new") if may_create else "",
            "import_url": reverse("accounts:import_new"),
        }
        if not fragment:
            values["filters"] |= self._frame(chosen)
        reply = self.page(values, template="accounts/_people_table.html" if fragment else "")
        reply["Vary"] = "HX-Request"  # One address, two replies: neither may be taken from a cache for the other.
        return reply

    def _frame(self, chosen: PeopleFilter) -> dict[str, Any]:
        counts = selectors.people_counts(self.actor)
        labels = {"": _("All"), "active": _("Active"), "inactive": _("Inactive")}
        return {
            "url": reverse("accounts:people"),
            "hidden": [("state", chosen.state)] if chosen.state else [],
            "state": [
                {
                    "value": state,
                    "label": label,
                    "selected": state == chosen.state,
                    "url": _list_url(PeopleFilter(text=chosen.text, state=state)),
                    "count": counts[state or "all"],
                }
                for state, label in labels.items()
            ],
        }


def _list_url(chosen: PeopleFilter, cursor: paging.Cursor | None = None) -> str:
    query = {"q": chosen.text, "state": chosen.state, "cursor": str(cursor or "")}
    kept = urlencode({name: value for name, value in query.items() if value})
    return reverse("accounts:people") + (f"?{kept}" if kept else "")


def _shown(page: paging.Page[User], chosen: PeopleFilter) -> dict[str, Any]:
    number = len(page.items)
    return {
        "items": presenters.rows(page.items),
        "previous_url": _list_url(chosen, page.previous) if page.previous else "",
        "next_url": _list_url(chosen, page.next) if page.next else "",
        "shown_text": ngettext("%(count)d person shown", "%(count)d people shown", number) % {"count": number},
    }


class PersonBase(PageView, abstract=True):
    """What the pages of one person share."""

    template_name = "accounts/person_detail.html"

    def person(self, person_id: UUID) -> User:
        """The person of the address, on whom the actor holds the page's permission; `NotFound` otherwise."""
        return selectors.person(self.actor, person_id, str(self.access))

    def detail(self, user: User, *, status: int = 200, **more: Any) -> HttpResponse:
        """The person's page."""
        shown = presenters.PersonPage(self.actor, user)
        history = can(self.actor, "audit:read").allowed
        values = {
            "person": shown.row,
            "actions": shown.actions(),
            "dialogs": shown.dialogs(),
            "facts": shown.facts(),
            "roles": shown.role_rows(),
            "show_history": history,
            "events": history_of(self.actor, user.pk, HISTORY) if history else [],
            "events_url": f"/platform/audit?{urlencode({'target': str(user.pk)})}" if history else "",
            "list_url": reverse("accounts:people"),
        }
        return self.page(values | more, template="accounts/person_detail.html", status=status)

    def issued(self, user: User, password: str, text: str) -> HttpResponse:
        """The person's page with a temporary password: in this one reply, and nowhere else, ever."""
        reply = self.detail(user, issued={"password": password, "text": text})
        reply["Cache-Control"] = "no-store"
        return reply

    def conflict(self, user: User, error: errors.Conflict) -> HttpResponse:
        """The person's page, saying why the state of things did not allow what was asked."""
        notice = {"tone": "bad", "title": error.title, "text": error.detail}
        return self.detail(user, notice=notice, status=error.status)


class PersonView(PersonBase):
    """One person."""

    access = "user:read"

    def get(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Facts, roles, history, and what can be done."""
        return self.detail(self.person(person_id))


class PersonNewView(PersonBase):
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


class PersonEditView(PersonBase):
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
        user = self.person(person_id)
        guard(self.actor, user)  # The form of somebody protected is as closed as its saving.
        return user

    def _form(self, user: User, form: PersonForm, *, status: int = 200) -> HttpResponse:
        row = presenters.PersonRow(user, [])
        values = {"form": form, "person": row, "list_url": reverse("accounts:people"), "cancel_url": row.url}
        return self.page(values, template="accounts/person_form.html", status=status)


class PersonActivateView(PersonBase):
    """Let a person in again."""

    access = "user:admin"

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Activate."""
        user = users.user_activate(actor=self.actor, user=self.person(person_id))
        messages.success(request, _("%(name)s is active.") % {"name": user})
        return redirect("accounts:person", user.pk)


class PersonDeactivateView(PersonBase):
    """Shut a person out."""

    access = "user:admin"

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Deactivate, with an optional reason for the trail."""
        user = self.person(person_id)
        form = ReasonForm(request.POST)
        if not form.is_valid():
            raise errors.Invalid(_("Give a reason of at most 300 characters."))
        try:
            user = users.user_deactivate(actor=self.actor, user=user, reason=form.cleaned_data["reason"])
        except errors.Conflict as error:
            return self.conflict(user, error)
        messages.success(request, _("%(name)s is inactive and locked out.") % {"name": user})
        return redirect("accounts:person", user.pk)


class PersonPasswordView(PersonBase):
    """Issue a temporary password."""

    access = "user:admin"

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Issue and show it once."""
        user = self.person(person_id)
        try:
            password = password_issue(actor=self.actor, user=user)
        except errors.Conflict as error:
            return self.conflict(user, error)
        return self.issued(
            self.person(person_id),
            password,
            _("All their sessions have ended. They choose their own at the next sign-in."),
        )


class PersonRoleView(PersonBase):
    """Give or take a role of the installation."""

    access = "role:admin"

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """`do` is give or take; the role by its code."""
        user = self.person(person_id)
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
