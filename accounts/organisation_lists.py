"""The lists of organisations (staff) and of an organisation's members."""

from collections.abc import Sequence
from operator import attrgetter

from django.utils.translation import gettext_lazy, ngettext

from accounts import columns
from accounts import organisation_selectors as selectors
from accounts.member_actions import GIVE
from accounts.models import Membership, Organisation
from accounts.organisation_presenters import MemberRow, OrganisationRow, member_rows, organisation_rows
from portal.kit.context import Actor
from portal.kit.lists import Choice, Column, Dates, Empty, List, Option, Search, cells, register
from portal.kit.templatetags.kit import count


def _organisations(number: int) -> str:
    return ngettext("%(count)s organisation", "%(count)s organisations", number) % {"count": count(number)}


def _members(number: int) -> str:
    return ngettext("%(count)s member", "%(count)s members", number) % {"count": count(number)}


def _present_organisations(who: Actor, rows: Sequence[Organisation]) -> list[OrganisationRow]:
    return organisation_rows(who, rows)


def _present_members(who: Actor, rows: Sequence[Membership]) -> list[MemberRow]:
    return member_rows(who, rows)


organisations = register(
    List(
        name="accounts.organisations",
        label=gettext_lazy("Organisations"),
        url="/platform/organisations",
        code="organisation:read",
        source=selectors.organisations,
        present=_present_organisations,
        items=_organisations,
        columns=(
            columns.named("organisation", gettext_lazy("Organisation"), under="slug", by=("name",)),
            columns.state(by=("state", "name")),
            Column(
                "members", gettext_lazy("Members"), cell=cells.number("members"), value=attrgetter("members"), css="num"
            ),
            columns.day("created", gettext_lazy("Created"), field="created_at", newest=True, card=True),
        ),
        sort="organisation",
        empty=Empty(
            gettext_lazy("No organisations yet"),
            gettext_lazy("Create the first one, and name or invite its owner."),
            "building",
        ),
        no_match=gettext_lazy("No organisation matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=(
                    Option("active", gettext_lazy("Active")),
                    Option("suspended", gettext_lazy("Suspended")),
                    Option("closed", gettext_lazy("Closed")),
                ),
                apply=lambda rows, value: rows.filter(state=value),
                tabs=True,
                counted=True,
            ),
            Dates(name="created", label=gettext_lazy("Created"), field="created_at"),
        ),
        search=Search("organisation", gettext_lazy("Name, short name or id")),
    )
)

members = register(
    List(
        name="accounts.members",
        label=gettext_lazy("Members"),
        url="/o/{slug}/members",
        code="member:read",
        source=selectors.members_here,
        present=_present_members,
        items=_members,
        columns=(
            columns.named("member", gettext_lazy("Member"), under="email"),
            columns.state(),
            Column("role", gettext_lazy("Role"), cell=cells.text("role"), value=attrgetter("role"), card="line"),
            columns.day("joined", gettext_lazy("Joined"), field="joined_at", card=True),
        ),
        sort="joined",
        empty=Empty(
            gettext_lazy("Nobody here yet"), gettext_lazy("Invite the first people by their e-mail address."), "people"
        ),
        no_match=gettext_lazy("No member matches"),
        filters=(
            Choice(
                name="state",
                label=gettext_lazy("Status"),
                options=(
                    Option("active", gettext_lazy("Active")),
                    Option("suspended", gettext_lazy("Suspended")),
                ),
                apply=lambda rows, value: rows.filter(state=value),
                tabs=True,
                counted=True,
            ),
            Dates(name="joined", label=gettext_lazy("Joined"), field="joined_at"),
        ),
        search=Search("user", gettext_lazy("Name, e-mail, user name or id"), on="user_id"),
        actions=(GIVE,),
    )
)
