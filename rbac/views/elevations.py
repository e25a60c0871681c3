"""Roles for a while: the requests, asking, and what is done to one. The same under an organisation and for staff."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors import history_page
from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.detail import DetailPage, Head, Tab, history_tab
from portal.kit.forms import refused
from portal.kit.lists.views import ListView
from portal.kit.views import PageView
from rbac import elevation_selectors as selectors
from rbac.elevation_lists import elevations, platform_elevations
from rbac.elevation_presenters import ElevationRow, elevation_url, minutes_text
from rbac.elevation_rules import longest
from rbac.govern_forms import ElevationForm, WordsForm
from rbac.models import Elevation
from rbac.services import elevations as services


def _list_url(actor: Actor, kwargs: Mapping[str, Any], name: str = "elevations") -> str:
    if actor.organisation_id is None:
        return reverse(f"rbac:platform_{name}")
    return reverse(f"rbac:{name}", args=[kwargs["slug"]])


class ElevationsBase(ListView, abstract=True):
    """The requests that one may see."""

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        ask = {
            "label": _("Ask for a role"),
            "icon": "plus",
            "tone": "primary",
            "url": _list_url(self.actor, self.kwargs, "elevation_new"),
        }
        lead = _("A role for a while, with a reason. Somebody who may give it says yes or no, and it ends by itself.")
        return {"lead": lead, "head_actions": [ask]}


class ElevationsView(ElevationsBase):
    """The requests of an organisation; one's own for who cannot decide."""

    access = "organisation:read"
    declared = elevations


class PlatformElevationsView(ElevationsBase):
    """The requests of the staff; one's own for who cannot decide."""

    access = "dashboard:read"
    declared = platform_elevations


