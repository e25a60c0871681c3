"""Legal entities for staff: list, make, edit, archive, and their rates of tax."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from audit.selectors import history_page
from billing.forms.customers import EntityForm, EntityNewForm, RateEndForm, RateForm
from billing.lists.customers import entities
from billing.models import LegalEntity
from billing.presenters.customers import entity_facts, entity_state, rate_rows
from billing.selectors import customers as selectors
from billing.services import entities as services
from billing.services import tax_rates
from billing.services.customers import entity_create
from billing.tax_data import ready_for
from portal.kit import errors
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab, parsed_id
from portal.kit.forms import refused
from portal.kit.lists.views import ListView
from portal.kit.views import PageView


class EntitiesView(ListView):
    """Every company that sells."""

    access = "customer:read"
    declared = entities

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        values: dict[str, Any] = {
            "lead": _("The companies that stand on invoices, with their numbers, taxes and accounts.")
        }
        if can(self.actor, "invoice:admin"):
            url = reverse("billing:entity_new")
            action = {"label": _("Add legal entity"), "icon": "plus", "tone": "primary", "url": url}
            values["head_actions"] = [action]
        return values


class EntityNewView(PageView):
    """Name a company that sells."""

    access = "invoice:admin"
    template_name = "billing/entity_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(EntityNewForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make it; sent again, the code is taken: none is made twice."""
        form = EntityNewForm(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            made = entity_create(actor=self.actor, **form.cleaned_data)
        except errors.Invalid as error:
            refused(form, error)
            return self._form(form, status=422)
        messages.success(request, _("%(name)s is added.") % {"name": made})
        return redirect("billing:entity", made.pk)

    def _form(self, form: EntityForm, *, status: int = 200) -> HttpResponse:
        where = reverse("billing:entities")
        return self.page({"form": form, "entity": None, "list_url": where, "cancel_url": where}, status=status)


def _overview(view: DetailPage[Any], target: LegalEntity) -> Mapping[str, Any]:
    return {"facts": entity_facts(target)}


def _rates(view: DetailPage[Any], target: LegalEntity) -> Mapping[str, Any]:
    may = can(view.actor, "invoice:admin").allowed
    there = list(selectors.tax_rates(view.actor, target.pk))
    rows = rate_rows(there, lambda key: RateEndForm(auto_id=f"end_{key}_%s"))
    return {
        "rates": rows,
        "may_change": may,
        "may_load": may and not rows and bool(ready_for(target.regime)),
        "form": RateForm(initial={"country": target.country}),
    }


def _rates_act(view: DetailPage[Any], target: LegalEntity) -> HttpResponse:
    request, back = view.request, f"{view.address(target)}?tab=rates"
    todo = request.POST.get("do", "")
    try:
        if todo == "load":
            number = tax_rates.tax_rates_load(actor=view.actor, entity=target)
            told = ngettext("%(n)d rate is added. Look it over.", "%(n)d rates are added. Look them over.", number)
            messages.success(request, told % {"n": number})
            return redirect(back)
        if todo == "end":
            return _rate_end(view, target, back)
    except errors.Conflict as error:
        return view.conflict(target, error)
    if todo != "add":
        raise errors.BadRequest
    form = RateForm(request.POST)
    if not form.is_valid():
        return view.detail(target, status=422, form=form)
    try:
        tax_rates.tax_rate_add(actor=view.actor, entity=target, **form.cleaned_data)
    except (errors.Invalid, errors.Conflict) as error:
        refused(form, error)
        return view.detail(target, status=error.status, form=form)
    messages.success(request, _("The rate is added."))
    return redirect(back)


def _rate_end(view: DetailPage[Any], target: LegalEntity, back: str) -> HttpResponse:
    form = RateEndForm(view.request.POST)
    if not form.is_valid():
        raise errors.Conflict(_("Choose the first day on which the rate is no longer in force."))
    key = parsed_id(view.request.POST.get("rate", ""))
    try:
        tax_rates.tax_rate_update(actor=view.actor, entity=target, rate_id=key, values=form.cleaned_data)
    except errors.Invalid as error:
        raise errors.Conflict(_("It ends after the day on which it begins.")) from error
    messages.success(view.request, _("The rate ends."))
    return redirect(back)


class EntityBase(DetailPage[LegalEntity], abstract=True):
    """What the page of a legal entity and the acts upon it share."""

    tabs = (
        Tab("overview", gettext_lazy("Overview"), "billing/_facts_panel.html", _overview),
        Tab("rates", gettext_lazy("Tax rates"), "billing/_entity_rates.html", _rates, "", _rates_act),
        history_tab(history_page),
    )
    template_name = "billing/entity_detail.html"

    def find(self, key: UUID) -> LegalEntity:
        """The entity, on which the actor holds the page's permission; `NotFound` otherwise."""
        return selectors.entity(self.actor, key, str(self.access))

    def address(self, target: LegalEntity) -> str:
        """Its page."""
        return reverse("billing:entity", args=[target.pk])

    def head(self, target: LegalEntity) -> Head:
        """Mark, name, state, actions."""
        shown = self._actions(target)
        return Head(
            title=target.name,
            subtitle=target.code,
            states=[entity_state(target)],
            actions=shown,
            dialogs=[one for one in self._dialogs(target) if one["id"] in {each.get("dialog") for each in shown}],
            crumbs=[(_("Legal entities"), reverse("billing:entities"))],
            glyph="building",
        )

    def _actions(self, target: LegalEntity) -> list[dict[str, Any]]:
        if not can(self.actor, "invoice:admin"):
            return []
        edit = {"label": _("Edit"), "icon": "edit", "url": reverse("billing:entity_edit", args=[target.pk])}
        if target.archived_at is not None:
            return [edit, {"label": _("Bring back"), "icon": "refresh", "dialog": "restore", "tone": "primary"}]
        if target.is_default:
            return [edit]
        default = {"label": _("Make default"), "icon": "check", "dialog": "default"}
        return [edit, default, {"label": _("Archive"), "icon": "database", "dialog": "archive", "tone": "danger"}]

    def _dialogs(self, target: LegalEntity) -> list[dict[str, Any]]:
        name = {"name": target.name}
        made: tuple[dict[str, Any], ...] = (
            {
                "id": "default",
                "title": _("Make %(name)s the default?") % name,
                "text": _(
                    "New customers buy from it unless somebody chooses another. Present ones stay where they are."
                ),
                "confirm_label": _("Make default"),
                "tone": "primary",
                "glyph": "building",
            },
            {
                "id": "archive",
                "title": _("Archive %(name)s?") % name,
                "text": _("No new customer buys from it. Its customers, documents and numbers stay."),
                "confirm_label": _("Archive"),
                "glyph": "database",
            },
            {
                "id": "restore",
                "title": _("Bring %(name)s back?") % name,
                "text": _("Customers can buy from it again."),
                "confirm_label": _("Bring back"),
                "tone": "primary",
                "glyph": "refresh",
            },
        )
        return [{**one, "url": reverse(f"billing:entity_{one['id']}", args=[target.pk])} for one in made]


class EntityView(EntityBase, DetailView[LegalEntity]):
    """One legal entity."""

    access = "customer:read"


class EntityEditView(EntityBase):
    """Change its details."""

    access = "invoice:admin"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The form."""
        target = self.find(key)
        return self._form(target, EntityForm({name: getattr(target, name) for name in services.EDITABLE}))

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Save what differs."""
        target = self.find(key)
        form = EntityForm(request.POST)
        if not form.is_valid():
            return self._form(target, form, status=422)
        try:
            services.entity_update(actor=self.actor, entity=target, values=form.cleaned_data)
        except errors.Invalid as error:
            refused(form, error)
            return self._form(target, form, status=422)
        messages.success(request, _("Saved."))
        return redirect(self.address(target))

    def _form(self, target: LegalEntity, form: EntityForm, *, status: int = 200) -> HttpResponse:
        where = self.address(target)
        shown = {"label": target.name, "url": where}
        values = {"form": form, "entity": shown, "list_url": reverse("billing:entities"), "cancel_url": where}
        return self.page(values, template="billing/entity_form.html", status=status)


class EntityDefaultView(EntityBase):
    """Make it the default."""

    access = "invoice:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """New customers buy from it."""
        target = self.find(key)
        try:
            services.entity_default(actor=self.actor, entity=target)
        except errors.Conflict as error:
            return self.conflict(target, error)
        messages.success(request, _("%(name)s is the default.") % {"name": target})
        return redirect(self.address(target))


class EntityArchiveView(EntityBase):
    """Archive it."""

    access = "invoice:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Sell nothing new by it."""
        target = self.find(key)
        try:
            services.entity_archive(actor=self.actor, entity=target)
        except errors.Conflict as error:
            return self.conflict(target, error)
        messages.success(request, _("%(name)s is archived.") % {"name": target})
        return redirect(self.address(target))


class EntityRestoreView(EntityBase):
    """Bring it back."""

    access = "invoice:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Sell by it again."""
        target = self.find(key)
        services.entity_restore(actor=self.actor, entity=target)
        messages.success(request, _("%(name)s is back.") % {"name": target})
        return redirect(self.address(target))
