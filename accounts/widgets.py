"""Widgets about people, sign-ins and organisations, what waits there, and the first steps."""

from collections.abc import Iterator
from datetime import timedelta

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import organisation_selectors, selectors
from accounts.factors import has_factor
from accounts.models import Organisation, User
from accounts.organisation_presenters import organisation_rows
from accounts.session_selectors import sign_ins_per_day
from portal.kit import charts, clock
from portal.kit.decision import can
from portal.kit.widgets import (
    EVERYWHERE,
    INSIDE,
    Loaded,
    Option,
    Options,
    Place,
    Step,
    Task,
    Waiting,
    Widget,
    steps,
    tasks,
    widgets,
)

DAYS = ("7", "14", "30")
SOON = timedelta(days=1)


def people(place: Place, options: Options) -> Loaded:
    """How many people there are, and how many of them can sign in."""
    counts, url = selectors.people_counts(place.actor), reverse("accounts:people")
    return {
        "title": _("People"),
        "more_url": url,
        "more_label": _("All people"),
        "numbers": [
            {"label": _("All"), "value": counts["all"], "note": _("with an account"), "url": url},
            {"label": _("Active"), "value": counts["active"], "note": _("can sign in"), "url": f"{url}?state=active"},
            {"label": _("Inactive"), "value": counts["inactive"], "url": f"{url}?state=inactive"},
        ],
    }


def sign_ins(place: Place, options: Options) -> Loaded:
    """Successful sign-ins by day."""
    days = sign_ins_per_day(place.actor, int(options["days"]))
    points = [
        charts.Point(formats.date_format(day, "j M"), number, formats.date_format(day, "l, j F Y"))
        for day, number in days
    ]
    text = _("Successful ones, each of the last %(n)s days.")
    return {
        "title": _("Sign-ins"),
        "sum": sum(number for _day, number in days),
        "note": text % {"n": options["days"]},
        "chart": charts.bars(points, title=_("Sign-ins per day"), unit=_("sign-ins")),
    }


def organisation(place: Place, options: Options) -> Loaded:
    """The organisation in short: state, members, since when."""
    here = organisation_selectors.here(place.actor, "organisation:read")
    row = organisation_rows(place.actor, [here])[0]
    facts = [
        {"label": _("Status"), "status": {"tone": row.state_tone, "label": row.state_label}},
        {"label": _("Members"), "value": row.members, "url": reverse("accounts:members", args=[here.slug])},
        {"label": _("Created"), "when": here.created_at, "style": "date"},
    ]
    if can(place.actor, "member:create"):
        number = organisation_selectors.invitations_open(place.actor, here.pk).count()
        where = reverse("accounts:invitations", args=[here.slug])
        facts.insert(2, {"label": _("Open invitations"), "value": number, "url": where})
    return {"title": _("Organisation"), "facts": facts}


def invitations_to_me(place: Place) -> Iterator[Waiting]:
    """Invitations that the person has not answered."""
    if place.actor.id is None or place.actor.kind != "person":
        return
    for one in organisation_selectors.own_invitations(place.actor.id):
        text = _("You are invited to %(organisation)s") % {"organisation": one.name}
        late = one.expires_at - clock.now() < SOON
        yield Waiting(
            text, reverse("accounts:own_organisations"), note=one.role, tone="warn" if late else "", icon="mail"
        )


def invitations_open(place: Place) -> Iterator[Waiting]:
    """Invitations of the organisation that nobody has answered."""
    assert place.actor.organisation_id is not None  # noqa: S101 - declared for organisations alone
    number = organisation_selectors.invitations_open(place.actor, place.actor.organisation_id).count()
    if number:
        text = ngettext("%(n)s invitation is not answered yet", "%(n)s invitations are not answered yet", number)
        url = reverse("accounts:invitations", args=[place.slug])
        yield Waiting(text % {"n": number}, url, number, icon="mail")


widgets.add(
    Widget(
        "accounts.people",
        gettext_lazy("People"),
        gettext_lazy("How many people have an account, and how many can sign in."),
        "user:read",
        "kit/widgets/numbers.html",
        people,
        icon="people",
        height=3,
    )
)
widgets.add(
    Widget(
        "accounts.sign_ins",
        gettext_lazy("Sign-ins"),
        gettext_lazy("How often people signed in, by day."),
        "audit:read",
        "kit/widgets/chart.html",
        sign_ins,
        icon="activity",
        width=8,
        widths=(6, 8, 12),
        every=30,
        options=(Option("days", gettext_lazy("Days"), "14", lambda: [(one, one) for one in DAYS]),),
    )
)
widgets.add(
    Widget(
        "accounts.organisation",
        gettext_lazy("Organisation"),
        gettext_lazy("State, members and open invitations of this organisation."),
        "organisation:read",
        "kit/widgets/facts.html",
        organisation,
        icon="building",
        realms=INSIDE,
        height=3,
    )
)
tasks.add(Task("accounts.invited", "", invitations_to_me, EVERYWHERE))
tasks.add(Task("accounts.invitations", "member:create", invitations_open, INSIDE))

steps.add(
    Step(
        "accounts.second_factor",
        gettext_lazy("Protect your own account"),
        gettext_lazy("An authenticator app or a passkey, so that a password alone opens nothing."),
        "user:admin",
        lambda place: reverse("accounts:security"),
        lambda place: place.actor.id is not None and has_factor(place.actor.id),
        10,
    )
)
steps.add(
    Step(
        "accounts.people",
        gettext_lazy("Add your colleagues"),
        gettext_lazy("Create or import the people who run this installation with you."),
        "user:admin",
        lambda place: reverse("accounts:people"),
        lambda place: User.objects.filter(kind=User.Kind.PERSON)[:2].count() > 1,
        20,
    )
)
steps.add(
    Step(
        "accounts.organisations",
        gettext_lazy("Make the first organisation"),
        gettext_lazy("Your customers: each has its own people, rights and bills."),
        "organisation:admin",
        lambda place: reverse("accounts:organisations"),
        lambda place: Organisation.objects.exists(),
        30,
    )
)
steps.add(
    Step(
        "accounts.members",
        gettext_lazy("Invite your team"),
        gettext_lazy("Who works here with you, and what each may do."),
        "member:create",
        lambda place: reverse("accounts:invitations", args=[place.slug]),
        lambda place: organisation_selectors.members_here(place.actor)[:2].count() > 1,
        20,
        INSIDE,
    )
)
