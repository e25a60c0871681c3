"""The draft of a plan: started, edited part by part, published or thrown away."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from billing.errors.catalogue import VersionIncomplete
from billing.forms.versions import GivesForm, PriceForm, TermsForm, price_refused
from billing.models import Plan, PlanVersion
from billing.plan_drafts import PriceDraft, VersionDraft, draft_of
from billing.selectors import catalogue as selectors
from billing.services import versions as services
from billing.views.plans import PlanBase
from portal.kit import errors
from portal.kit.forms import refused


class DraftBase(PlanBase, abstract=True):
    """What the parts of the editor share."""

    def open_draft(self, key: UUID) -> tuple[Plan, PlanVersion]:
        """The plan and its draft; `NotFound` where none waits."""
        plan = self.find(key)
        waiting = selectors.drafts(self.actor).get(plan.pk)
        if waiting is None:
            raise errors.NotFound
        version: PlanVersion = selectors.one(selectors.versions(self.actor), waiting.pk)
        return plan, version

    def editor(self, plan: Plan) -> str:
        """The tab that shows the draft."""
        return f"{self.address(plan)}?tab=draft"

    def part(self, plan: Plan, form: Any, title: str, template: str, status: int = 200) -> HttpResponse:
        """The page of one part."""
        where = self.editor(plan)
        crumbs = [(_("Plans"), reverse("billing:plans")), (plan.name, self.address(plan)), (_("Draft"), where)]
        values = {
            "form": form,
            "title": title,
            "crumbs": crumbs,
            "cancel_url": where,
            "submit_label": _("Save to draft"),
        }
        return self.page(values, template=template, status=status)


class VersionStartView(DraftBase):
    """Start a draft."""

    access = "plan:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Start it, as a copy of the last version."""
        plan = self.find(key)
        try:
            services.version_start(actor=self.actor, plan=plan)
        except errors.Conflict as error:
            return self.conflict(plan, error)
        messages.success(request, _("The draft is open. Nothing is sold until you publish it."))
        return redirect(self.editor(plan))


class VersionPublishView(DraftBase):
    """Publish a draft."""

    access = "plan:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Sell it from now on."""
        plan, version = self.open_draft(key)
        try:
            services.version_publish(actor=self.actor, version=version)
        except (errors.Conflict, VersionIncomplete) as error:
            return self.conflict(plan, error)
        messages.success(request, _("Version %(n)d of %(name)s is on sale.") % {"n": version.number, "name": plan})
        return redirect(self.address(plan))


