"""Keys: one's own, those of an organisation, and the one reply that shows a secret."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import key_selectors as selectors
from accounts import organisation_selectors
from accounts.forms import ReasonForm
from accounts.key_forms import KeyForm
from accounts.key_lists import keys
from accounts.models import Key, ServiceAccount
from accounts.presenters.keys import KeyPage, KeyRow, place_tabs
from accounts.services.keys import key_create, key_revoke, key_rotate
from audit.selectors import history_page
from portal.kit import errors, limits
from portal.kit.access import SignedIn
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab, parsed_id
from portal.kit.forms import refused
from portal.kit.lists.views import ListView
from portal.kit.views import PageView

OWN = SignedIn("One's own keys.")


class KeysView(ListView):
    """The keys of an organisation."""

    access = "apikey:read"
    declared = keys
    template_name = "accounts/keys_list.html"

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        slug = self.kwargs["slug"]
        values: dict[str, Any] = {
            "lead": _("What programs call the API with, in whose name, and when each was last used."),
            "places": place_tabs(self.actor, slug, "keys"),
        }
        if can(self.actor, "apikey:create"):
            url = reverse("accounts:key_new", args=[slug])
            values["head_actions"] = [{"label": _("Create key"), "icon": "plus", "tone": "primary", "url": url}]
        return values


class OwnKeysView(PageView):
    """One's own keys, wherever they work."""

    access = OWN
    template_name = "accounts/own_keys.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Live ones first."""
        if self.actor.id is None:
            raise errors.Unauthenticated
        rows = [KeyRow(key, reverse("accounts:own_key", args=[key.pk])) for key in selectors.own_keys(self.actor.id)]
        may = bool(selectors.places_of(self.actor))
        return self.page({"keys": rows, "new_url": reverse("accounts:own_key_new") if may else ""})


def _overview(view: DetailPage[Any], target: Key) -> Mapping[str, Any]:
    shown = cast("KeyPageBase", view).shown(target)
    return {
        "facts": shown.facts(),
        "all_scopes": target.scopes is None,
        "scopes": shown.scopes(),
        "usage": shown.usage(),
    }


OVERVIEW = Tab("overview", gettext_lazy("Overview"), "accounts/_key_overview.html", _overview)


class KeyPageBase(DetailPage[Key], abstract=True):
    """What the page of a key and the acts upon it share."""

    tabs: ClassVar[tuple[Tab, ...]] = (OVERVIEW,)
    template_name = "accounts/key_detail.html"

    def shown(self, target: Key) -> KeyPage:
        """The presenter."""
        return KeyPage(self.actor, target)

    def address(self, target: Key) -> str:
        """The key's page."""
        return self.shown(target).row.url

    def head(self, target: Key) -> Head:
        """Mark, name, state, actions."""
        shown = self.shown(target)
        states = [(shown.row.state_tone, shown.row.state_label)]
        if not target.live:
            states.append(("info", shown.row.kind))
        return Head(
            title=target.name,
            subtitle=shown.row.begins,
            states=states,
            actions=shown.actions(),
            dialogs=shown.dialogs(),
            crumbs=self.crumbs(),
            glyph="key",
        )

    def crumbs(self) -> list[tuple[str, str]]:
        """The way here."""
        return [(_("API keys"), reverse("accounts:own_keys"))]

    def told(self, key: Key, secret: str) -> HttpResponse:
        """The key's page with its secret: in this one reply, and nowhere else, ever."""
        call = f'curl -H "Authorization: Bearer $KEY" {settings.STEWARD_PUBLIC_URL}/api/v1/auth/session'
        reply = self.detail(key, issued={"secret": secret, "call": call})
        reply["Cache-Control"] = "no-store"
        return reply

    def rotate(self, key: UUID) -> HttpResponse:
        """A new secret in place of the old one, which goes on for a day."""
        target = self.find(key)
        try:
            made, secret = key_rotate(actor=self.actor, key=target)
        except errors.Conflict as error:
            return self.conflict(target, error)
        messages.success(self.request, _("The former secret goes on for 24 hours at most."))
        return self.told(self.find(made.pk), secret)

    def revoke(self, key: UUID) -> HttpResponse:
        """End it."""
        target = self.find(key)
        form = ReasonForm(self.request.POST)
        if not form.is_valid():
            raise errors.Invalid(_("Give a reason of at most 300 characters."))
        key_revoke(actor=self.actor, key=target, reason=form.cleaned_data["reason"])
        messages.success(self.request, _("%(name)s is revoked.") % {"name": target.name})
        return redirect(self.address(target))


class OwnKeyBase(KeyPageBase, abstract=True):
    """One of one's own keys."""

    def find(self, key: UUID) -> Key:
        """The key; `NotFound` for anybody else's."""
        if self.actor.id is None:
            raise errors.Unauthenticated
        return selectors.own_key(self.actor.id, key)


class OwnKeyView(OwnKeyBase, DetailView[Key]):
    """The page of one of one's own keys."""

    access = OWN


