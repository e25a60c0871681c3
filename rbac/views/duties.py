"""Separated duties: the rules, who breaks them, and making them. The same under an organisation and for staff."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import errors
from portal.kit.decision import can
from portal.kit.forms import refused
from portal.kit.views import PageView
from rbac import elevation_selectors as selectors
from rbac.duty_presenters import conflict_rows, ready_rows, rule_rows
from rbac.govern_forms import DutyForm
from rbac.models import DutyRule
from rbac.ready_duties import ready_rules
from rbac.services import duties as services
from rbac.services.duties import DutyDraft, rules_made_by


class DutyBase(PageView, abstract=True):
    """What these pages share."""

    def url(self, name: str, *args: Any) -> str:
        """The address of one of these pages, where the actor stands."""
        if self.actor.organisation_id is None:
            return reverse(f"rbac:platform_{name}", args=args)
        return reverse(f"rbac:{name}", args=[self.kwargs["slug"], *args])


class DutiesBase(DutyBase, abstract=True):
    """The rules and who breaks them; a ready-made one is switched on here, and each of them on and off."""

    template_name = "rbac/duties.html"

    def get(self, request: HttpRequest, **named: Any) -> HttpResponse:
        """Rules, conflicts, and what is ready-made."""
        return self._shown()

    def post(self, request: HttpRequest, **named: Any) -> HttpResponse:
        """What a button sent: `ready`, `switch` or `delete`."""
        if not can(self.actor, rules_made_by(organisation_id=self.actor.organisation_id)):
            raise errors.Forbidden
        sent, acts = request.POST, {"ready": self._ready, "switch": self._switch, "delete": self._delete}
        act = acts.get(sent.get("do", ""))
        if act is None:
            raise errors.BadRequest
        try:
            told = act(sent.get("rule", ""))
        except (errors.Conflict, errors.Invalid) as error:
            return self._shown(status=error.status, notice={"tone": "bad", "title": error.title, "text": error.detail})
        messages.success(request, told)
        return redirect(self.url("duties"))

    def _ready(self, code: str) -> str:
        inside = self.actor.organisation_id is not None
        spec = next((rule for rule in ready_rules(inside=inside) if rule.code == code), None)
        if spec is None:
            raise errors.NotFound
        draft = DutyDraft(
            name=str(spec.name),
            description=str(spec.description),
            one_codes=spec.one,
            other_codes=spec.other,
            ready=spec.code,
        )
        services.duty_rule_create(actor=self.actor, organisation_id=self.actor.organisation_id, draft=draft)
        return _("The rule is on. Who breaks it already is listed below.")

    def _switch(self, key: str) -> str:
        rule = self._rule(key)
        draft = replace(services.draft_of(rule=rule), is_active=not rule.is_active)
        services.duty_rule_update(actor=self.actor, rule=rule, draft=draft)
        return _("The rule is on.") if draft.is_active else _("The rule is off. It refuses nothing any more.")

    def _delete(self, key: str) -> str:
        services.duty_rule_delete(actor=self.actor, rule=self._rule(key))
        return _("The rule is deleted.")

    def _rule(self, key: str) -> DutyRule:
        try:
            return selectors.duty_rule(self.actor, UUID(key))
        except ValueError:
            raise errors.NotFound from None

    def _shown(self, *, status: int = 200, notice: dict[str, Any] | None = None) -> HttpResponse:
        rules = list(selectors.duty_rules(self.actor).order_by("name", "id"))
        found = selectors.duty_conflicts(self.actor, rules)
        may = can(self.actor, rules_made_by(organisation_id=self.actor.organisation_id)).allowed
        slug = self.kwargs.get("slug", "")
        roles = selectors.duty_roles(self.actor)
        edit = {rule.pk: self.url("duty_edit", rule.pk) for rule in rules} if may else {}
        values = {
            "rules": rule_rows(rules, found, roles, edit),
            "conflicts": conflict_rows(found, selectors.names(found), roles, slug),
            "ready": ready_rows(rules, inside=self.actor.organisation_id is not None) if may else [],
            "new_url": self.url("duty_new") if may else "",
            "action": self.url("duties"),
            "inside": self.actor.organisation_id is not None,
            "notice": notice,
        }
        return self.page(values, status=status)


class DutyFormBase(DutyBase, abstract=True):
    """The form of a rule."""

    template_name = "rbac/duty_form.html"

    def form(self, *args: Any, **kwargs: Any) -> DutyForm:
        """The form with what a rule can name here."""
        codes: Sequence[str] = selectors.duty_codes(self.actor)
        return DutyForm(*args, codes=codes, roles=selectors.duty_roles(self.actor), **kwargs)

    def shown(self, form: DutyForm, rule: DutyRule | None, *, status: int = 200) -> HttpResponse:
        """The page with the form."""
        where = self.url("duties")
        return self.page({"form": form, "rule": rule, "list_url": where, "cancel_url": where}, status=status)


class DutyNewBase(DutyFormBase, abstract=True):
    """Make a rule."""

    def get(self, request: HttpRequest, **named: Any) -> HttpResponse:
        """The form."""
        return self.shown(self.form(), None)

    def post(self, request: HttpRequest, **named: Any) -> HttpResponse:
        """Make it."""
        form = self.form(request.POST)
        if not form.is_valid():
            return self.shown(form, None, status=422)
        try:
            made = services.duty_rule_create(
                actor=self.actor, organisation_id=self.actor.organisation_id, draft=form.draft()
            )
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self.shown(form, None, status=error.status)
        messages.success(request, _("The rule %(name)s is made.") % {"name": made})
        return redirect(self.url("duties"))


class DutyEditBase(DutyFormBase, abstract=True):
    """Change a rule."""

    def get(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """The form with what it says."""
        rule = selectors.duty_rule(self.actor, key)
        return self.shown(self.form(initial={name: getattr(rule, name) for name in services.FIELDS}), rule)

    def post(self, request: HttpRequest, key: UUID, **named: Any) -> HttpResponse:
        """Save what differs."""
        rule = selectors.duty_rule(self.actor, key)
        form = self.form(request.POST)
        if not form.is_valid():
            return self.shown(form, rule, status=422)
        try:
            services.duty_rule_update(actor=self.actor, rule=rule, draft=form.draft(rule.ready))
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self.shown(form, rule, status=error.status)
        messages.success(request, _("Saved."))
        return redirect(self.url("duties"))


class DutiesView(DutiesBase):
    """The rules of an organisation."""

    access = "member:read"


class DutyNewView(DutyNewBase):
    """Make a rule of an organisation."""

    access = "role:update"


class DutyEditView(DutyEditBase):
    """Change a rule of an organisation."""

    access = "role:update"


class PlatformDutiesView(DutiesBase):
    """The rules of the installation."""

    access = "role:admin"


class PlatformDutyNewView(DutyNewBase):
    """Make a rule of the installation."""

    access = "role:admin"


class PlatformDutyEditView(DutyEditBase):
    """Change a rule of the installation."""

    access = "role:admin"
