"""What the pages of access share: the dialogs to give, to end and to take, each with a look at what it would do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import clock, errors
from portal.kit.decision import can
from portal.kit.detail import parsed_id
from portal.kit.forms import Form, refused
from portal.kit.preferences import zones
from portal.kit.views import PageView
from rbac import access_selectors as selectors
from rbac import selectors as ranks
from rbac import services
from rbac.delegation import authorise_in
from rbac.effects import effects_of
from rbac.holder_selectors import Circle, holders_found
from rbac.holders import Holder
from rbac.models import Role, Scope
from rbac.role_forms import AccessForm, Choosing, EndForm, GrantForm
from rbac.simulate import simulate

Refusal = errors.Forbidden | errors.Conflict | errors.Invalid
REFUSALS = (errors.Forbidden, errors.Conflict, errors.Invalid)


@dataclass(frozen=True)
class Act:
    """What a dialog does: its form, the change, and the objects on which a look at it compares."""

    form: Form
    change: Callable[[Any], str]
    compared: Callable[[Any], list[Model | None]]
    dialog: str


class AccessBase(PageView, abstract=True):
    """A page with the dialogs. A dialog that is refused stays open with what was sent, each reason at its field."""

    template_name = "rbac/access.html"
    gives_roles: ClassVar[bool] = True  # Whether roles can be held on what the page is about.

    def scope(self) -> Scope:
        """The place of the page."""
        raise NotImplementedError

    def person_id(self) -> UUID | None:
        """The person of the page, None for a page of everybody."""
        return None

    def values(self) -> dict[str, Any]:
        """Title, crumbs and rows."""
        raise NotImplementedError

    def here(self) -> str:
        """The address of the page."""
        raise NotImplementedError

    def target(self) -> Model:
        """What single rights of the page are on."""
        return selectors.object_of(self.scope())

    def may(self) -> bool:
        """Whether the actor may give something here."""
        return can(self.actor, "role:assign").allowed or can(self.actor, "role:assign", self.target()).allowed

    def authorise_act(self) -> None:
        """Raise unless the actor may give something here; before anything that was sent is read."""
        authorise_in(self.actor, "role:assign", self.scope())
        person_id = self.person_id()
        if person_id is not None:
            selectors.person_here(self.actor, person_id)

    def acts(self) -> Mapping[str, Callable[[], Act]]:
        """What `do` may name."""
        return {
            "give": self._giving,
            "end": self._ending,
            "take": self._taking,
            "give-right": self._giving_right,
            "take-right": self._taking_right,
        }

    def answer_get(self) -> HttpResponse:
        """The page."""
        return self._shown()

    def answer_post(self) -> HttpResponse:
        """What a dialog sent: `do` names the act, `look` asks only what it would do."""
        self.authorise_act()
        made = self.acts().get(self.request.POST.get("do", ""))
        if made is None:
            raise errors.BadRequest
        act = made()
        if not act.form.is_valid():
            return self._again(act)
        try:
            if self.request.POST.get("look"):
                objects = act.compared(act.form.cleaned_data)
                preview = simulate(lambda: act.change(act.form), objects)
                return self._again(act, effects=effects_of(preview, objects))
            told = act.change(act.form)
        except REFUSALS as error:
            tell_refused(act.form, error)
            return self._again(act, status=error.status)
        messages.success(self.request, told)
        return redirect(self.here())

    # ----- the acts

    def _giving(self) -> Act:
        return Act(self.give_form(self.request.POST), self._give, self._places, "give")

    def _give(self, form: Any) -> str:
        sent = form.cleaned_data
        services.access_give(
            actor=self.actor,
            holder=self._holder(sent),
            role=sent["role"],
            scope=sent.get("place") or self.scope(),
            effect=sent["effect"],
            expires_at=sent["expires_at"],
            reason=sent["reason"],
            conditions=form.conditions,
        )
        return _("%(role)s is given and counts at once.") % {"role": sent["role"].label}

    def _places(self, sent: Mapping[str, Any]) -> list[Model | None]:
        place = sent.get("place") or self.scope()
        return [None if place.kind == Scope.Kind.ORGANISATION else selectors.object_of(place)]

    def _ending(self) -> Act:
        return Act(EndForm(self.request.POST), self._end, self._of_binding, self._dialog("end", "binding"))

    def _end(self, form: Any) -> str:
        sent = form.cleaned_data
        services.access_limit(
            actor=self.actor, binding=self._binding(), expires_at=sent["expires_at"], reason=sent["reason"]
        )
        return _("The end is changed.")

    def _taking(self) -> Act:
        return Act(EndForm(self.request.POST), self._take, self._of_binding, self._dialog("take", "binding"))

    def _take(self, form: Any) -> str:
        sent = form.cleaned_data
        binding = self._binding()
        services.access_take(actor=self.actor, binding=binding, reason=sent["reason"])
        return _("%(role)s is taken and counts no more.") % {"role": binding.role.label}

    def _binding(self) -> Any:
        return selectors.binding_here(self.actor, parsed_id(self.request.POST.get("binding", "")))

    def _of_binding(self, sent: Mapping[str, Any]) -> list[Model | None]:
        scope = self._binding().scope
        return [None if scope.kind == Scope.Kind.ORGANISATION else selectors.object_of(scope)]

    def _giving_right(self) -> Act:
        form = self.right_form(self.request.POST)
        if form is None:
            raise errors.Invalid
        return Act(form, self._give_right, lambda sent: [self.target()], "give-right")

    def _give_right(self, form: Any) -> str:
        sent = form.cleaned_data
        services.grant_give(
            actor=self.actor,
            holder=self._holder(sent),
            code=sent["code"],
            target=self.target(),
            expires_at=sent["expires_at"],
            reason=sent["reason"],
            conditions=form.conditions,
        )
        return _("The right is given and counts at once.")

    def _taking_right(self) -> Act:
        return Act(
            EndForm(self.request.POST),
            self._take_right,
            lambda sent: [self.target()],
            self._dialog("take", "grant"),
        )

    def _take_right(self, form: Any) -> str:
        sent = form.cleaned_data
        services.grant_take(actor=self.actor, grant=self.grant(), reason=sent["reason"])
        return _("The right is taken and counts no more.")

    def grant(self) -> Any:
        """The grant that a dialog is about."""
        return selectors.grant_here(self.actor, parsed_id(self.request.POST.get("grant", "")))

    def _dialog(self, act: str, name: str) -> str:
        return f"{act}-{parsed_id(self.request.POST.get(name, ''))}"

    def _holder(self, sent: Mapping[str, Any]) -> Holder:
        person_id = self.person_id()
        found: Holder = Holder(person_id=person_id) if person_id is not None else sent["holder"]
        return found

    # ----- the forms

    def circle(self, *, teams: bool = True) -> Circle:
        """Among whom the page lets choose."""
        return Circle(self.actor, self.actor.organisation_id, teams=teams)

    def holders_url(self) -> str:
        """The address that suggests them."""
        return reverse("rbac:holders", args=[self.kwargs["slug"]])

    def choosing(self) -> Choosing:
        """How whom is chosen."""
        return Choosing(self.circle(), self.holders_url())

    def give_form(self, *args: Any) -> AccessForm:
        """The form of a role to give here."""
        whole = self.scope().kind == Scope.Kind.ORGANISATION
        return AccessForm(
            *args,
            auto_id="give_%s",
            choosing=None if self.person_id() is not None else self.choosing(),
            roles=offered_roles(self),
            places=selectors.places_here(self.actor) if whole else [(self.scope(), "")],
        )

    def right_form(self, *args: Any) -> GrantForm | None:
        """The form of a single right on the object of the page; None where none can be given."""
        if self.person_id() is not None:
            return None
        target = self.target()
        codes = selectors.grantable_codes(type(target), selectors.prefix_of(target))
        if not codes:
            return None
        return GrantForm(*args, auto_id="right_%s", choosing=self.choosing(), codes=codes)

    # ----- what is shown

    def _again(self, act: Act, *, status: int = 422, effects: Any = None) -> HttpResponse:
        """The dialog once more: to htmx only what the act would do, or why not."""
        status = 200 if effects is not None else status
        if self.request.headers.get("HX-Request"):
            # htmx puts nothing but a success into the page, and this is the answer to a question.
            return self.page({"effects": effects, "form": act.form}, template="rbac/_looked.html")
        return self._shown(status=status, act=act, effects=effects)

    def _shown(self, *, status: int = 200, act: Act | None = None, effects: Any = None) -> HttpResponse:
        may, values = self.may(), self.values()
        sent = act.dialog if act is not None else ""
        right = self.right_form() if may else None
        if act is not None and sent == "give-right" and isinstance(act.form, GrantForm):
            right = act.form
        give = self.give_form() if may and self.gives_roles else None
        if act is not None and sent == "give" and isinstance(act.form, AccessForm):
            give = act.form
        values |= {
            "may": give is not None,
            "may_right": right is not None,
            "action": self.here(),
            "give_form": give,
            "right_form": right,
            "give_hidden": [("do", "give")],
            "right_hidden": [("do", "give-right")],
            "give_open": sent == "give",
            "right_open": sent == "give-right",
            "effects": effects,
            "notice": _notice(act),
            "suggested": holders_found(self.circle()) if may and self.person_id() is None else [],
            "zones": zones() if may else [],
        }
        for row in values["holdings"]:
            asked = act is not None and sent == row["end_dialog"] and isinstance(act.form, EndForm)
            row["end_form"] = act.form if act is not None and asked else _end_form(row)
            row["end_open"] = asked
        for row in (*values["holdings"], *values["grants"]):
            row["take_open"] = effects is not None and sent == row["dialog"] != ""
        return self.page(values, status=status)


def tell_refused(form: Form, error: Refusal) -> None:
    """Why a service refused, at the fields it is about; else above the form, title first."""
    if isinstance(error, errors.Invalid) and error.fields:
        refused(form, error)
    else:
        form.add_error(None, f"{error.title}. {error.detail}")


def _notice(act: Act | None) -> dict[str, Any] | None:
    """A refusal of a dialog that asks for nothing stands above the page."""
    if act is None or not act.form.errors or isinstance(act.form, AccessForm | GrantForm):
        return None
    told = [str(text) for texts in act.form.errors.values() for text in texts]
    return {"tone": "bad", "title": _("Nothing was changed"), "text": " ".join(told)}


def offered_roles(view: PageView) -> list[Role]:
    """The roles that the actor could give: no higher than its own rank; own ones of the organisation first."""
    roles = [role for role in selectors.roles_here(view.actor) if role.code != ranks.OWNER]
    own = ranks.rank_of(view.actor.id, view.actor.organisation_id or UUID(int=0)) if view.actor.id else 0
    return sorted(
        (role for role in roles if role.rank <= own),
        key=lambda role: (role.catalogue != Role.CUSTOM, role.application_id is not None, -role.rank),
    )


def _end_form(row: Mapping[str, Any]) -> EndForm:
    ends: datetime | None = row["ends"]
    initial = {"expires_at": ends} if ends is not None and ends > clock.now() else {}
    return EndForm(auto_id=f"end_{row['id']}_%s", initial=initial)


def holders_reply(request: HttpRequest, view: PageView, circle: Circle) -> HttpResponse:
    """The suggestions for what one has typed, as options."""
    text = next((request.GET[name] for name in ("q", "holder", "first", "second") if request.GET.get(name)), "")
    return view.page({"suggested": holders_found(circle, text[:100])}, template="rbac/_holder_options.html")
