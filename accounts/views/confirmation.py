"""Confirming who one is before a dangerous act."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from accounts.factor_forms import CodeForm, ConfirmPasswordForm
from accounts.factor_selectors import recovery_codes_left
from accounts.factors import Proof
from accounts.services.confirmation import PASSWORD, confirmation_give, confirmation_kinds
from accounts.views.sessions import codes_left_text, kind_of, next_of, remember
from portal.kit import errors, identity, limits
from portal.kit.access import SignedIn
from portal.kit.identity import Identity
from portal.kit.views import PageView


class ConfirmView(PageView):
    """Where the gate leads before a dangerous act; `next` is where it goes on."""

    access = SignedIn("Everybody confirms for oneself who one is.", before_second_factor=True)
    limit = limits.SENSITIVE
    template_name = "accounts/confirm.html"
    who: Identity

    @method_decorator(sensitive_post_parameters("password", "code"))
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """As every page; what is typed never stands in an error report."""
        who = identity.of(request)
        if who is not None:
            self.who = who
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form for the strongest that the person has."""
        kinds = self._kinds()
        kind = kind_of(request, kinds)
        return self._form(CodeForm(kind=kind) if kind != PASSWORD else ConfirmPasswordForm(), kind, kinds)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Check it, and go on under a new token. A wrong proof and a lock look the same."""
        kinds = self._kinds()
        kind = kind_of(request, kinds)
        form = CodeForm(request.POST, kind=kind) if kind != PASSWORD else ConfirmPasswordForm(request.POST)
        if not form.is_valid():
            return self._form(form, kind, kinds, status=422)
        proof = Proof(kind, form.cleaned_data["code" if kind != PASSWORD else "password"])
        token = confirmation_give(request=request, actor=self.actor, session_id=self.who.session_id, proof=proof)
        if token is None:
            refused = CodeForm.refused(kind) if kind != PASSWORD else ConfirmPasswordForm.refused()
            return self._form(refused, kind, kinds, status=422)
        rotate_token(request)
        reply = redirect(next_of(request))
        remember(reply, token)
        if kind == "recovery":
            messages.warning(request, codes_left_text(recovery_codes_left(self.who.person.pk)))
        return reply

    def _kinds(self) -> list[str]:
        if self.who.through is not None or self.actor.id is None:
            raise errors.Forbidden  # Nobody proves to be somebody else.
        return confirmation_kinds(user_id=self.actor.id)

    def _form(
        self, form: CodeForm | ConfirmPasswordForm, kind: str, kinds: list[str], *, status: int = 200
    ) -> HttpResponse:
        values = {"form": form, "kind": kind, "kinds": kinds, "person": self.who.person, "next": next_of(self.request)}
        return self.page(values, status=status)
