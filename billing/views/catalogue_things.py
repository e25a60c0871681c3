"""Meters, features and coupons: lists, pages, making, changing, archiving and bringing back."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors import history_page
from billing.forms.catalogue import (
    CouponEditForm,
    CouponForm,
    FeatureEditForm,
    FeatureForm,
    MeterEditForm,
    MeterForm,
)
from billing.lists import catalogue as lists
from billing.presenters import catalogue as presenters
from billing.presenters import thing_uses
from billing.selectors import catalogue as selectors
from billing.services import coupons, meters
from portal.kit import errors
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab
from portal.kit.forms import Form, refused
from portal.kit.lists.views import ListView
from portal.kit.money import parsed


def _overview(view: DetailPage[Any], target: Any) -> Mapping[str, Any]:
    page: ThingPage = view  # type: ignore[assignment]
    return {
        "facts": type(page).facts(target),
        "about": page.about,
        "uses": type(page).uses(page.actor, target),
    }


class ThingPage(DetailPage[Any], abstract=True):
    """What the pages of a meter, a feature and a coupon share; a subclass says what differs."""

    noun: ClassVar[str]
    glyph: ClassVar[str]
    write: ClassVar[str] = "plan:admin"
    plural: ClassVar[Promise]
    create_label: ClassVar[Promise]
    about: ClassVar[Promise]
    edit_form: ClassVar[type[Form]]
    source: ClassVar[Callable[[Actor], QuerySet[Any]]]
    facts: ClassVar[Callable[[Any], list[presenters.Fact]]]
    rows: ClassVar[Callable[[Actor, Any], list[presenters.Thing]]]
    uses: ClassVar[Callable[[Actor, Any], thing_uses.Uses]]
    create: ClassVar[Callable[..., Any]]
    update: ClassVar[Callable[..., Any]]
    archive: ClassVar[Callable[..., Any]]
    restore: ClassVar[Callable[..., Any]]
    tabs = (
        Tab("overview", gettext_lazy("Overview"), "billing/_thing_overview.html", _overview),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> Any:
        """The row; `NotFound` where there is none."""
        return selectors.one(type(self).source(self.actor), key)

    def address(self, target: Any) -> str:
        """Its page."""
        return reverse(f"billing:{self.noun}", args=[target.pk])

    def list_url(self) -> str:
        """The list that it stands in."""
        return reverse(f"billing:{self.noun}s")

    def head(self, target: Any) -> Head:
        """Mark, name, state, actions."""
        row = type(self).rows(self.actor, [target])[0]
        actions, dialogs = self._acts(target)
        return Head(
            title=target.name,
            subtitle=target.code,
            states=[row.state],
            actions=actions,
            dialogs=dialogs,
            crumbs=[(str(self.plural), self.list_url())],
            glyph=self.glyph,
        )

    def _acts(self, target: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        if not can(self.actor, self.write):
            return [], []
        where, name = self.address(target), {"name": target.name}
        edit = {"label": _("Edit"), "icon": "edit", "url": f"{where}/edit"}
        if target.archived_at is not None:
            back = {"label": _("Bring back"), "icon": "unlock", "dialog": "restore", "tone": "primary"}
            dialog = {
                "id": "restore", "title": _("Bring %(name)s back?") % name, "text": _("It can be used again."),
                "confirm_label": _("Bring back"), "tone": "primary", "glyph": "unlock", "url": f"{where}/restore",
            }  # fmt: skip
            return [back], [dialog]
        away = {"label": _("Archive"), "icon": "lock", "dialog": "archive", "tone": "danger"}
        dialog = {
            "id": "archive",
            "title": _("Archive %(name)s?") % name,
            "text": _("Nothing new can use it. What uses it already goes on, and you can bring it back."),
            "confirm_label": _("Archive"),
            "glyph": "lock",
            "url": f"{where}/archive",
        }
        return [edit, away], [dialog]

    def new_form(self, *args: Any) -> Form:
        """The form that makes one."""
        raise NotImplementedError

    def sent(self, form: Form) -> dict[str, Any]:
        """What the service takes of what was sent."""
        return dict(form.cleaned_data)


class ThingNew(ThingPage, abstract=True):
    """Make one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(self.new_form())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make it; sent again, the code is taken: none is made twice."""
        form = self.new_form(request.POST)
        if not form.is_valid():
            return self._form(form, 422)
        try:
            made = type(self).create(actor=self.actor, **self.sent(form))
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(form, error.status)
        messages.success(request, _("%(name)s is made.") % {"name": made})
        return redirect(self.address(made))

    def _form(self, form: Form, status: int = 200) -> HttpResponse:
        where, label = self.list_url(), str(self.create_label)
        values = {
            "form": form, "title": label, "lead": self.about, "crumbs": [(str(self.plural), where)],
            "cancel_url": where, "submit_label": label,
        }  # fmt: skip
        return self.page(values, template="billing/form.html", status=status)


class ThingEdit(ThingPage, abstract=True):
    """Change what may change."""

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The form."""
        target = self.find(key)
        form = self.edit_form(initial={name: getattr(target, name) for name in self.edit_form.base_fields})
        return self._form(target, form)

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Save what differs."""
        target = self.find(key)
        form = self.edit_form(request.POST)
        if not form.is_valid():
            return self._form(target, form, 422)
        try:
            type(self).update(actor=self.actor, values=form.cleaned_data, **{self.noun: target})
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(target, form, error.status)
        messages.success(request, _("Saved."))
        return redirect(self.address(target))

    def _form(self, target: Any, form: Form, status: int = 200) -> HttpResponse:
        where = self.address(target)
        values = {
            "form": form, "title": _("Edit %(name)s") % {"name": target.name}, "lead": self.about,
            "crumbs": [(str(self.plural), self.list_url()), (target.name, where)], "cancel_url": where,
            "submit_label": _("Save changes"),
        }  # fmt: skip
        return self.page(values, template="billing/form.html", status=status)


class ThingArchive(ThingPage, abstract=True):
    """Put it away."""

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Archive it."""
        target = type(self).archive(actor=self.actor, **{self.noun: self.find(key)})
        messages.success(request, _("%(name)s is archived.") % {"name": target.name})
        return redirect(self.address(target))