class ElevationNewBase(PageView, abstract=True):
    """Ask for a role."""

    template_name = "rbac/elevation_form.html"

    def get(self, request: HttpRequest, **named: Any) -> HttpResponse:
        """The form; `?role=` chooses one."""
        return self._form(self._new_form(initial={"role": request.GET.get("role", "")}))

    def post(self, request: HttpRequest, **named: Any) -> HttpResponse:
        """Ask; those who may decide are told."""
        form = self._new_form(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        sent = form.cleaned_data
        try:
            made = services.elevation_ask(
                actor=self.actor, role=sent["role"], scope=form.scope, minutes=sent["minutes"], reason=sent["reason"]
            )
        except (errors.Invalid, errors.Conflict, errors.Forbidden) as error:
            refused(form, error)
            return self._form(form, status=error.status)
        messages.success(request, _("Asked for. You are told as soon as somebody decides."))
        return redirect(elevation_url(made))

    def _new_form(self, *args: Any, **kwargs: Any) -> ElevationForm:
        roles, places = selectors.roles_to_ask(self.actor), selectors.places_to_ask(self.actor)
        return ElevationForm(*args, roles=roles, places=places, **kwargs)

    def _form(self, form: ElevationForm, *, status: int = 200) -> HttpResponse:
        where = _list_url(self.actor, self.kwargs)
        most = minutes_text(int(longest().total_seconds() // 60))
        return self.page({"form": form, "list_url": where, "cancel_url": where, "most": most}, status=status)


class ElevationNewView(ElevationNewBase):
    """Ask for a role in an organisation."""

    access = "organisation:read"


class PlatformElevationNewView(ElevationNewBase):
    """Ask for a role on the installation."""

    access = "dashboard:read"


def _overview(view: DetailPage[Any], target: Elevation) -> Mapping[str, Any]:
    row = ElevationRow(target, view.actor)
    why = ""
    if target.state_now == Elevation.State.ASKED and row.is_own:
        why = _("Somebody else who may give this role decides. You are told by mail.")
    return {"row": row, "facts": row.facts, "steps": row.steps, "why_not": why}


class ElevationBase(DetailPage[Elevation], abstract=True):
    """What the page of a request and the acts upon it share."""

    tabs = (
        Tab("overview", gettext_lazy("Overview"), "rbac/_elevation_overview.html", _overview),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> Elevation:
        """The request; `NotFound` for who neither asked nor may decide."""
        return selectors.elevation(self.actor, key)

    def address(self, target: Elevation) -> str:
        """Its page."""
        return elevation_url(target)

    def head(self, target: Elevation) -> Head:
        """Who asked for what, its state, and what can be done."""
        row = ElevationRow(target, self.actor)
        actions, dialogs = self._offered(target, row)
        return Head(
            title=_("%(role)s for %(name)s") % {"role": row.role, "name": row.label},
            subtitle=f"{row.place} · {row.lasts}",
            states=[(row.state_tone, row.state_label)],
            actions=actions,
            dialogs=dialogs,
            crumbs=[(_("Elevation"), _list_url(self.actor, self.kwargs))],
            avatar=(row.label, row.hue, row.picture),
        )

    def _offered(self, target: Elevation, row: ElevationRow) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        now = target.state_now
        if now == Elevation.State.ASKED and row.is_own:
            return _act("withdraw", _("Withdraw"), "close"), [_withdraw_dialog(target)]
        if now == Elevation.State.ASKED and selectors.may_decide(self.actor, target):
            both = [*_act("refuse", _("Refuse"), "x-circle"), *_act("approve", _("Approve"), "check", "primary")]
            return both, [_approve_dialog(target, row), _refuse_dialog(target, row)]
        if now == Elevation.State.APPROVED and self.actor.id in {target.user_id, target.decided_by_id}:
            label = _("Give back") if row.is_own else _("Take back")
            return _act("end", label, "stop"), [_end_dialog(target, row, label)]
        return [], []

    def do(self, target: Elevation, verb: str, told: str, **more: Any) -> HttpResponse:
        """Do one of the acts; what the state of things did not allow is said on the page as it is now."""
        try:
            getattr(services, f"elevation_{verb}")(actor=self.actor, elevation=target, **more)
        except errors.Conflict as error:
            return self.conflict(self.find(target.pk), error)
        except errors.Forbidden as error:
            if not self.may_see_why(target):
                raise
            return self.conflict(self.find(target.pk), error)
        messages.success(self.request, told)
        return redirect(self.address(target))

    def may_see_why(self, target: Elevation) -> bool:
        """Whether a refusal is explained on the page: to who asked, and who may decide something there."""
        return target.user_id == self.actor.id or selectors.may_decide(self.actor, target)

    def words(self, *, needed: bool) -> str:
        """What a dialog sent."""
        form = WordsForm(self.request.POST, needed=needed)
        if not form.is_valid():
            raise errors.Invalid(_("Write at most 300 characters, and say why you refuse."))
        return str(form.cleaned_data["words"])


def _act(dialog: str, label: str, icon: str, tone: str = "") -> list[dict[str, Any]]:
    return [{"label": label, "icon": icon, "dialog": dialog, "tone": tone}]


def _approve_dialog(target: Elevation, row: ElevationRow) -> dict[str, Any]:
    return {
        "id": "approve",
        "title": _("Give %(name)s the role %(role)s?") % {"name": row.label, "role": row.role},
        "text": _("It counts at once and ends by itself after %(lasts)s.") % {"lasts": row.lasts},
        "url": elevation_url(target, "approve"),
        "confirm_label": _("Approve"),
        "tone": "primary",
        "glyph": "check",
        "form": WordsForm(auto_id="approve_%s", needed=False),
    }


def _refuse_dialog(target: Elevation, row: ElevationRow) -> dict[str, Any]:
    return {
        "id": "refuse",
        "title": _("Refuse %(name)s the role %(role)s?") % {"name": row.label, "role": row.role},
        "text": _("Nothing changes for them. They can ask again."),
        "url": elevation_url(target, "refuse"),
        "confirm_label": _("Refuse"),
        "glyph": "x-circle",
        "form": WordsForm(auto_id="refuse_%s", needed=True),
    }


def _withdraw_dialog(target: Elevation) -> dict[str, Any]:
    return {
        "id": "withdraw",
        "title": _("Withdraw your request?"),
        "text": _("Nobody can approve it any more. You can ask again."),
        "url": elevation_url(target, "withdraw"),
        "confirm_label": _("Withdraw request"),
        "glyph": "close",
    }


def _end_dialog(target: Elevation, row: ElevationRow, label: str) -> dict[str, Any]:
    return {
        "id": "end",
        "title": _("End %(role)s for %(name)s now?") % {"role": row.role, "name": row.label},
        "text": _("It counts no more from the very next click. It can be asked for again."),
        "url": elevation_url(target, "end"),
        "confirm_label": label,
        "glyph": "stop",
    }


class ElevationViewBase(ElevationBase, abstract=True):
    """The page of a request."""

    def get(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """The page with the tab of the address."""
        return self.detail(self.find(key))


class ApproveBase(ElevationBase, abstract=True):
    """Say yes."""

    step_up = True

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """The role counts from here."""
        target = self.find(key)
        return self.do(target, "approve", _("Approved. It ends by itself."), words=self.words(needed=False))


class RefuseBase(ElevationBase, abstract=True):
    """Say no."""

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """Nothing changes for the person, who is told why."""
        target = self.find(key)
        return self.do(target, "refuse", _("Refused. Nothing has changed."), words=self.words(needed=True))


class WithdrawBase(ElevationBase, abstract=True):
    """Take back what one asked for."""

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """Nobody can approve it any more."""
        return self.do(self.find(key), "withdraw", _("Withdrawn."))


class EndBase(ElevationBase, abstract=True):
    """Give a role back, or take it back, before its time."""

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """It counts no more."""
        return self.do(self.find(key), "end", _("Ended. It counts no more."))


class ElevationView(ElevationViewBase):
    """One request in an organisation."""

    access = "organisation:read"


class ElevationApproveView(ApproveBase):
    """Approve one in an organisation."""

    access = "organisation:read"


class ElevationRefuseView(RefuseBase):
    """Refuse one in an organisation."""

    access = "organisation:read"


class ElevationWithdrawView(WithdrawBase):
    """Withdraw one in an organisation."""

    access = "organisation:read"


class ElevationEndView(EndBase):
    """End one in an organisation."""

    access = "organisation:read"


class PlatformElevationView(ElevationViewBase):
    """One request of the staff."""

    access = "dashboard:read"


class PlatformElevationApproveView(ApproveBase):
    """Approve one of the staff."""

    access = "dashboard:read"


class PlatformElevationRefuseView(RefuseBase):
    """Refuse one of the staff."""

    access = "dashboard:read"


class PlatformElevationWithdrawView(WithdrawBase):
    """Withdraw one of the staff."""

    access = "dashboard:read"


class PlatformElevationEndView(EndBase):
    """End one of the staff."""

    access = "dashboard:read"
