"""What a change would do: chosen here, run and taken back, and done by the same input when it is what one wants."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import errors
from portal.kit.decision import authorise, check_many
from portal.kit.forms import Form
from portal.kit.preferences import zones
from portal.kit.views import PageView
from rbac import access_selectors as selectors
from rbac import selectors as ranks
from rbac import services
from rbac.access_presenters import holding_text
from rbac.effects import effects_of
from rbac.holder_selectors import Circle, holders_found
from rbac.models import Scope
from rbac.role_forms import AccessForm, Choosing
from rbac.role_presenters import cell_name, part_of
from rbac.services.teams import team_member_add
from rbac.simulate import simulate
from rbac.views.access_acts import REFUSALS, offered_roles, tell_refused
from rbac.what_if_forms import PlatformWhatForm, RoleWhatForm, TakeWhatForm, TeamWhatForm

MOST = 500  # Bindings that can be chosen to be taken.


@dataclass(frozen=True)
class Question:
    """A kind of change: who may ask, its form, the change itself, where it is compared, and where it is done.

    `doing` gives the address and the fields of the form that does it, out of what was sent.
    """

    key: str
    label: str
    code: str
    form: Callable[..., Form]
    change: Callable[[Any], object]
    compared: Callable[[Any], list[Model | None]]
    doing: Callable[[Any], tuple[str, list[tuple[str, str]]]]
    button: str


class WhatIfBase(PageView, abstract=True):
    """The page: questions as tabs, the form of one, and the answer below it."""

    template_name = "rbac/what_if.html"

    def questions(self) -> Sequence[Question]:
        """What can be asked."""
        raise NotImplementedError

    def circle(self) -> Circle:
        """Among whom is chosen."""
        raise NotImplementedError

    def frame(self) -> dict[str, Any]:
        """Title, crumbs and the address of the page."""
        raise NotImplementedError

    def chosen(self) -> tuple[list[Question], Question]:
        """The questions that the actor may ask, and the one of the address; `Forbidden` or `NotFound` where it is none."""
        found = list(self.questions())
        answers = check_many(self.actor, [(one.code, None) for one in found])
        open_ = [one for one, answer in zip(found, answers, strict=True) if answer]
        key = self.request.GET.get("change") or (open_ or found)[0].key
        one = next((one for one in found if one.key == key), None)
        if one is None:
            raise errors.NotFound
        authorise(self.actor, one.code)
        return open_, one

    def answer_get(self) -> HttpResponse:
        """The form."""
        _open, one = self.chosen()
        initial = {
            name: self.request.GET[name] for name in ("holder", "binding", "role", "team") if name in self.request.GET
        }
        return self._shown(one.form(initial=initial, auto_id="what_%s"))

    def answer_post(self) -> HttpResponse:
        """What it would do: the services run and everything is taken back."""
        _open, one = self.chosen()
        form = one.form(self.request.POST, auto_id="what_%s")
        if not form.is_valid():
            return self._shown(form, status=422)
        objects = one.compared(form)
        try:
            preview = simulate(lambda: one.change(form), objects)
        except REFUSALS as error:
            tell_refused(form, error)
            return self._shown(form, status=error.status)
        url, fields = one.doing(form)
        return self._shown(
            form, effects=effects_of(preview, objects), do_url=url, do_fields=fields, do_label=one.button
        )

    def _shown(self, form: Form, *, status: int = 200, **more: Any) -> HttpResponse:
        open_, one = self.chosen()
        values = self.frame() | {
            "places": [
                {"label": each.label, "url": f"?change={each.key}", "current": each.key == one.key} for each in open_
            ],
            "form": form,
            "suggested": holders_found(self.circle()),
            "zones": zones() if one.key == "give" else [],
            "effects": None,
        }
        return self.page(values | more, status=status)

    def sent(self, *names: str, **more: str) -> list[tuple[str, str]]:
        """What was sent, without the parts of the form that are not the change, as hidden fields of another form."""
        left = {"csrfmiddlewaretoken", "do"}
        pairs = [(name, value) for name, values in self.request.POST.lists() for value in values if name not in left]
        return [*more.items(), *(pair for pair in pairs if not names or pair[0] in names)]


class WhatIfView(WhatIfBase):
    """Changes in an organisation. Each kind takes the right that the change itself takes."""

    access = "role:assign"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The form of a change."""
        return self.answer_get()

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Who would gain and lose what."""
        return self.answer_post()

    def circle(self) -> Circle:
        """The members of the organisation."""
        return Circle(self.actor, self.actor.organisation_id, teams=self.request.GET.get("change") != "team")

    def frame(self) -> dict[str, Any]:
        """Below the page of access."""
        slug = self.kwargs["slug"]
        return {"crumb": (_("Access"), reverse("rbac:access", args=[slug]))}

    def questions(self) -> Sequence[Question]:
        """Give, take, come into a team, another right of a role."""
        slug = self.kwargs["slug"]
        return (
            Question(
                "give",
                _("Give a role"),
                "role:assign",
                self._give_form,
                self._give,
                self._place,
                lambda form: (reverse("rbac:access", args=[slug]), self.sent(do="give")),
                _("Give the role"),
            ),
            Question(
                "take",
                _("Take a role"),
                "role:assign",
                self._take_form,
                self._take,
                self._bound,
                lambda form: (reverse("rbac:access", args=[slug]), self.sent("binding", do="take")),
                _("Take the role"),
            ),
            Question(
                "team",
                _("Move into a team"),
                "team:admin",
                self._team_form,
                self._join,
                self._team_places,
                self._team_doing,
                _("Add to the team"),
            ),
            Question(
                "role",
                _("Change a role"),
                "role:update",
                self._role_form,
                self._say,
                self._role_places,
                self._role_doing,
                _("Save the role"),
            ),
        )

    def _choosing(self) -> Choosing:
        circle = self.circle()
        url = reverse("rbac:holders", args=[self.kwargs["slug"]])
        return Choosing(circle, url if circle.teams else f"{url}?people=1")

    def _give_form(self, *args: Any, **kwargs: Any) -> AccessForm:
        places = selectors.places_here(self.actor)
        return AccessForm(*args, choosing=self._choosing(), roles=offered_roles(self), places=places, **kwargs)

    def _give(self, form: Any) -> object:
        sent = form.cleaned_data
        return services.access_give(
            actor=self.actor,
            holder=sent["holder"],
            role=sent["role"],
            scope=sent.get("place") or selectors.scope_here(self.actor),
            effect=sent["effect"],
            expires_at=sent["expires_at"],
            reason=sent["reason"],
            conditions=form.conditions,
        )

    @staticmethod
    def _place(form: Any) -> list[Model | None]:
        place = form.cleaned_data.get("place")
        return [None] if place is None else _objects([place])

    def _take_form(self, *args: Any, **kwargs: Any) -> TakeWhatForm:
        rows = selectors.members_own(selectors.bindings_here(self.actor), False).order_by("-created_at", "pk")[:MOST]
        return TakeWhatForm(*args, bindings=holding_text(list(rows)), **kwargs)

    def _take(self, form: Any) -> None:
        services.access_take(actor=self.actor, binding=form.cleaned_data["binding"])

    @staticmethod
    def _bound(form: Any) -> list[Model | None]:
        return _objects([form.cleaned_data["binding"].scope])

    def _team_form(self, *args: Any, **kwargs: Any) -> TeamWhatForm:
        teams, _roles = selectors.teams_and_own_roles(self.actor)
        return TeamWhatForm(*args, choosing=self._choosing(), teams=teams, **kwargs)

    def _join(self, form: Any) -> object:
        sent = form.cleaned_data
        return team_member_add(actor=self.actor, team=sent["team"], person_id=sent["holder"].person_id)

    @staticmethod
    def _team_places(form: Any) -> list[Model | None]:
        return [None, *_objects(selectors.places_bound(team_ids=[form.cleaned_data["team"].pk]))]

    def _team_doing(self, form: Any) -> tuple[str, list[tuple[str, str]]]:
        sent = form.cleaned_data
        url = reverse("rbac:team_add", args=[self.kwargs["slug"], sent["team"].pk])
        return url, [("people", str(sent["holder"].person_id))]

    def _role_form(self, *args: Any, **kwargs: Any) -> RoleWhatForm:
        _teams, roles = selectors.teams_and_own_roles(self.actor)
        return RoleWhatForm(*args, roles=roles, codes=selectors.codes_in(self.actor.organisation_id), **kwargs)

    def _say(self, form: Any) -> object:
        sent = form.cleaned_data
        role = selectors.own_role(self.actor, sent["role"].pk, "role:update")
        rights = selectors.rights_of([role])[role.pk]
        rights.pop(sent["code"], None)
        if sent["effect"] != "nothing":
            rights[sent["code"]] = sent["effect"]
        draft = replace(services.draft_of(role=role), rights=rights)
        return services.role_update(actor=self.actor, role=role, draft=draft)

    @staticmethod
    def _role_places(form: Any) -> list[Model | None]:
        return [None, *_objects(selectors.places_bound(role_ids=[form.cleaned_data["role"].pk]))]

    def _role_doing(self, form: Any) -> tuple[str, list[tuple[str, str]]]:
        sent = form.cleaned_data
        part = part_of(sent["code"])
        url = f"{reverse('rbac:matrix', args=[self.kwargs['slug']])}?role={sent['role'].pk}&part={part}"
        effect = "" if sent["effect"] == "nothing" else sent["effect"]
        return url, [("do", "save"), (cell_name(sent["role"], sent["code"]), effect)]


class PlatformWhatIfView(WhatIfBase):
    """Roles of the installation, given and taken."""

    access = "role:admin"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form of a change."""
        return self.answer_get()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Who would gain and lose what."""
        return self.answer_post()

    def circle(self) -> Circle:
        """The people of the installation."""
        return Circle(self.actor, None, teams=False)

    def frame(self) -> dict[str, Any]:
        """Below the page of roles."""
        return {"crumb": (_("Roles"), reverse("rbac:platform_roles"))}

    def questions(self) -> Sequence[Question]:
        """One: a role for somebody, or no longer."""
        return (
            Question(
                "role",
                _("Give or take a role"),
                "role:admin",
                self._form,
                self._change,
                lambda form: [None],
                self._doing,
                _("Change the roles"),
            ),
        )

    def _form(self, *args: Any, **kwargs: Any) -> PlatformWhatForm:
        choosing = Choosing(self.circle(), reverse("rbac:granted_people"))
        return PlatformWhatForm(*args, choosing=choosing, roles=ranks.platform_roles(), **kwargs)

    def _change(self, form: Any) -> object:
        sent = form.cleaned_data
        change: Callable[..., object] = services.binding_grant if sent["do"] == "give" else services.binding_revoke
        return change(actor=self.actor, person_id=sent["holder"].person_id, role=sent["role"], reason=sent["reason"])

    def _doing(self, form: Any) -> tuple[str, list[tuple[str, str]]]:
        sent = form.cleaned_data
        url = reverse("accounts:person_role", args=[sent["holder"].person_id])
        return url, [("do", sent["do"]), ("role", sent["role"].code), ("reason", sent["reason"])]


def _objects(scopes: Sequence[Scope]) -> list[Model | None]:
    """What scopes stand for; None for the organisation as a whole."""
    return [None if scope.kind == Scope.Kind.ORGANISATION else selectors.object_of(scope) for scope in scopes]
