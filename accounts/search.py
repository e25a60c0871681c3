"""What the search finds of people, organisations and keys, and what the palette offers to do with them."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import key_lists, key_selectors, lists, organisation_lists, recovery_lists
from accounts import organisation_selectors as organisations
from accounts.models import Invitation, Key, Membership, Organisation, Recovery, ServiceAccount, User
from accounts.presenters.rows import PersonRow
from portal.kit.context import Actor
from portal.kit.search import Hit, Known, Records, containing, kinds


def _name(user: User) -> str:
    return PersonRow(user, []).label


def _person(user: User) -> Hit:
    return Hit(str(user.pk), _name(user), user.email, reverse("accounts:person", args=[user.pk]))


def _organisation(row: Organisation) -> Hit:
    return Hit(str(row.pk), row.name, row.slug, reverse("accounts:organisation", args=[row.pk]))


def _member(row: Membership) -> Hit:
    url = reverse("accounts:member", args=[row.organisation.slug, row.pk])
    return Hit(str(row.pk), _name(row.user), row.user.email, url)


def _key(row: Key) -> Hit:
    url = reverse("accounts:key", args=[row.organisation.slug, row.pk]) if row.organisation else ""
    return Hit(str(row.pk), row.name, f"{row.prefix}…", url)


def _service(row: ServiceAccount) -> Hit:
    url = reverse("accounts:service_account", args=[row.organisation.slug, row.pk])
    return Hit(str(row.pk), row.user.name, row.user.username, url)


def _recovery(row: Recovery) -> Hit:
    note = str(row.get_state_display())
    return Hit(str(row.pk), _name(row.user), note, reverse("accounts:recovery", args=[row.pk]))


def _invitations(actor: Actor) -> QuerySet[Invitation]:
    if actor.organisation_id is None:
        return Invitation.objects.none()
    return organisations.invitations_open(actor, actor.organisation_id).select_related("organisation", "role")


def _invitation(row: Invitation) -> Hit:
    url = f"{reverse('accounts:invitations', args=[row.organisation.slug])}#invitation-{row.pk}"
    return Hit(str(row.pk), row.email, row.role.label, url)


def _own(actor: Actor) -> Sequence[Hit]:
    if actor.id is None:
        return ()
    return [
        Hit(one.slug, one.name, one.role or _("Member"), reverse("accounts:organisation_home", args=[one.slug]))
        for one in organisations.own_memberships(actor.id)
        if one.state == "active" and one.membership_state == "active"
    ]


for kind in (
    Records(
        "people",
        "platform",
        gettext_lazy("People"),
        "people",
        lists.people.code,
        lists.people.url,
        place=10,
        source=lists.people.source,
        hit=_person,
        search=lists.people.search,
        exact=("username",),
        spelled=("email__iexact",),
        order=("name", "id"),
    ),
    Records(
        "organisations",
        "platform",
        gettext_lazy("Organisations"),
        "building",
        organisation_lists.organisations.code,
        organisation_lists.organisations.url,
        place=12,
        source=organisation_lists.organisations.source,
        hit=_organisation,
        search=organisation_lists.organisations.search,
        exact=("slug",),
        order=("name", "id"),
    ),
    Records(
        "recoveries",
        "platform",
        gettext_lazy("Recoveries"),
        "shield",
        recovery_lists.recoveries.code,
        recovery_lists.recoveries.url,
        place=70,
        source=lambda actor: recovery_lists.recoveries.source(actor).select_related("user"),
        hit=_recovery,
        search=recovery_lists.recoveries.search,
        order=("-asked_at", "-id"),
    ),
    Records(
        "people",
        "organisation",
        gettext_lazy("Members"),
        "people",
        organisation_lists.members.code,
        organisation_lists.members.url,
        place=10,
        source=organisation_lists.members.source,
        hit=_member,
        search=organisation_lists.members.search,
        exact=("user__username",),
        spelled=("user__email__iexact",),
        order=("joined_at", "id"),
    ),
    Records(
        "invitations",
        "organisation",
        gettext_lazy("Invitations"),
        "mail",
        "member:create",
        "/o/{slug}/invitations",
        place=14,
        source=_invitations,
        hit=_invitation,
        narrow=containing("email"),
        exact=("email__iexact",),
    ),
    Records(
        "keys",
        "organisation",
        gettext_lazy("API keys"),
        "key",
        key_lists.keys.code,
        key_lists.keys.url,
        place=40,
        source=key_lists.keys.source,
        hit=_key,
        search=key_lists.keys.search,
        spelled=("prefix__iexact",),
        order=("-created_at", "-id"),
    ),
    Records(
        "service_accounts",
        "organisation",
        gettext_lazy("Service accounts"),
        "cube",
        key_lists.service_accounts.code,
        key_lists.service_accounts.url,
        place=42,
        source=key_selectors.service_accounts,
        hit=_service,
        search=key_lists.service_accounts.search,
        exact=("user__username",),
        order=("-created_at", "-id"),
    ),
    Known(
        "own_organisations",
        "self",
        gettext_lazy("Your organisations"),
        "building",
        "",
        "/me/organisations",
        place=5,
        hits=_own,
    ),
):
    kinds.add(kind)
