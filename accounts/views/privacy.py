"""One's own data: a copy of it, what one agreed to, and deleting one's account."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import privacy_selectors as selectors
from accounts.models import OwnExport, User
from accounts.services import own_data, privacy
from accounts.settings import DELETION_GRACE
from accounts.views.files import copy_file
from portal.kit import errors, htmx, identity, limits, registry
from portal.kit.access import SignedIn
from portal.kit.forms import confirm_word
from portal.kit.views import PageView

State = OwnExport.State
TONES = {State.WORKING: "info", State.READY: "ok", State.FAILED: "bad"}


class PrivacyBase(PageView, abstract=True):
    """What the page and the acts on it share."""

    template_name = "accounts/me_privacy.html"

    @property
    def person(self) -> User:
        """The row of the signed-in person."""
        who = identity.of(self.request)
        if who is None:
            raise errors.Unauthenticated
        return cast(User, who.person)

    def shown(self, *, status: int = 200, notice: dict[str, Any] | None = None) -> HttpResponse:
        """The page; `notice` says why something was refused."""
        user = self.person
        leaving = selectors.leaving(self.actor, is_root=user.is_root)
        values = {
            "copy": _copy(selectors.own_export_latest(self.actor)),
            "consents": selectors.own_consents(self.actor),
            "asked_for": self._asked_for(),
            "leaving": leaving,
            "why_not": _why_not(leaving),
            "word": user.username,
            "days": DELETION_GRACE.value().days,
            "holdings": sorted(registry.personal_data, key=lambda entry: str(entry.label)),
            "notice": notice,
        }
        return self.page(values, status=status)

    def refused(self, error: errors.StewardError) -> HttpResponse:
        """The page, saying why not."""
        return self.shown(status=error.status, notice={"tone": "bad", "title": error.title, "text": error.detail})

    def _asked_for(self) -> list[dict[str, Any]]:
        given = {(one.kind, one.version) for one in selectors.own_consents(self.actor)}
        return [
            {"label": text.kind.label, "url": text.url, "version": text.version}
            for text in privacy.legal_texts()
            if (text.kind, text.version) not in given
        ]


class PrivacyView(PrivacyBase):
    """The page, whose part about the copy asks again by itself. A POST agrees to the texts as they stand now."""

    access = SignedIn("One's own data.")
    polled = "part"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Copy, consents, what is held, deletion; for htmx how far the copy is."""
        if htmx.wants_part(request):
            values = {"copy": _copy(selectors.own_export_latest(self.actor))}
            return self.page(values, template="accounts/_me_copy.html")
        return self.shown()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Agree."""
        if request.POST.get("do") != "consent":
            raise errors.BadRequest
        privacy.consents_give_own(actor=self.actor)
        messages.success(request, _("Your consent is noted."))
        return redirect("accounts:privacy")


class CopyView(PrivacyBase):
    """Ask for a copy of one's data."""

    access = SignedIn("One's own data.")
    limit = limits.SENSITIVE
    step_up = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """It is on the page; who had to confirm first comes back here."""
        return redirect("accounts:privacy")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask for one."""
        try:
            own_data.own_export_ask(actor=self.actor)
        except errors.Conflict as error:
            return self.refused(error)
        messages.success(request, _("Your copy is being written. You get a notice and a mail when it is ready."))
        return redirect("accounts:privacy")


class CopyFileView(PageView):
    """The file, for the person it is about."""

    access = SignedIn("One's own data.")
    limit = limits.EXPORT
    step_up = True

    def get(self, request: HttpRequest, export_id: UUID) -> HttpResponseBase:
        """The archive as an attachment; `OwnExportGone` when it may not be had (any more)."""
        return copy_file(*own_data.own_export_open(actor=self.actor, export_id=export_id))


class DeleteView(PrivacyBase):
    """Ask for one's account to be deleted."""

    access = SignedIn("One's own account.")
    limit = limits.SENSITIVE
    step_up = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """It is on the page; who had to confirm first comes back here."""
        return redirect("accounts:privacy")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask, when the user name was typed."""
        who = identity.of(request)
        try:
            confirm_word(request.POST.get("confirm_word", ""), self.person.username)
            privacy.deletion_ask(actor=self.actor, session_id=who.session_id if who is not None else None)
        except (errors.Conflict, errors.Invalid) as error:
            return self.refused(error)
        return redirect("accounts:leaving")


class LeavingView(PageView):
    """All that an account which waits to be deleted answers: keep it."""

    access = SignedIn("Whoever asked to be deleted may think again.", while_leaving=True, before_second_factor=True)
    template_name = "accounts/me_leaving.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """When it will be over; who stays has nothing to look for here."""
        who = identity.of(request)
        if who is None or who.leaving_at is None:
            return redirect("accounts:privacy")
        return self.page({"due": who.leaving_at})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the account."""
        privacy.deletion_cancel(actor=self.actor)
        messages.success(request, _("Your account stays."))
        return redirect("accounts:privacy")


def _copy(export: OwnExport | None) -> dict[str, Any] | None:
    if export is None:
        return None
    state = State(export.state)
    return {
        "id": export.pk,
        "state": state.value,
        "tone": TONES[state],
        "label": state.label,
        "live": state == State.WORKING,
        "ready": state == State.READY,
        "size": export.size,
        "sha256": export.sha256,
        "asked_at": export.created_at,
        "until": export.expires_at,
    }


def _why_not(leaving: selectors.Leaving) -> str:
    if leaving.is_root:
        return _("The root administrator stays: nobody could let the others in without it.")
    if leaving.last_administrator:
        return _("The last administrator stays. Make another active person super administrator first.")
    if leaving.keeps:
        return _("Hand over or close the organisations that you alone own first.")
    return ""
