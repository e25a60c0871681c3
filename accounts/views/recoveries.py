"""Recoveries of lost devices: asked for on a person's page, decided on their own, stopped by the person's link."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import recovery_selectors, selectors
from accounts.errors import RecoveryGone
from accounts.forms import ReasonForm
from accounts.models import Recovery, User
from accounts.passkey_forms import RecoveryForm
from accounts.recovery_lists import recoveries
from accounts.recovery_presenters import RecoveryRow, recovery_dialogs, recovery_section, why_not_approved
from accounts.services.recoveries import (
    LIFE,
    recovery_approve,
    recovery_ask,
    recovery_by,
    recovery_object,
    recovery_refuse,
)
from accounts.views.handover import Handover, guarded
from audit.selectors import history_page
from portal.kit import errors, limits
from portal.kit.access import Public
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab
from portal.kit.forms import refused
from portal.kit.lists.views import ListView
from portal.kit.views import PageView

RIGHT = recovery_selectors.RIGHT
LINK = Handover("recovery_link", "/recovery", LIFE)
WHY = "Whoever lost a device, or did not, cannot always sign in; the token of the link is the proof."


class PersonRecoveryView(PageView):
    """Ask for the recovery of a person."""

    access = "user:admin"
    step_up = True
    template_name = "accounts/recovery_ask.html"

    def get(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """What will happen, and the form."""
        return self._form(selectors.person(self.actor, person_id, RIGHT), RecoveryForm())

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Ask; another administrator has to approve."""
        user = selectors.person(self.actor, person_id, RIGHT)
        form = RecoveryForm(request.POST)
        if not form.is_valid():
            return self._form(user, form, status=422)
        try:
            made = recovery_ask(actor=self.actor, user=user, reason=form.cleaned_data["reason"])
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(user, form, status=error.status)
        messages.success(request, _("Asked for. Another administrator has to approve it."))
        return redirect("accounts:recovery", made.pk)

    def _form(self, user: User, form: RecoveryForm, *, status: int = 200) -> HttpResponse:
        section = recovery_section(self.actor, user)
        person = {"label": str(user), "url": reverse("accounts:person", args=[user.pk])}
        return self.page({"form": form, "person": person, **section}, status=status)


class RecoveriesView(ListView):
    """Recoveries that wait, and what became of the others."""

    access = "user:admin"
    declared = recoveries

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return {"lead": _("People who lost the device with their second factor. Two administrators decide together.")}


def _overview(view: DetailPage[Any], recovery: Recovery) -> Mapping[str, Any]:
    row = RecoveryRow(recovery)
    why = why_not_approved(view.actor, recovery) if recovery.is_open else ""
    return {"recovery": row, "why_not": why}


TABS = (
    Tab("overview", gettext_lazy("Overview"), "accounts/_recovery_overview.html", _overview),
    history_tab(history_page),
)


class RecoveryBase(DetailPage[Recovery], abstract=True):
    """What the page of a recovery and the acts upon it share."""

    access = "user:admin"
    tabs = TABS

    def find(self, key: UUID) -> Recovery:
        """The recovery; `NotFound` where the actor may not see it."""
        return recovery_selectors.recovery(self.actor, key)

    def address(self, target: Recovery) -> str:
        """Its page."""
        return reverse("accounts:recovery", args=[target.pk])

    def head(self, target: Recovery) -> Head:
        """Whom it is about, its state, and what can be done."""
        row, actions = RecoveryRow(target), []
        if target.is_open:
            actions = [
                {"label": _("Refuse"), "icon": "x-circle", "dialog": "refuse"},
                {
                    "label": _("Approve"),
                    "icon": "check",
                    "dialog": "approve",
                    "tone": "primary",
                    "reason": why_not_approved(self.actor, target),
                },
            ]
        offered = {action["dialog"] for action in actions if not action.get("reason")}
        return Head(
            title=_("Recovery of %(name)s") % {"name": row.label},
            subtitle=row.email,
            states=[(row.state_tone, row.state_label)],
            actions=actions,
            dialogs=[dialog for dialog in recovery_dialogs(target) if dialog["id"] in offered],
            crumbs=[(_("Recoveries"), reverse("accounts:recoveries"))],
            avatar=(row.label, row.hue),
        )

    def over(self, target: Recovery, error: errors.StewardError) -> HttpResponse:
        """The page as it is now, saying that somebody decided meanwhile."""
        return self.conflict(self.find(target.pk), error)


class RecoveryView(RecoveryBase, DetailView[Recovery]):
    """One recovery."""

    access = "user:admin"


class RecoveryApproveView(RecoveryBase):
    """Approve one."""

    access = "user:admin"
    step_up = True

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Take the factors away and mail a link."""
        target = self.find(key)
        try:
            recovery_approve(actor=self.actor, recovery=target)
        except (errors.Conflict, RecoveryGone) as error:
            return self.over(target, error)
        told = _("Approved. %(name)s is signed out everywhere, and a link for a new password is on its way.")
        messages.success(request, told % {"name": target.user})
        return redirect(self.address(target))


class RecoveryRefuseView(RecoveryBase):
    """Refuse one, or take it back."""

    access = "user:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Nothing changes for the person."""
        target = self.find(key)
        form = ReasonForm(request.POST)
        if not form.is_valid():
            raise errors.Invalid(_("Give a reason of at most 300 characters."))
        try:
            recovery_refuse(actor=self.actor, recovery=target, reason=form.cleaned_data["reason"])
        except RecoveryGone as error:
            return self.over(target, error)
        messages.success(request, _("Refused. Nothing has changed for %(name)s.") % {"name": target.user})
        return redirect(self.address(target))


class RecoveryLinkView(PageView):
    """Where the mail leads: takes the token out of the address, so that no history, log or referrer keeps it."""

    access = Public(WHY)
    limit = limits.SENSITIVE

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """On to the page; `RecoveryGone` for a dead link. Looking stops nothing: mail programs look at links, too."""
        recovery_by(token=token)
        return LINK.hand(token, "accounts:recovery_object")


class RecoveryObjectView(PageView):
    """Where a person stops a recovery that it did not ask for."""

    access = Public(WHY)
    limit = limits.SENSITIVE
    template_name = "accounts/recovery_object.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """What was asked, and the button; `RecoveryGone` without a live link."""
        found = recovery_by(token=LINK.token(request))
        return guarded(self.page({"recovery": RecoveryRow(found)}))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Stop it."""
        recovery_object(token=LINK.token(request))
        return LINK.done(self.page({"stopped": True}))
