"""Customers for staff: list, make, the page of one, edit; and the acts that its own page shares."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors import history_page
from billing.customer_parts import parts_of
from billing.forms.customers import ClockForm, ContactForm, CustomerNewForm, CustomerStaffForm, TaxIdForm
from billing.lists.customers import customers
from billing.models import Customer
from billing.presenters.customers import customer_facts, customer_state, details_parts, sandbox_notice
from billing.selectors import customers as selectors
from billing.services import clocks, tax_ids
from billing.services import customer_details as services
from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab, notes_tab, parsed_id
from portal.kit.forms import refused
from portal.kit.lists.views import ListView
from portal.kit.views import PageView

A_MONTH = timedelta(days=31)
CHOICES = 500  # More organisations than one looks through in a list are made customers over the API.


class CustomersView(ListView):
    """Every organisation that buys."""

    access = "customer:read"
    declared = customers

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        values: dict[str, Any] = {"lead": _("Organisations as buyers: what their documents are made out to.")}
        if can(self.actor, "invoice:admin"):
            url = reverse("billing:customer_new")
            values["head_actions"] = [{"label": _("Add customer"), "icon": "plus", "tone": "primary", "url": url}]
        if can(self.actor, "subscription:admin"):
            url = reverse("billing:customer_import_new")
            acts = values.setdefault("head_actions", [])
            acts.append({"label": _("Import"), "icon": "upload", "url": url})
        return values


class CustomerNewView(PageView):
    """Make an organisation a customer."""

    access = "invoice:admin"
    template_name = "billing/customer_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(CustomerNewForm(**self._choices()))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make it; sent again, it is a customer already: none is made twice."""
        form = CustomerNewForm(request.POST, **self._choices())
        if not form.is_valid():
            return self._form(form, status=422)
        sent = dict(form.cleaned_data)
        try:
            made = services.customer_create(actor=self.actor, organisation_id=sent.pop("organisation"), **sent)
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(form, status=error.status)
        messages.success(request, _("%(name)s is a customer now.") % {"name": made})
        return redirect("billing:customer", made.pk)

    def _choices(self) -> dict[str, Any]:
        return {
            "organisations": list(selectors.organisations_free(self.actor)[:CHOICES]),
            "entities": selectors.entities_open(self.actor),
        }

    def _form(self, form: CustomerNewForm, *, status: int = 200) -> HttpResponse:
        where = reverse("billing:customers")
        return self.page({"form": form, "customer": None, "list_url": where, "cancel_url": where}, status=status)


def details_act(request: HttpRequest, actor: Actor, customer: Customer) -> tuple[str, Any]:
    """What a form of contacts or numbers sent: the word of what went wrong with which form, or "" and None.

    Shared by staff's page and the organisation's own one. `BadRequest` for anything else.
    """
    todo = request.POST.get("do", "")
    if todo == "contact-remove":
        key = parsed_id(request.POST.get("contact", ""))
        services.contact_remove(actor=actor, customer=customer, contact_id=key)
        messages.success(request, _("The contact is taken away."))
        return "", None
    if todo == "tax-id-remove":
        tax_ids.tax_id_remove(actor=actor, customer=customer, tax_id=parsed_id(request.POST.get("tax_id", "")))
        messages.success(request, _("The number is taken away."))
        return "", None
    form: ContactForm | TaxIdForm
    add: Callable[..., Any]
    if todo == "contact-add":
        name, form, add = "contact_form", ContactForm(request.POST, auto_id="contact_%s"), services.contact_add
    elif todo == "tax-id-add":
        name, form, add = "tax_id_form", TaxIdForm(request.POST, auto_id="tax_id_%s"), tax_ids.tax_id_add
    else:
        raise errors.BadRequest
    if not form.is_valid():
        return name, form
    try:
        add(actor=actor, customer=customer, **form.cleaned_data)
    except (errors.Invalid, errors.Conflict) as error:
        refused(form, error)
        return name, form
    messages.success(request, _("Saved."))
    return "", None


def _overview(view: DetailPage[Any], target: Customer) -> Mapping[str, Any]:
    return {"facts": customer_facts(target, staff=True), "parts": parts_of(view.actor, target)}


def _details(view: DetailPage[Any], target: Customer) -> Mapping[str, Any]:
    return {
        **details_parts(view.actor, target),
        "may_change": can(view.actor, "invoice:admin").allowed,
        "contact_form": ContactForm(auto_id="contact_%s"),
        "tax_id_form": TaxIdForm(auto_id="tax_id_%s"),
    }


def _details_act(view: DetailPage[Any], target: Customer) -> HttpResponse:
    name, form = details_act(view.request, view.actor, target)
    if name:
        return view.detail(target, status=422, **{name: form})
    return redirect(f"{view.address(target)}?tab=details")


