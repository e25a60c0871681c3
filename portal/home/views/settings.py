"""Settings of the installation: what there is, what holds and why, changing one, and its history."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import avatars
from portal.home import setting_presenters as presenters
from portal.home.setting_forms import RevertForm, SettingForm, as_json, initial_of
from portal.home.views.outbox import BODY_CSP
from portal.kit import errors, htmx, identity, limits, paging, toasts
from portal.kit.decision import can
from portal.kit.forms import refused
from portal.kit.mail import letters
from portal.kit.notices.categories import categories
from portal.kit.runtime import declare, kinds, selectors, services
from portal.kit.runtime.declare import Setting
from portal.kit.runtime.selectors import Shown
from portal.kit.views import PageView

LONGEST_QUESTION = 100


class Settings(PageView):
    """All settings by group, with a search."""

    access = "system:read"
    template_name = "home/settings.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        rows = selectors.settings(self.actor)
        question = request.GET.get("q", "").strip()[:LONGEST_QUESTION]
        view = request.GET.get("view", "")
        view = view if view in dict(presenters.VIEWS) else ""
        values = {
            "groups": presenters.groups_of(rows, question, view),
            "tabs": presenters.tabs_of(rows, view, question),
            "question": question,
            "view": view,
            "elsewhere": presenters.elsewhere(self.actor),
        }
        return htmx.answer(request, page=self.template_name, part="home/_settings_found.html", values=values)


class SettingPage(PageView):
    """One setting: its value and source, the form, what a value would mean, and every value that it had.

    Posted with `do`: save, preview, reset (to the default) or revert (to the version `to`).
    """

    access = "system:read"
    template_name = "home/setting.html"

    def dangerous(self, request: HttpRequest) -> bool:
        """Whether this very change lowers security."""
        return request.method == "POST" and identity.of(request) is not None and _lowers(request)

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        """As it stands; with `to`, what taking up an earlier value would mean."""
        one = selectors.setting(self.actor, code)
        to = request.GET.get("to", "")
        if to.isascii() and to.isdigit() and len(to) < 19:
            return self._shown(one, revert=RevertForm(initial={"to": int(to)}), to=int(to))
        return self._shown(one)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        """Change it, or say what that would mean."""
        one = selectors.setting(self.actor, code)
        do = request.POST.get("do", "save")
        if do == "revert":
            return self._reverted(one)
        if do == "reset":
            return self._reset(one)
        form = _bound(request, one.declared)
        if do == "preview":
            return self._preview(one, form)
        if not form.is_valid():
            return self._shown(one, form, status=422)
        try:
            row = self._saved(one.declared, form)
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._shown(one, form, status=error.status)
        toasts.add(
            request,
            _("Saved. It holds everywhere within two seconds.")
            if row.number != one.number
            else _("Nothing was changed."),
        )
        return redirect("home:setting", code)

    def _preview(self, one: Shown, form: SettingForm) -> HttpResponse:
        """What the value would mean; for htmx that part alone, also where it says why the value cannot be."""
        declared, preview = one.declared, None
        if form.is_valid() and not isinstance(declared.kind, kinds.Picture):
            try:
                value = services.understood(declared, form.sent)
                preview = presenters.preview_of(declared, one.value, value)
            except errors.Invalid as error:
                refused(form, error)
        if htmx.wants_part(self.request):
            wrong = " ".join(str(text) for texts in form.errors.values() for text in texts)
            return self.page({"preview": preview, "wrong": wrong}, template="home/_setting_preview.html")
        return self._shown(one, form, preview=preview, status=200 if preview else 422)

    def _saved(self, declared: Setting[Any], form: SettingForm) -> Any:
        sent = form.cleaned_data
        given = {"reason": sent["reason"], "number": sent["number"]}
        if not isinstance(declared.kind, kinds.Picture):
            return services.setting_change(actor=self.actor, code=declared.code, value=form.sent, **given)
        limits.spend(
            self.request, limits.SENSITIVE
        )  # Decoding a picture is the most work that one request can ask for.
        try:
            name = avatars.keep(avatars.drawn(form.upload()), avatars.BRAND_FOLDER)
        except errors.Invalid as error:
            raise errors.Invalid(fields={"value": error.fields["picture"]}) from error
        try:
            return services.setting_change(actor=self.actor, code=declared.code, value=name.hex, **given)
        except BaseException:
            avatars.remove(name, avatars.BRAND_FOLDER)
            raise

    def _reset(self, one: Shown) -> HttpResponse:
        form = SettingForm(one.declared, self.request.POST)
        number = self.request.POST.get("number", "")
        try:
            services.setting_reset(
                actor=self.actor,
                code=one.declared.code,
                reason=self.request.POST.get("reason", ""),
                number=int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None,
            )
        except (errors.Invalid, errors.Conflict) as error:
            form = SettingForm(one.declared, self.request.POST)
            form.is_valid()
            refused(form, error)
            return self._shown(one, form, status=error.status)
        toasts.add(self.request, _("The default holds again."))
        return redirect("home:setting", one.declared.code)

    def _reverted(self, one: Shown) -> HttpResponse:
        form = RevertForm(self.request.POST)
        if not form.is_valid():
            raise errors.BadRequest
        to = form.cleaned_data["to"]
        try:
            services.setting_revert(actor=self.actor, code=one.declared.code, to=to, reason=form.cleaned_data["reason"])
        except (errors.Invalid, errors.Conflict) as error:
            refused(form, error)
            return self._shown(one, revert=form, to=to, status=error.status)
        toasts.add(self.request, _("The earlier value holds again."))
        return redirect("home:setting", one.declared.code)

    def _shown(
        self,
        one: Shown,
        form: SettingForm | None = None,
        *,
        revert: RevertForm | None = None,
        to: int = 0,
        preview: dict[str, Any] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        declared = one.declared
        may = bool(can(self.actor, services.PERMISSION))
        if revert is not None and preview is None:
            preview = presenters.preview_of(declared, one.value, services.value_then(declared, to))
        if preview is None and declared.code in presenters.BRANDING:
            preview = presenters.preview_of(declared, one.value, one.value)
        versions = selectors.versions(self.actor, declared.code)
        values = {
            "row": presenters.row_of(one),
            "group": declared.group,
            "may": may and not declared.fixed,
            "may_change": may,
            "form": form or _unbound(one),
            "revert": revert,
            "to": to,
            "multipart": isinstance(declared.kind, kinds.Picture),
            "can_preview": declared.consequence is not None
            or declared.code in presenters.BRANDING
            or declared.weaker is not None,
            "preview": preview,
            "page": paging.of(
                self.request, versions, lambda row: presenters.version_row(declared, row, one.number, may)
            ),
        }
        return self.page(values, status=status)


class SampleMail(PageView):
    """How a mail would look with a value of the branding, as a document of its own in which nothing runs."""

    access = "system:read"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The document; a value that is not allowed is left out."""
        declared = declare.find(request.GET.get("code", ""))
        tried: dict[str, Any] = {}
        if declared is not None and declared.code in presenters.BRANDING:
            try:
                tried[declared.code] = declared.kind.read(request.GET.get("value", ""))
            except kinds.Refused:
                tried = {}
        with declare.trying(tried):
            url = f"{settings.STEWARD_PUBLIC_URL}/platform/settings"
            values = {"title": _("A sample"), "url": url, "name": str(self.actor.label)}
            letter = letters.compose("settings_sample", values, category=categories.get("security"))
        reply = HttpResponse(letter.html)
        reply["Content-Security-Policy"] = BODY_CSP
        return reply


def _unbound(one: Shown) -> SettingForm:
    initial = {"value": initial_of(one.declared, one.value), "number": one.number}
    if isinstance(one.declared.kind, kinds.Picture):
        del initial["value"]
    return SettingForm(one.declared, initial=initial)


def _bound(request: HttpRequest, declared: Setting[Any]) -> SettingForm:
    return SettingForm(declared, request.POST, request.FILES)


def _lowers(request: HttpRequest) -> bool:
    """What cannot be understood is refused later on, and lowers nothing."""
    match = request.resolver_match
    declared = declare.find(str(match.kwargs.get("code", ""))) if match else None
    if declared is None or declared.weaker is None:
        return False
    do, sent = request.POST.get("do", "save"), request.POST
    try:
        if do == "save":
            form = _bound(request, declared)
            after = declared.kind.read(as_json(declared.kind, form.cleaned_data["value"])) if form.is_valid() else None
        elif do == "revert":
            after = services.value_then(declared, int(sent.get("to", "")[:18] or 0))
        elif do == "reset":
            after = declared.installed()
        else:
            return False
    except (ValueError, errors.StewardError):
        return False
    return after is not None and declared.lowers(declared.value(), after)