class VersionDiscardView(DraftBase):
    """Throw a draft away."""

    access = "plan:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """It and its prices are gone."""
        plan, version = self.open_draft(key)
        services.version_discard(actor=self.actor, version=version)
        messages.success(request, _("The draft is discarded."))
        return redirect(self.address(plan))


class TermsView(DraftBase):
    """Terms and minimums of a draft."""

    access = "plan:admin"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The form."""
        plan, version = self.open_draft(key)
        return self._form(plan, TermsForm(draft=draft_of(version)))

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Save them to the draft."""
        plan, version = self.open_draft(key)
        form = TermsForm(request.POST, draft=draft_of(version))
        if not form.is_valid():
            return self._form(plan, form, 422)
        try:
            services.version_change(actor=self.actor, version=version, change=form.changed_draft)
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(plan, form, error.status)
        return redirect(self.editor(plan))

    def _form(self, plan: Plan, form: TermsForm, status: int = 200) -> HttpResponse:
        return self.part(plan, form, _("Terms of %(name)s") % {"name": plan}, "billing/terms_form.html", status)


class GivesView(DraftBase):
    """What a draft gives."""

    access = "plan:admin"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The form."""
        plan, version = self.open_draft(key)
        return self._form(plan, self._fields(version))

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Save it to the draft."""
        plan, version = self.open_draft(key)
        form = self._fields(version, request.POST)
        if not form.is_valid():
            return self._form(plan, form, 422)

        def change(before: VersionDraft) -> VersionDraft:
            return replace(before, entitlements=form.entitlements())

        try:
            services.version_change(actor=self.actor, version=version, change=change)
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(plan, form, error.status)
        return redirect(self.editor(plan))

    def _fields(self, version: PlanVersion, *args: Any) -> GivesForm:
        draft = draft_of(version)
        given = {one.feature for one in draft.entitlements}
        every = selectors.features(self.actor).order_by("position", "pk")
        # One that was archived meanwhile can still be taken out.
        features = [row for row in every if row.archived_at is None or row.code in given]
        return GivesForm(*args, features=features, draft=draft)

    def _form(self, plan: Plan, form: GivesForm, status: int = 200) -> HttpResponse:
        return self.part(plan, form, _("What %(name)s gives") % {"name": plan}, "billing/gives_form.html", status)


class PriceBase(DraftBase, abstract=True):
    """What making and changing a price share."""

    def fields(self, *args: Any, price: PriceDraft | None = None, **kwargs: Any) -> PriceForm:
        """The form, with the meters that can be chosen."""
        every = selectors.meters(self.actor).order_by("name", "pk")
        known = [row for row in every if row.archived_at is None or (price and price.meter == row.code)]
        return PriceForm(*args, meters=known, price=price, **kwargs)

    def save(self, plan: Plan, version: PlanVersion, form: PriceForm, key: tuple[str, str] | None) -> HttpResponse:
        """Put the price into the draft, in the place of that with `key`; or the form again, with what is wrong."""
        title = _("Price of %(name)s") % {"name": plan}
        if not form.is_valid():
            return self.part(plan, form, title, "billing/price_form.html", 422)
        made = form.draft()
        place = 0

        def change(before: VersionDraft) -> VersionDraft:
            nonlocal place
            keys = [one.key for one in before.prices]
            place = keys.index(key) if key in keys else len(keys)
            return before.with_price(made, instead_of=key if key in keys else None)

        try:
            services.version_change(actor=self.actor, version=version, change=change)
        except errors.Invalid as error:
            price_refused(form, error, place)
            return self.part(plan, form, title, "billing/price_form.html", error.status)
        except errors.Conflict as error:
            return self.conflict(plan, error)
        return redirect(self.editor(plan))


class PriceNewView(PriceBase):
    """Add a price to a draft; `?like=` names one (`code/currency`) to start with, for another currency."""

    access = "plan:admin"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The form."""
        plan, version = self.open_draft(key)
        code, _slash, currency = request.GET.get("like", "").partition("/")
        like = next((one for one in draft_of(version).prices if one.key == (code, currency)), None)
        form = self.fields(price=like)
        if like is not None:
            form.initial["currency"] = ""
        return self.part(plan, form, _("Add a price"), "billing/price_form.html")

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Add it."""
        plan, version = self.open_draft(key)
        return self.save(plan, version, self.fields(request.POST), None)


class PriceEditView(PriceBase):
    """Change a price of a draft."""

    access = "plan:admin"

    def get(self, request: HttpRequest, key: UUID, code: str, currency: str) -> HttpResponse:
        """The form."""
        plan, version = self.open_draft(key)
        form = self.fields(price=self.price(version, code, currency))
        return self.part(plan, form, _("Price of %(name)s") % {"name": plan}, "billing/price_form.html")

    def post(self, request: HttpRequest, key: UUID, code: str, currency: str) -> HttpResponse:
        """Save it to the draft."""
        plan, version = self.open_draft(key)
        price = self.price(version, code, currency)
        return self.save(plan, version, self.fields(request.POST, price=price), price.key)

    @staticmethod
    def price(version: PlanVersion, code: str, currency: str) -> PriceDraft:
        """The price of the address; `NotFound`."""
        found = next((one for one in draft_of(version).prices if one.key == (code, currency)), None)
        if found is None:
            raise errors.NotFound
        return found


class PriceRemoveView(PriceBase):
    """Take a price out of a draft."""

    access = "plan:admin"

    def post(self, request: HttpRequest, key: UUID, code: str, currency: str) -> HttpResponse:
        """Take it out; minimums of a currency without prices go with its last one."""
        plan, version = self.open_draft(key)
        PriceEditView.price(version, code, currency)

        def change(before: VersionDraft) -> VersionDraft:
            after = before.without_price((code, currency))
            return replace(
                after, minimums={one: least for one, least in after.minimums.items() if one in after.currencies}
            )

        services.version_change(actor=self.actor, version=version, change=change)
        messages.success(request, _("The price is taken out of the draft."))
        return redirect(self.editor(plan))
