"""The page of one person with its tabs, and what is done to its way in: links, locks, erasure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import selectors
from accounts.factor_selectors import factors_of
from accounts.forms import ReasonForm
from accounts.models import User
from accounts.person_parts import parts_of
from accounts.person_selectors import sessions_of
from accounts.presenters import PersonPage
from accounts.presenters.access import permission_groups
from accounts.presenters.person_security import security_facts
from accounts.presenters.roles import role_counts
from accounts.presenters.sessions import session_rows
from accounts.security_selectors import failures_of
from accounts.services.erasure import user_anonymise
from accounts.services.links import password_link_make
from accounts.services.sessions import session_revoke, sessions_revoke
from accounts.services.users import user_unlock
from accounts.views.person_keys import KEYS
from audit.selectors import activity_of, history_of, history_page
from portal.kit import errors
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, events_tab, history_tab, notes_tab, parsed_id

RECENTLY = timedelta(hours=24)
LATEST = 5  # Events on the first tab; the tab of the history has all.


def _page_of(view: DetailPage[Any], user: User) -> PersonPage:
    return cast("PersonPageBase", view).shown(user)


def _overview(view: DetailPage[Any], user: User) -> Mapping[str, Any]:
    shown = _page_of(view, user)
    history = can(view.actor, "audit:read").allowed
    return {
        "erased": user.erased_at is not None,
        "facts": shown.facts(),
        "badges": shown.badges(),
        "organisations": shown.organisations(),
        "show_history": history,
        "events": history_of(view.actor, user.pk, LATEST) if history else [],
        "history_url": f"{view.address(user)}?tab=history",
        "access_url": f"{view.address(user)}?tab=access",
    }


def _access(view: DetailPage[Any], user: User) -> Mapping[str, Any]:
    shown = permission_groups(view.actor, user, view.request.GET.get("q", ""))
    return {"roles": _page_of(view, user).role_rows(), "all_roles": role_counts(), "permissions": shown}


def _security(view: DetailPage[Any], user: User) -> Mapping[str, Any]:
    shown = _page_of(view, user)
    failed, newest = failures_of(view.actor, user, RECENTLY)
    return {
        "facts": security_facts(user, factors_of(user.pk), shown.row, failed),
        "failed": failed,
        "failures": newest,
        "parts": parts_of(view.actor, user),
    }


def _sessions(view: DetailPage[Any], user: User) -> Mapping[str, Any]:
    return {"sessions": session_rows(sessions_of(view.actor, user)), "protected": _page_of(view, user).protected}


def _end_sessions(view: DetailPage[Any], user: User) -> HttpResponse:
    request = view.request
    if request.POST.get("do") == "end-all":
        ended = sessions_revoke(actor=view.actor, user=user)
        told = ngettext("%(n)d session ended.", "%(n)d sessions ended.", ended) % {"n": ended}
    else:
        key = parsed_id(request.POST.get("session", ""))
        gone = session_revoke(actor=view.actor, user=user, session_id=key)
        told = _("The session ended.") if gone else _("That session had ended already.")
    messages.success(request, told)
    return redirect(f"{view.address(user)}?tab=sessions")


TABS = (
    Tab("overview", gettext_lazy("Overview"), "accounts/_person_overview.html", _overview),
    Tab("access", gettext_lazy("Access"), "accounts/_person_access.html", _access),
    Tab("sessions", gettext_lazy("Sessions"), "accounts/_person_sessions.html", _sessions, "user:admin", _end_sessions),
    Tab("security", gettext_lazy("Security"), "accounts/_person_security.html", _security, "user:admin"),
    KEYS,
    events_tab(
        "activity",
        gettext_lazy("Activity"),
        activity_of,
        trail="actor",
        empty=gettext_lazy("What this person does appears here."),
    ),
    notes_tab("user:update"),
    history_tab(history_page),
)


class PersonPageBase(DetailPage[User], abstract=True):
    """What the page of a person and the acts upon it share."""

    template_name = "accounts/person_detail.html"
    tabs = TABS

    def find(self, key: UUID) -> User:
        """The person, on whom the actor holds the page's permission; `NotFound` otherwise."""
        return selectors.person(self.actor, key, str(self.access))

    def head(self, target: User) -> Head:
        """Avatar, name, state, actions."""
        return self.shown(target).head

    def address(self, target: User) -> str:
        """The person's page."""
        return reverse("accounts:person", args=[target.pk])

    def shown(self, user: User) -> PersonPage:
        """The presenter, one for each reply: what it has asked the database it does not ask again."""
        known: PersonPage | None = getattr(self, "_shown", None)
        if known is None or known.user is not user:
            known = self._shown = PersonPage(self.actor, user)
        return known

    def issued(self, user: User, password: str, text: str) -> HttpResponse:
        """The person's page with a temporary password: in this one reply, and nowhere else, ever."""
        reply = self.detail(user, issued={"password": password, "text": text})
        reply["Cache-Control"] = "no-store"
        return reply


class PersonView(PersonPageBase, DetailView[User]):
    """One person."""

    access = "user:read"


class PersonLinkView(PersonPageBase):
    """Mail a person a link for a new password."""

    access = "user:admin"
    step_up = True

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Make and mail it; its token is shown to nobody here."""
        user = self.find(person_id)
        try:
            password_link_make(actor=self.actor, user=user)
        except errors.Conflict as error:
            return self.conflict(user, error)
        messages.success(request, _("A link for a new password is on its way to %(email)s.") % {"email": user.email})
        return redirect("accounts:person", user.pk)


class PersonUnlockView(PersonPageBase):
    """Unlock a person's sign-in."""

    access = "user:admin"

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Forget its failed sign-ins."""
        user = self.find(person_id)
        opened = user_unlock(actor=self.actor, user=user)
        told = _("%(name)s can sign in again.") if opened else _("The sign-in of %(name)s was not locked.")
        messages.success(request, told % {"name": user})
        return redirect("accounts:person", user.pk)


class PersonEraseView(PersonPageBase):
    """Erase a person for good."""

    access = "user:admin"
    step_up = True

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Erase, when the user name was typed; `confirm_word` is checked here, not only in the browser."""
        user = self.find(person_id)
        form = ReasonForm(request.POST)
        if not form.is_valid():
            raise errors.Invalid(_("Give a reason of at most 300 characters."))
        if request.POST.get("confirm_word", "").strip() != user.username:
            error = errors.Invalid(_("Nothing was erased: type the user name of this person to confirm."))
            return self.conflict(user, error)
        try:
            user = user_anonymise(actor=self.actor, user=user, reason=form.cleaned_data["reason"])
        except errors.Conflict as error:
            return self.conflict(user, error)
        messages.success(request, _("The person is erased."))
        return redirect("accounts:person", user.pk)
