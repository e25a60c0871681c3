"""Plans: list, page with versions and a preview as a customer sees it, and what is done to a plan."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors import history_page
from billing.forms.catalogue import NEW, PlanEditForm, PlanNewForm
from billing.lists.catalogue import plans
from billing.models import Plan
from billing.presenters.catalogue import plan_state
from billing.presenters.plan_pages import DraftShown, PlanShown, price_groups, version_facts
from billing.selectors import catalogue as selectors
from billing.services import plans as services
from portal.kit import errors
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, history_tab
from portal.kit.forms import refused
from portal.kit.lists.views import ListView


class PlansView(ListView):
    """All plans and add-ons."""

    access = "plan:read"
    declared = plans

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        values: dict[str, Any] = {"lead": _("What is sold, in the order in which customers see it.")}
        if can(self.actor, "plan:admin"):
            new = {"label": _("Create plan"), "icon": "plus", "tone": "primary", "url": reverse("billing:plan_new")}
            values["head_actions"] = [new]
        return values


def _overview(view: DetailPage[Any], target: Plan) -> Mapping[str, Any]:
    shown = PlanShown(view.actor, target, view.request.GET.get("currency", ""))
    return {
        "sold": shown.sold,
        "groups": price_groups(shown.sold) if shown.sold else [],
        "terms": version_facts(shown.sold) if shown.sold else [],
        "versions": shown.versions,
        "card": shown.card,
        "currencies": shown.currencies,
        "currency": shown.currency,
    }


def _draft(view: DetailPage[Any], target: Plan) -> Mapping[str, Any]:
    return DraftShown(view.actor, target, view.request.GET.get("currency", "")).values()


class PlanBase(DetailPage[Plan], abstract=True):
    """What the page of a plan and the acts upon it share."""

    tabs = (
        Tab("overview", gettext_lazy("Overview"), "billing/_plan_overview.html", _overview),
        Tab("draft", gettext_lazy("Draft"), "billing/_plan_draft.html", _draft, "plan:admin"),
        history_tab(history_page),
    )
    _drafted: bool | None = None  # Asked for by buttons and dialogs, once a request.

    def find(self, key: UUID) -> Plan:
        """The plan; `NotFound` where there is none."""
        found: Plan = selectors.one(selectors.plans(self.actor), key)
        return found

    def address(self, target: Plan) -> str:
        """Its page."""
        return reverse("billing:plan", args=[target.pk])

    def head(self, target: Plan) -> Head:
        """Mark, name, state, actions."""
        return Head(
            title=target.name,
            subtitle=f"{target.product} · {target.code}",
            states=[plan_state(target)],
            actions=self._actions(target),
            more=self._more(target),
            dialogs=self._dialogs(target),
            crumbs=[(_("Plans"), reverse("billing:plans"))],
            glyph="cube",
        )

    def _has_draft(self, target: Plan) -> bool:
        if self._drafted is None:
            self._drafted = target.pk in selectors.drafts(self.actor)
        return self._drafted

    def _actions(self, target: Plan) -> list[dict[str, Any]]:
        if not can(self.actor, "plan:admin"):
            return []
        if target.state == Plan.State.ARCHIVED:
            return [{"label": _("Bring back"), "icon": "unlock", "dialog": "restore", "tone": "primary"}]
        edit = {"label": _("Edit"), "icon": "edit", "url": f"{self.address(target)}/edit"}
        if self._has_draft(target):
            publish = {"label": _("Publish"), "icon": "upload", "dialog": "publish", "tone": "primary"}
            return [edit, publish]
        start = {"label": _("New version"), "icon": "plus", "dialog": "start", "tone": "primary"}
        return [edit, start]

    def _more(self, target: Plan) -> list[dict[str, Any]]:
        if not can(self.actor, "plan:admin") or target.state == Plan.State.ARCHIVED:
            return []
        archive = {"label": _("Archive"), "icon": "lock", "dialog": "archive", "tone": "danger"}
        if self._has_draft(target):
            return [{"label": _("Discard draft"), "icon": "trash", "dialog": "discard", "tone": "danger"}, archive]
        return [archive]

    def _dialogs(self, target: Plan) -> list[dict[str, Any]]:
        offered = [*self._actions(target), *self._more(target)]
        shown = {action.get("dialog") for action in offered}
        name = {"name": target.name}
        made = (
            {
                "id": "start",
                "title": _("Start a new version of %(name)s?") % name,
                "text": _(
                    "It begins as a copy of what is sold now. Nothing changes for anybody until it is published."
                ),
                "confirm_label": _("Start draft"),
                "tone": "primary",
                "glyph": "plus",
            },
            {
                "id": "publish",
                "title": _("Publish this version of %(name)s?") % name,
                "text": _("From then on it is sold, and never changes. Who has an older version keeps it."),
                "confirm_label": _("Publish"),
                "tone": "primary",
                "glyph": "upload",
            },
            {
                "id": "discard",
                "title": _("Discard the draft of %(name)s?") % name,
                "text": _("Its prices are gone. What is sold stays as it is."),
                "confirm_label": _("Discard draft"),
                "glyph": "trash",
            },
            {
                "id": "archive",
                "title": _("Archive %(name)s?") % name,
                "text": _("Nobody can choose it any more. Those who have it keep it, and you can bring it back."),
                "confirm_label": _("Archive"),
                "glyph": "lock",
            },
            {
                "id": "restore",
                "title": _("Bring %(name)s back?") % name,
                "text": _("It can be chosen again, as it was."),
                "confirm_label": _("Bring back"),
                "tone": "primary",
                "glyph": "unlock",
            },
        )
        where = self.address(target)
        return [{**one, "url": f"{where}/{one['id']}"} for one in made if one["id"] in shown]


class PlanView(PlanBase, DetailView[Plan]):
    """The page of a plan."""

    access = "plan:read"


class PlanNewView(PlanBase):
    """Make a plan, and its product where that is new."""

    access = "plan:admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self._form(self._fields())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make it; sent again, the code is taken: none is made twice."""
        form = self._fields(request.POST)
        if not form.is_valid():
            return self._form(form, status=422)
        try:
            with transaction.atomic():
                made = self._made(form)
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._form(form, status=error.status)
        messages.success(request, _("%(name)s is made. Start its first version.") % {"name": made})
        return redirect(self.address(made))

    def _made(self, form: PlanNewForm) -> Plan:
        sent = dict(form.cleaned_data)
        key, name = sent.pop("product"), sent.pop("product_name")
        if key == NEW:
            product = services.product_create(actor=self.actor, code=slugify(name)[:40] or sent["code"], name=name)
        else:
            product = form.products[key]
        return services.plan_create(actor=self.actor, product=product, **sent)

    def _fields(self, *args: Any) -> PlanNewForm:
        return PlanNewForm(
            *args, products=list(selectors.products(self.actor).filter(archived_at=None).order_by("name"))
        )

    def _form(self, form: PlanNewForm, *, status: int = 200) -> HttpResponse:
        where = reverse("billing:plans")
        values = {
            "form": form, "title": _("Create plan"), "lead": _("It is sold once a version of it is published."),
            "crumbs": [(_("Plans"), where)], "cancel_url": where, "submit_label": _("Create plan"),
        }  # fmt: skip
        return self.page(values, template="billing/form.html", status=status)