class ThingRestore(ThingPage, abstract=True):
    """Bring it back."""

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Bring it back."""
        target = type(self).restore(actor=self.actor, **{self.noun: self.find(key)})
        messages.success(request, _("%(name)s is back.") % {"name": target.name})
        return redirect(self.address(target))


class MeterPage(ThingPage, abstract=True):
    """What differs for meters."""

    glyph = "activity"
    noun, plural, create_label = "meter", gettext_lazy("Meters"), gettext_lazy("Create meter")
    about = gettext_lazy("Turns events of use into the quantity that a price is for. How it counts never changes.")
    edit_form, source, facts, rows = MeterEditForm, selectors.meters, presenters.meter_facts, presenters.meter_rows
    create, update = meters.meter_create, meters.meter_update
    archive, restore = meters.meter_archive, meters.meter_restore
    uses = thing_uses.meter_uses

    def new_form(self, *args: Any) -> Form:
        """The form that makes one."""
        return MeterForm(*args)


class FeaturePage(ThingPage, abstract=True):
    """What differs for features."""

    glyph = "key"
    noun, plural, create_label = "feature", gettext_lazy("Features"), gettext_lazy("Create feature")
    about = gettext_lazy("What a plan opens, or gives a number of. The host product asks for it by its code.")
    edit_form, source = FeatureEditForm, selectors.features
    facts, rows = presenters.feature_facts, presenters.feature_rows
    create, update = meters.feature_create, meters.feature_update
    archive, restore = meters.feature_archive, meters.feature_restore
    uses = thing_uses.feature_uses

    def new_form(self, *args: Any) -> Form:
        """The form that makes one."""
        known = selectors.meters(self.actor).filter(archived_at=None).order_by("name", "pk")
        return FeatureForm(*args, meters=list(known))


class CouponPage(ThingPage, abstract=True):
    """What differs for coupons."""

    glyph = "invoice"
    noun, plural, create_label = "coupon", gettext_lazy("Coupons"), gettext_lazy("Create coupon")
    write = "coupon:admin"
    about = gettext_lazy("Takes a share or an amount off, before tax. What it gives never changes.")
    edit_form, source = CouponEditForm, selectors.coupons
    facts, rows = presenters.coupon_facts, presenters.coupon_rows
    create, update = coupons.coupon_create, coupons.coupon_update
    archive, restore = coupons.coupon_archive, coupons.coupon_restore
    uses = thing_uses.coupon_uses

    def new_form(self, *args: Any) -> Form:
        """The form that makes one."""
        known = selectors.plans(self.actor).exclude(state="archived").order_by("position", "pk")
        return CouponForm(*args, plans=list(known))

    def sent(self, form: Form) -> dict[str, Any]:
        """An amount in minor units of its currency; `Invalid` for one without a currency."""
        values = dict(form.cleaned_data)
        amount, currency = values.pop("amount"), values["currency"]
        if amount is not None:
            if not currency:
                raise errors.Invalid(fields={"currency": [_("Choose the currency of the amount.")]})
            values["amount_off"] = parsed(amount, currency).amount
        return values


class MetersView(ListView):
    """All meters."""

    access, declared = "plan:read", lists.meters

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return _list_head(self, MeterPage)


class MeterView(MeterPage, DetailView[Any]):
    """The page of a meter."""

    access = "plan:read"


class MeterNewView(MeterPage, ThingNew):
    """Make a meter."""

    access = "plan:admin"


class MeterEditView(MeterPage, ThingEdit):
    """Change a meter."""

    access = "plan:admin"


class MeterArchiveView(MeterPage, ThingArchive):
    """Archive a meter."""

    access = "plan:admin"


class MeterRestoreView(MeterPage, ThingRestore):
    """Bring a meter back."""

    access = "plan:admin"


class FeaturesView(ListView):
    """All features."""

    access, declared = "plan:read", lists.features

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return _list_head(self, FeaturePage)


class FeatureView(FeaturePage, DetailView[Any]):
    """The page of a feature."""

    access = "plan:read"


class FeatureNewView(FeaturePage, ThingNew):
    """Make a feature."""

    access = "plan:admin"


class FeatureEditView(FeaturePage, ThingEdit):
    """Change a feature."""

    access = "plan:admin"


class FeatureArchiveView(FeaturePage, ThingArchive):
    """Archive a feature."""

    access = "plan:admin"


class FeatureRestoreView(FeaturePage, ThingRestore):
    """Bring a feature back."""

    access = "plan:admin"


class CouponsView(ListView):
    """All coupons."""

    access, declared = "plan:read", lists.coupons

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        return _list_head(self, CouponPage)


class CouponView(CouponPage, DetailView[Any]):
    """The page of a coupon."""

    access = "plan:read"


class CouponNewView(CouponPage, ThingNew):
    """Make a coupon."""

    access = "coupon:admin"


class CouponEditView(CouponPage, ThingEdit):
    """Change a coupon."""

    access = "coupon:admin"


class CouponArchiveView(CouponPage, ThingArchive):
    """Archive a coupon."""

    access = "coupon:admin"


class CouponRestoreView(CouponPage, ThingRestore):
    """Bring a coupon back."""

    access = "coupon:admin"


def _list_head(view: ListView, page: type[ThingPage]) -> dict[str, Any]:
    values: dict[str, Any] = {"lead": page.about}
    if can(view.actor, page.write):
        url = reverse(f"billing:{page.noun}_new")
        values["head_actions"] = [{"label": page.create_label, "icon": "plus", "tone": "primary", "url": url}]
    return values
