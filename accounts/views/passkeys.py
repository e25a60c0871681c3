"""One's own passkeys: list, add, rename, remove; and the questions that a browser hands to an authenticator."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.errors import SignInGone
from accounts.factor_selectors import factors_of, pending_sign_in
from accounts.passkey_forms import AnswerForm
from accounts.presenters.passkeys import passkeys_section
from accounts.services import passkeys
from accounts.services.factors import factor_proved
from accounts.services.sessions import session_start
from accounts.views.second_factor import FactorPage, who_of
from accounts.views.sessions import let_in, next_of, remember
from portal.kit import crypto, errors, limits
from portal.kit.access import Public, SignedIn
from portal.kit.views import PageView

WHY = "Nobody is signed in before it."
COOKIE, PATH = "passkey_question", "/sign-in/passkey"
HERE = "/me/passkeys"


class PasskeysBase(FactorPage, abstract=True):
    """What the acts upon one's own passkeys share: a refused one answers with their page."""

    template_name = "accounts/passkeys.html"

    def shown(self, *, status: int = 200, refused: errors.StewardError | None = None) -> HttpResponse:
        """The page; `refused` says above it why what was asked was not done."""
        state = factors_of(who_of(self.request).person.pk)
        kept = state.due_at is not None and state.lasting == 1
        values: dict[str, Any] = passkeys_section(self.actor, back=HERE, kept=kept)
        if refused is not None:
            texts = [str(text) for found in refused.fields.values() for text in found] or [str(refused.detail)]
            values["notice"] = {"tone": "bad", "title": refused.title, "text": " ".join(texts)}
        return self.page(values, status=status)

    def back(self) -> HttpResponse:
        """To the page that shows the section."""
        wanted = next_of(self.request)
        return redirect(HERE if wanted == "/" else wanted)


class PasskeysView(PasskeysBase):
    """One's own passkeys."""

    step_up = False

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, and the way to add one."""
        return self.shown()


class PasskeyOptionsView(PasskeysBase):
    """What the browser asks an authenticator for a new passkey."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """The question as JSON; its answer is sent to `PasskeyAddView`."""
        try:
            question = passkeys.registration_begin(actor=self.actor, session_id=who_of(request).session_id)
        except errors.Conflict as error:
            return told(error)
        return JsonResponse(question)


class PasskeyAddView(PasskeysBase):
    """Keep the passkey that an authenticator made."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Check and keep it; this browser has proved a second factor by that, and goes on under a new token."""
        sent, name, session_id = AnswerForm(request.POST), request.POST.get("name", ""), who_of(request).session_id
        if not sent.is_valid():
            return self.shown(status=422, refused=errors.Invalid(_("No passkey came from the browser. Try again.")))
        answer = sent.cleaned_data["answer"]
        try:
            passkey, codes = passkeys.passkey_add(actor=self.actor, session_id=session_id, answer=answer, name=name)
        except (errors.Invalid, errors.Conflict) as error:
            return self.shown(status=error.status, refused=error)
        token = factor_proved(actor=self.actor, session_id=session_id)
        rotate_token(request)
        if codes:
            reply = self.codes(codes, first=True)
        else:
            messages.success(request, _("The passkey “%(name)s” is added.") % {"name": passkey.name})
            reply = self.back()
        remember(reply, token)
        return reply


class PasskeyRenameView(PasskeysBase):
    """Rename one."""

    step_up = False

    def post(self, request: HttpRequest, passkey_id: UUID) -> HttpResponse:
        """Give it the name that was sent."""
        try:
            passkeys.passkey_rename(actor=self.actor, passkey_id=passkey_id, name=request.POST.get("name", ""))
        except errors.Invalid as error:
            return self.shown(status=error.status, refused=error)
        messages.success(request, _("Saved."))
        return self.back()


class PasskeyRemoveView(PasskeysBase):
    """Remove one."""

    def post(self, request: HttpRequest, passkey_id: UUID) -> HttpResponse:
        """It lets nobody in from here on."""
        session_id = who_of(request).session_id
        try:
            passkeys.passkey_remove(actor=self.actor, session_id=session_id, passkey_id=passkey_id)
        except errors.Conflict as error:
            return self.shown(status=error.status, refused=error)
        messages.success(request, _("The passkey is removed."))
        return self.back()


class PasskeyConfirmOptionsView(PageView):
    """What the browser asks one's own passkeys on the page that confirms who one is."""

    access = SignedIn("Everybody confirms for oneself who one is.", before_second_factor=True)

    def post(self, request: HttpRequest) -> HttpResponse:
        """The question as JSON; its answer is the proof that the page sends."""
        who = who_of(request)
        try:
            question = passkeys.factor_options(holder=f"session:{who.session_id}", user=who.person)
        except errors.Conflict as error:
            return told(error)
        return JsonResponse(question)


class PasskeyPendingOptionsView(PageView):
    """What the browser asks the passkeys of whom a pending sign-in is, whose password was right."""

    access = Public("Nobody is signed in before it: the password was right, and that is not enough.")
    limit = limits.ANONYMOUS

    def post(self, request: HttpRequest) -> HttpResponse:
        """The question as JSON; its answer is the proof that the page sends. `SignInGone` without a pending sign-in."""
        token = request.COOKIES.get(settings.SIGN_IN_COOKIE_NAME, "")
        pending = pending_sign_in(token)
        try:
            if pending is None:
                raise SignInGone
            question = passkeys.factor_options(holder=f"pending:{token}", user=pending.user)
        except (errors.Conflict, SignInGone) as error:
            return told(error)
        return JsonResponse(question)


class PasskeySignInOptionsView(PageView):
    """What the browser asks any passkey that it or a device keeps, before anybody is signed in."""

    access = Public(WHY)
    limit = limits.ANONYMOUS  # The page asks by itself, each time it is opened.

    def post(self, request: HttpRequest) -> HttpResponse:
        """The question as JSON, and the cookie that binds its answer to this browser."""
        holder = crypto.token()
        try:
            reply = JsonResponse(passkeys.sign_in_options(holder=holder))
        except errors.Conflict as error:
            return told(error)
        reply.set_cookie(
            COOKIE,
            holder,
            max_age=int(passkeys.LIFE.total_seconds()),
            path=PATH,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Strict",
        )
        return reply


class PasskeySignInView(PageView):
    """Sign in by a passkey alone: it and the finger, face or PIN that unlocks it are both factors."""

    access = Public(WHY)
    limit = limits.SENSITIVE

    def post(self, request: HttpRequest) -> HttpResponse:
        """Check the answer. Every failure looks the same."""
        form, holder = AnswerForm(request.POST), request.COOKIES.get(COOKIE, "")
        user = None
        if form.is_valid() and holder:
            user = passkeys.passkey_sign_in(holder=holder, answer=form.cleaned_data["answer"])
        if user is None:
            messages.error(
                request,
                _("That passkey was not accepted. Try again, or sign in with your password."),
            )
            return self._done(redirect(f"{reverse('accounts:sign_in')}?{urlencode({'next': next_of(request)})}"))
        token = session_start(request=request, user=user, method="passkey", second_factor=True)
        return self._done(let_in(request, user, token, next_of(request)))

    def _done(self, reply: HttpResponse) -> HttpResponse:
        reply.delete_cookie(COOKIE, path=PATH, samesite="Strict")
        return reply


def told(error: errors.StewardError) -> HttpResponse:
    """A refusal for the page's script, which shows its sentence."""
    return JsonResponse({"detail": str(error.detail)}, status=error.status)
