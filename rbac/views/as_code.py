"""Roles and access as a file: take it out, compare one with what is there, apply it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import ngettext

from portal.kit import errors
from portal.kit.views import PageView
from rbac.as_code.reader import MOST_BYTES
from rbac.as_code_forms import CodeForm
from rbac.as_code_presenters import plan_values
from rbac.errors import CodeInvalid, CodeOutdated
from rbac.services.as_code import code_apply, code_export, code_plan


class CodeView(PageView):
    """Paste or upload a file, look at its plan, apply it."""

    access = "role:assign"
    template_name = "rbac/code.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The form."""
        return self._form(CodeForm())

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """`plan` shows what the file would do, `apply` does it, `back` leads to the text again."""
        todo = request.POST.get("do", "")
        if todo not in {"plan", "apply", "back"}:
            raise errors.BadRequest
        form = CodeForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._form(form, status=422)
        text, prune = form.cleaned_data["yaml"], form.cleaned_data["prune"]
        if todo == "back":
            return self._form(CodeForm(initial={"yaml": text, "prune": prune}))
        try:
            if todo == "plan":
                return self._planned(text, prune)
            return self._applied(text, prune, request.POST.get("fingerprint", ""))
        except CodeOutdated as error:
            return self._planned(text, prune, notice=error, status=error.status)
        except CodeInvalid as error:
            form = CodeForm(initial={"yaml": text, "prune": prune})
            return self._form(form, status=422, wrong=list(error.fields.get("yaml", [])))

    def _here(self) -> Any:
        if self.actor.organisation_id is None:
            raise errors.NotFound
        return self.actor.organisation_id

    def _planned(
        self, text: str, prune: bool, *, notice: errors.StewardError | None = None, status: int = 200
    ) -> HttpResponse:
        plan = code_plan(actor=self.actor, organisation_id=self._here(), text=text, prune=prune)
        said = notice or plan.refusal
        values = plan_values(plan) | {
            "yaml": text,
            "prune": prune,
            "notice": {"tone": "bad", "title": said.title, "text": said.detail} if said else None,
            "list_url": self._address("rbac:code"),
        }
        return self.page(values, template="rbac/code_plan.html", status=status)

    def _applied(self, text: str, prune: bool, fingerprint: str) -> HttpResponse:
        if not fingerprint:
            raise errors.BadRequest
        try:
            done = code_apply(
                actor=self.actor, organisation_id=self._here(), text=text, prune=prune, expected=fingerprint
            )
        except CodeInvalid:
            raise
        except (errors.Forbidden, errors.Invalid) as error:
            return self._planned(text, prune, notice=error, status=error.status)
        told = ngettext("%(n)d change is applied.", "%(n)d changes are applied.", len(done)) % {"n": len(done)}
        messages.success(self.request, told)
        return redirect(self._address("rbac:code"))

    def _form(self, form: CodeForm, *, status: int = 200, wrong: list[str] | None = None) -> HttpResponse:
        values = {
            "form": form,
            "wrong": wrong or [],
            "export_url": self._address("rbac:code_export"),
            "roles_url": self._address("rbac:roles"),
            "limit": MOST_BYTES,
        }
        return self.page(values, status=status)

    def _address(self, name: str) -> str:
        return reverse(name, args=[self.kwargs["slug"]])


class CodeExportView(PageView):
    """The file of the organisation."""

    access = "role:assign"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Download it."""
        if self.actor.organisation_id is None:
            raise errors.NotFound
        text = code_export(actor=self.actor, organisation_id=self.actor.organisation_id)
        headers = {"Content-Disposition": f'attachment; filename="{slug}-roles.yaml"'}
        return HttpResponse(text.encode(), content_type="application/yaml; charset=utf-8", headers=headers)