class OwnKeyRotateView(OwnKeyBase):
    """Rotate one of one's own keys."""

    access = OWN
    limit = limits.SENSITIVE
    step_up = True

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Show the new secret once."""
        return self.rotate(key)


class OwnKeyRevokeView(OwnKeyBase):
    """Revoke one of one's own keys. At once: whoever does that may be in a hurry."""

    access = OWN

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """End it."""
        return self.revoke(key)


class OwnKeyNewView(OwnKeyBase):
    """Make a key of one's own: for the installation, or for one of one's organisations."""

    access = OWN
    limit = limits.SENSITIVE
    step_up = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form for the place that `in` names."""
        place, places = self._place()
        return self._form(KeyForm(codes=selectors.labels_of(place.codes)), place, places)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make it and show its secret once."""
        place, places = self._place()
        form = KeyForm(request.POST, codes=selectors.labels_of(place.codes))
        if not form.is_valid():
            return self._form(form, place, places, status=422)
        try:
            where = place.organisation.pk if place.organisation is not None else None
            made, secret = key_create(actor=self.actor, organisation_id=where, **form.asked())
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(form, place, places, status=error.status)
        return self.told(self.find(made.pk), secret)

    def _place(self) -> tuple[selectors.Place, list[selectors.Place]]:
        places = selectors.places_of(self.actor)
        if not places:
            raise errors.Forbidden(_("You may make keys nowhere. Ask an administrator of your organisation."))
        wanted = self.request.GET.get("in", "")
        if not wanted:
            return places[0], places
        found = next((place for place in places if _key_of(place) == wanted), None)
        if found is None:
            raise errors.NotFound
        return found, places

    def _form(
        self, form: KeyForm, place: selectors.Place, places: list[selectors.Place], *, status: int = 200
    ) -> HttpResponse:
        where = reverse("accounts:own_keys")
        tabs = [
            {
                "label": one.organisation.name if one.organisation is not None else _("Whole installation"),
                "url": f"?in={_key_of(one)}",
                "current": one is place,
            }
            for one in places
        ]
        values = {"form": form, "list_url": where, "cancel_url": where, "places": tabs if len(tabs) > 1 else []}
        return self.page(values, template="accounts/key_form.html", status=status)


def _key_of(place: selectors.Place) -> str:
    return str(place.organisation.pk) if place.organisation is not None else "installation"


class KeyBase(KeyPageBase, abstract=True):
    """A key of the organisation that one stands in. Its short name, in the address, was read before any view."""

    tabs = (OVERVIEW, history_tab(history_page))

    def find(self, key: UUID) -> Key:
        """The key; `NotFound` for that of another organisation."""
        return selectors.key_here(self.actor, key)

    def crumbs(self) -> list[tuple[str, str]]:
        """The list."""
        return [(_("API keys"), reverse("accounts:keys", args=[self.kwargs["slug"]]))]


class KeyView(KeyBase, DetailView[Key]):
    """The page of a key."""

    access = "apikey:read"

    def get(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """The page with the tab of the address."""
        return super().get(request, key)

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """Nothing: its acts have addresses of their own."""
        return super().post(request, key)


class KeyRotateView(KeyBase):
    """Rotate a key of one's own, or of a service account."""

    access = "apikey:create"
    limit = limits.SENSITIVE
    step_up = True

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """Show the new secret once."""
        return self.rotate(key)


class KeyRevokeView(KeyBase):
    """Revoke a key: one's own, or as administrator anybody's."""

    access = "apikey:read"

    def post(self, request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
        """End it."""
        return self.revoke(key)


class KeyNewView(KeyBase):
    """Make a key in an organisation: one's own, or that of the service account that `service` names."""

    access = "apikey:create"
    limit = limits.SENSITIVE
    step_up = True

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The form."""
        service = self._service()
        return self._form(KeyForm(codes=selectors.labels_of(selectors.codes_for(self.actor, service))), service)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Make it and show its secret once."""
        service = self._service()
        form = KeyForm(request.POST, codes=selectors.labels_of(selectors.codes_for(self.actor, service)))
        if not form.is_valid():
            return self._form(form, service, status=422)
        where = organisation_selectors.here(self.actor, "apikey:create").pk
        try:
            made, secret = key_create(actor=self.actor, organisation_id=where, service=service, **form.asked())
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(form, service, status=error.status)
        return self.told(self.find(made.pk), secret)

    def _service(self) -> ServiceAccount | None:
        wanted = self.request.GET.get("service", "")
        return selectors.service_account(self.actor, parsed_id(wanted)) if wanted else None

    def _form(self, form: KeyForm, service: ServiceAccount | None, *, status: int = 200) -> HttpResponse:
        slug = self.kwargs["slug"]
        where = reverse("accounts:keys", args=[slug])
        back = reverse("accounts:service_account", args=[slug, service.pk]) if service is not None else where
        values = {"form": form, "list_url": where, "cancel_url": back, "service": service}
        return self.page(values, template="accounts/key_form.html", status=status)