def clock_values(customer: Customer, *, may: bool) -> dict[str, Any]:
    """The panel of the test clock."""
    stopped = customer.test_clock
    return {
        "clock": stopped,
        "is_sandbox": customer.sandbox,
        "may_change": may,
        "clock_form": ClockForm(auto_id="clock_%s", initial={"to": stopped.at + A_MONTH} if stopped else None),
        "run_url": f"/platform/jobs/{stopped.run_id}" if stopped and stopped.run_id else "",
    }


def clock_act(request: HttpRequest, actor: Actor, customer: Customer) -> ClockForm | None:
    """Set a clock up, or send it on; the form where it was refused."""
    todo = request.POST.get("do", "")
    form = ClockForm(request.POST, auto_id="clock_%s")
    if todo == "start":
        clocks.clock_start(actor=actor, customer=customer)
        messages.success(request, _("The clock stands at this moment. Send it forward to see what falls due."))
        return None
    if todo != "advance":
        raise errors.BadRequest
    if not form.is_valid():
        return form
    to: datetime = form.cleaned_data["to"]
    try:
        clocks.clock_advance(actor=actor, customer=customer, to=to)
    except (errors.Invalid, errors.Conflict) as error:
        refused(form, error)
        return form
    messages.success(request, _("The clock is on its way. Everything that falls due on it happens now."))
    return None


def _clock(view: DetailPage[Any], target: Customer) -> Mapping[str, Any]:
    return clock_values(target, may=can(view.actor, "invoice:admin").allowed)


def _clock_act(view: DetailPage[Any], target: Customer) -> HttpResponse:
    try:
        form = clock_act(view.request, view.actor, target)
    except errors.Conflict as error:
        return view.conflict(target, error)
    if form is not None:
        return view.detail(target, status=422, clock_form=form)
    return redirect(f"{view.address(target)}?tab=clock")


class CustomerBase(DetailPage[Customer], abstract=True):
    """What the page of a customer and the acts upon it share."""

    tabs = (
        Tab("overview", gettext_lazy("Overview"), "billing/_customer_overview.html", _overview),
        Tab("details", gettext_lazy("Contacts and tax ids"), "billing/_details.html", _details, "", _details_act),
        Tab("clock", gettext_lazy("Test clock"), "billing/_clock.html", _clock, "", _clock_act),
        notes_tab("invoice:admin"),
        history_tab(history_page),
    )
    template_name = "billing/customer_detail.html"

    def find(self, key: UUID) -> Customer:
        """The customer, on which the actor holds the page's permission; `NotFound` otherwise."""
        return selectors.customer(self.actor, key)

    def address(self, target: Customer) -> str:
        """Its page."""
        return reverse("billing:customer", args=[target.pk])

    def head(self, target: Customer) -> Head:
        """Mark, name, state, actions."""
        actions = []
        if can(self.actor, "invoice:admin"):
            url = reverse("billing:customer_edit", args=[target.pk])
            actions.append({"label": _("Edit"), "icon": "edit", "url": url})
            url = reverse("billing:invoice_new", args=[target.pk])
            actions.append({"label": _("New invoice"), "icon": "plus", "tone": "primary", "url": url})
        if can(self.actor, "subscription:admin"):
            url = reverse("billing:customer_subscribe", args=[target.pk])
            actions.append({"label": _("Subscribe"), "icon": "card", "url": url})
        return Head(
            title=target.name,
            subtitle=f"/o/{target.organisation.slug}/",
            states=[customer_state(target)],
            actions=actions,
            crumbs=[(_("Customers"), reverse("billing:customers"))],
            avatar=(target.name, target.organisation_id.int % 5),
        )

    def detail(self, target: Customer, *, status: int = 200, **more: Any) -> HttpResponse:
        """The page, with the banner of a sandbox."""
        return super().detail(target, status=status, sandbox=sandbox_notice(target), **more)


class CustomerView(CustomerBase, DetailView[Customer]):
    """One customer on one page."""

    access = "customer:read"


class CustomerEditView(CustomerBase):
    """Change what its documents are made out to."""

    access = "invoice:admin"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The form."""
        target = self.find(key)
        names = (*services.OWN, "tax_status")
        shown = {name: getattr(target, name) for name in names} | {"entity": str(target.entity_id)}
        return self._form(target, CustomerStaffForm(shown, entities=self._entities(target)))

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Save what differs."""
        target = self.find(key)
        form = CustomerStaffForm(request.POST, entities=self._entities(target))
        if not form.is_valid():
            return self._form(target, form, status=422)
        try:
            services.customer_update(actor=self.actor, customer=target, values=form.cleaned_data)
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(target, form, status=error.status)
        messages.success(request, _("Saved."))
        return redirect(self.address(target))

    def _entities(self, target: Customer) -> list[Any]:
        there = selectors.entities_open(self.actor)
        return there if target.entity in there else [target.entity, *there]

    def _form(self, target: Customer, form: CustomerStaffForm, *, status: int = 200) -> HttpResponse:
        where = self.address(target)
        shown = {"label": target.name, "url": where}
        values = {"form": form, "customer": shown, "list_url": reverse("billing:customers"), "cancel_url": where}
        return self.page(values, template="billing/customer_form.html", status=status)
