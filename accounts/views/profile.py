"""One's own profile: name, user name, picture, where one belongs."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from accounts import avatars, organisation_selectors
from accounts.models import User
from accounts.presenters import PersonRow
from accounts.self_forms import PictureForm, ProfileForm
from accounts.services.profiles import OWN, avatar_remove, avatar_set, profile_update
from accounts.views.files import picture_file
from portal.kit import errors, identity, limits
from portal.kit.access import SignedIn
from portal.kit.forms import refused
from portal.kit.views import PageView
from rbac import selectors as rbac

SHOWN = 5  # Organisations; all of them have a page.


class ProfileBase(PageView, abstract=True):
    """What the page and the forms on it share: a refused one comes back on the page."""

    template_name = "accounts/me_profile.html"

    @property
    def person(self) -> User:
        """The row of the signed-in person."""
        who = identity.of(self.request)
        if who is None:
            raise errors.Unauthenticated
        return cast(User, who.person)

    def profile(
        self, *, form: ProfileForm | None = None, picture: PictureForm | None = None, status: int = 200
    ) -> HttpResponse:
        """The page."""
        user = self.person
        memberships = organisation_selectors.own_memberships(user.pk)
        roles = [role.label for role in rbac.roles_of(user.pk)]
        values: dict[str, Any] = {
            "row": PersonRow(user, roles),
            "form": form or ProfileForm(initial={name: getattr(user, name) for name in OWN}),
            "picture_form": picture or PictureForm(),
            "facts": _facts(user),
            "roles": roles,
            "organisations": memberships[:SHOWN],
            "more": max(0, len(memberships) - SHOWN),
        }
        return self.page(values, status=status)


class ProfileView(ProfileBase):
    """The first page of one's own affairs."""

    access = SignedIn("One's own profile.")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        return self.profile()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Save name and user name."""
        form = ProfileForm(request.POST)
        if not form.is_valid():
            return self.profile(form=form, status=422)
        try:
            profile_update(actor=self.actor, values=form.cleaned_data)
        except errors.Invalid as error:
            refused(form, error)
            return self.profile(form=form, status=422)
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")


class AvatarView(ProfileBase):
    """One's own picture."""

    access = SignedIn("One's own picture.")
    limit = limits.SENSITIVE  # Decoding a picture is the most work that one request can ask for.

    def get(self, request: HttpRequest) -> HttpResponse:
        """It is on the profile."""
        return redirect("accounts:profile")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take a new one, or with `do=remove` none."""
        if request.POST.get("do") == "remove":
            avatar_remove(actor=self.actor)
            messages.success(request, _("Your picture is removed."))
            return redirect("accounts:profile")
        form = PictureForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.profile(picture=form, status=422)
        try:
            avatar_set(actor=self.actor, picture=form.cleaned_data["picture"])
        except errors.Invalid as error:
            refused(form, error)
            return self.profile(picture=form, status=422)
        messages.success(request, _("Your picture is saved."))
        return redirect("accounts:profile")


class PictureView(PageView):
    """The file of somebody's picture. Its name is never used again, so a browser keeps it for good."""

    access = SignedIn("People see each other's pictures beside their names.", while_leaving=True, in_view=True)
    polled = "whole"  # Part of the pages that show it, no activity of its own.

    def get(self, request: HttpRequest, name: UUID, side: str) -> HttpResponse:
        """The WebP of that side in pixels; `NotFound` when there is none."""
        if side not in map(str, avatars.SIZES):
            raise errors.NotFound
        return picture_file(name, int(side))


def _facts(user: User) -> list[dict[str, Any]]:
    verified = user.email_verified_at is not None
    state = {"tone": "ok", "label": _("Confirmed")} if verified else {"tone": "warn", "label": _("Not confirmed")}
    address: dict[str, Any] = {"label": _("E-mail address"), "value": user.email}
    if url := _address_url():
        address["url"] = url
    return [
        address,
        {"label": _("Address"), "status": state},
        {"label": _("Member since"), "when": user.created_at, "style": "date"},
        {"label": _("Password changed"), "value": _("not yet"), "when": user.password_changed_at},
    ]


def _address_url() -> str:
    """The page on which one changes one's address, where this installation has it."""
    try:
        return reverse("accounts:email")
    except NoReverseMatch:
        return ""
