"""Base of every page. A subclass declares its `access`, or the project does not start."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views import View

from portal.kit import access, errors, identity, limits
from portal.kit.context import Actor


class PageView(View):
    """A page or fragment: passes the gate, then its `get` or `post` runs inside the request's transaction."""

    access: ClassVar[access.Access]
    limit: ClassVar[limits.Limit] = limits.CONSOLE
    # Open as well to whom holds `access` on some object only: the selectors show just what that one may see.
    somewhere: ClassVar[bool] = False
    # A dangerous act: whoever did not prove within ten minutes who it is confirms it first. See `dangerous`.
    step_up: ClassVar[bool] = False
    template_name: ClassVar[str] = ""
    # What asks again and again by itself is no activity of anybody: the part that htmx fetches, or the whole view.
    polled: ClassVar[Literal["", "part", "whole"]] = ""
    request: HttpRequest

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not abstract:
            access.check_declaration(cls)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Count the request, pass the gate; somebody whose password must change, or who is inactive, is led to that page instead."""
        limits.spend(request, self.limit)
        try:
            access.gate(request, self.access, step_up=self.dangerous(request), somewhere=self.somewhere)
        except access.PasswordChangeRequired:
            return led_to(request, "/me/password")
        except access.AccountInactive:
            return led_to(request, "/inactive")
        except access.Leaving:
            return led_to(request, "/me/leaving")
        except access.SecondFactorRequired:
            return led_to(request, "/me/second-factor")
        except access.ConfirmationRequired:
            return led_to(request, f"/confirm?{urlencode({'next': _back_to(request)})}")
        if not isinstance(self.access, access.Public):
            self.actor: Actor = access.actor_of(request)
        return super().dispatch(request, *args, **kwargs)

    def dangerous(self, request: HttpRequest) -> bool:
        """Whether this very request is the dangerous act of the page; one of several acts says so by overriding this."""
        return self.step_up

    def enter_platform(self) -> None:
        """On a page for every person: show what `can` has just said is held on the installation."""
        who = identity.of(self.request)
        if who is not None:
            access.enter_platform(self.request, who)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A method the page does not have: the typed error."""
        raise errors.MethodNotAllowed

    def page(self, values: Mapping[str, Any] | None = None, *, template: str = "", status: int = 200) -> HttpResponse:
        """Render the page's template, or another."""
        return render(self.request, template or self.template_name, dict(values or {}), status=status)


def _back_to(request: HttpRequest) -> str:
    """Where to go on after confirming: this very page, or the one that a form was sent from."""
    if request.method == "GET" and not request.headers.get("HX-Request"):
        return request.get_full_path()
    sent_from = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
    return sent_from.path + (f"?{sent_from.query}" if sent_from.query else "") or "/"


def led_to(request: HttpRequest, url: str) -> HttpResponse:
    """A redirect that also moves the whole page when a fragment asked."""
    if request.headers.get("HX-Request"):
        reply = HttpResponse(status=204)
        reply["HX-Redirect"] = url
        return reply
    return redirect(url)