class PlanEditView(PlanBase):
    """Change name, description, card and who finds it."""

    access = "plan:admin"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The form."""
        target = self.find(key)
        return self._form(target, PlanEditForm({name: getattr(target, name) for name in services.EDITABLE}))

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Save what differs."""
        target = self.find(key)
        form = PlanEditForm(request.POST)
        if not form.is_valid():
            return self._form(target, form, status=422)
        values = form.cleaned_data | {"family": form.cleaned_data["family"] or target.code}
        try:
            services.plan_update(actor=self.actor, plan=target, values=values)
        except errors.Invalid as error:
            refused(form, error)
            return self._form(target, form, status=error.status)
        messages.success(request, _("Saved."))
        return redirect(self.address(target))

    def _form(self, target: Plan, form: PlanEditForm, *, status: int = 200) -> HttpResponse:
        where = self.address(target)
        values = {
            "form": form, "title": _("Edit %(name)s") % {"name": target}, "submit_label": _("Save changes"),
            "lead": _("What it costs and gives stands in its versions."), "cancel_url": where,
            "crumbs": [(_("Plans"), reverse("billing:plans")), (target.name, where)],
        }  # fmt: skip
        return self.page(values, template="billing/form.html", status=status)


class PlanArchiveView(PlanBase):
    """Offer a plan no longer."""

    access = "plan:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Archive it."""
        target = services.plan_archive(actor=self.actor, plan=self.find(key))
        messages.success(request, _("%(name)s is archived.") % {"name": target})
        return redirect(self.address(target))


class PlanRestoreView(PlanBase):
    """Bring a plan back."""

    access = "plan:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Bring it back."""
        target = services.plan_restore(actor=self.actor, plan=self.find(key))
        messages.success(request, _("%(name)s is back.") % {"name": target})
        return redirect(self.address(target))


class PlanMoveView(PlanBase):
    """Its place in the picker."""

    access = "plan:admin"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """One place earlier or later, as `do` says."""
        target = self.find(key)
        keys = list(selectors.plans(self.actor).order_by("position", "pk").values_list("pk", flat=True))
        step = {"earlier": -1, "later": 1}.get(request.POST.get("do", ""))
        if step is None:
            raise errors.BadRequest
        place = keys.index(target.pk)
        keys.insert(min(max(place + step, 0), len(keys) - 1), keys.pop(place))
        services.plans_reorder(actor=self.actor, plans=keys)
        return redirect(self.address(target))
