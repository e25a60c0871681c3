"""What a review is about: every role and right that counts when it starts, and who may decide each of them.

Nobody decides about themselves. What a person holds goes to the reviewers without that person, what a team holds to
those who are not in it. Where that leaves nobody, whoever else may give roles decides; where there is no such person
either, it is kept by rule. A role of everybody is decided by any reviewer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from portal.kit import clock, ids
from portal.kit.decision import list_subjects
from rbac import access_selectors, selectors
from rbac.counting import counting
from rbac.holders import active_members
from rbac.models import INSTALLATION, Binding, Review, ReviewItem, Role, Scope, ScopePath, Team, TeamGrant, UserGrant

MOST_ITEMS = 5_000  # A review of more is a sign that roles should be given to teams; narrow it to a part.
MOST_REVIEWERS = 200
ITEM = ReviewItem.Kind
Held = Binding | UserGrant | TeamGrant


@dataclass(frozen=True)
class ReviewDraft:
    """How a review shall be. `place`: the part of the organisation, None for all; `roles`: those alone, none for all."""

    name: str
    due_at: datetime
    place: Scope | None = None
    roles: Sequence[Role] = ()
    reviewers: str = Review.Reviewers.OWNERS
    reviewer_id: UUID | None = None
    undecided: str = Review.Undecided.KEEP
    applies: str = Review.Applies.AT_ONCE
    remind_days: Sequence[int] = (7, 1)


def snapshot(draft: ReviewDraft, organisation_id: UUID | None, limit: int = MOST_ITEMS + 1) -> list[ReviewItem]:
    """The items of a review, not saved; at most `limit`. A fixed number of queries, however many there are."""
    bindings = list(_bindings(draft, organisation_id)[:limit])
    people, teams = _grants(draft, organisation_id)
    granted = [*people[: limit - len(bindings)]]
    granted += teams[: max(0, limit - len(bindings) - len(granted))]
    names = access_selectors.place_names([row.scope for row in bindings])
    by_group = {row.group_id: row for row in Team.objects.filter(group__in=[g.group_id for g in _of_teams(granted)])}
    members = members_of([row.team_id for row in bindings if row.team_id] + [team.pk for team in by_group.values()])
    items = [_of_binding(row, names, members) for row in bindings]
    items += _of_grants(granted, by_group, members)
    _assign(items, draft, organisation_id)
    return items


def _bindings(draft: ReviewDraft, organisation_id: UUID | None) -> QuerySet[Binding]:
    rows = Binding.objects.filter(counting()).select_related("role__application", "scope", "team")
    if organisation_id is None:
        rows = rows.filter(scope_id=INSTALLATION)
    elif draft.place is not None:
        rows = rows.filter(scope__in=_below(draft.place), scope__organisation_id=organisation_id)
    else:
        rows = rows.filter(scope__organisation_id=organisation_id)
    if draft.roles:
        rows = rows.filter(role__in=list(draft.roles))
    return rows.order_by("pk")


def _grants(draft: ReviewDraft, organisation_id: UUID | None) -> tuple[list[Any], list[Any]]:
    """Rights on single objects; a review of chosen roles is about those alone."""
    if draft.roles:
        return [], []
    here = Q(organisation_id=organisation_id) & (Q(expires_at=None) | Q(expires_at__gt=clock.now()))
    if draft.place is not None:
        here &= Q(object_id__in=_below(draft.place))
    return (
        list(UserGrant.objects.filter(here).select_related("permission").order_by("pk")[: MOST_ITEMS + 1]),
        list(TeamGrant.objects.filter(here).select_related("permission").order_by("pk")[: MOST_ITEMS + 1]),
    )


def _below(place: Scope) -> QuerySet[ScopePath, UUID]:
    return ScopePath.objects.filter(ancestor=place).values_list("descendant_id", flat=True)


def _of_teams(granted: Iterable[UserGrant | TeamGrant]) -> list[TeamGrant]:
    return [row for row in granted if isinstance(row, TeamGrant)]


def members_of(teams: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Who is in each of the teams or in one inside it; one query."""
    found: dict[UUID, list[UUID]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT p.ancestor_id, m.user_id FROM rbac_team_path p JOIN rbac_team_member m "
            "ON m.team_id = p.descendant_id WHERE p.ancestor_id = ANY(%s) ORDER BY 1, 2",
            [list(set(teams))],
        )
        for team_id, person_id in cursor.fetchall():
            found.setdefault(team_id, []).append(person_id)
    return found


def is_membership(row: Binding) -> bool:
    """Whether it is the one lasting role that a member has in the organisation, which goes with the membership."""
    return (
        row.role.catalogue == "organisation"
        and row.scope.kind == Scope.Kind.ORGANISATION
        and row.user_id is not None
        and row.effect == Binding.Effect.ALLOW
        and row.expires_at is None
    )


def _of_binding(row: Binding, names: dict[UUID, str], members: dict[UUID, list[UUID]]) -> ReviewItem:
    label = f"{row.role.application.label}: {row.role.label}" if row.role.application is not None else row.role.label
    return ReviewItem(
        id=ids.uuid7(),
        organisation_id=row.scope.organisation_id,
        kind=ITEM.BINDING,
        source_id=row.pk,
        person_id=row.user_id,
        team_id=row.team_id,
        team_name=row.team.name if row.team is not None else "",
        everyone=row.everyone,
        members=members.get(row.team_id, []) if row.team_id is not None else [],
        role_id=row.role_id,
        label=label,
        effect=row.effect,
        place_id=row.scope_id,
        place_name=names.get(row.scope_id, str(_("The installation"))),
        conditions=row.conditions,
        expires_at=row.expires_at,
        reason=row.reason,
        given_by=row.granted_by,
        given_at=row.created_at,
        is_membership=is_membership(row),
    )


def _of_grants(
    granted: Sequence[UserGrant | TeamGrant], by_group: dict[int, Team], members: dict[UUID, list[UUID]]
) -> list[ReviewItem]:
    names = _object_names(granted)
    found = []
    for row in granted:
        team = by_group.get(row.group_id) if isinstance(row, TeamGrant) else None
        found.append(
            ReviewItem(
                id=ids.uuid7(),
                organisation_id=row.organisation_id,
                kind=ITEM.TEAM_GRANT if isinstance(row, TeamGrant) else ITEM.USER_GRANT,
                source_id=row.pk,
                person_id=row.user_id if isinstance(row, UserGrant) else None,
                team_id=team.pk if team is not None else None,
                team_name=team.name if team is not None else "",
                members=members.get(team.pk, []) if team is not None else [],
                label=row.permission.codename,
                effect=Binding.Effect.ALLOW,
                place_id=row.object_id,
                place_name=names.get(row.object_id, row.object_pk)[:200],
                conditions=row.conditions,
                expires_at=row.expires_at,
                reason=row.reason,
                given_by=row.granted_by,
                given_at=row.created_at,
            )
        )
    return found


def _object_names(granted: Sequence[UserGrant | TeamGrant]) -> dict[UUID, str]:
    """What the objects are called; one query for each kind of them."""
    kinds: dict[int, list[UUID]] = {}
    for row in granted:
        kinds.setdefault(row.content_type_id, []).append(row.object_id)
    found: dict[UUID, str] = {}
    for kind_id, keys in kinds.items():
        kind = ContentType.objects.get_for_id(kind_id)
        model = apps.get_model(kind.app_label, kind.model)
        found |= {row.pk: str(row) for row in model._default_manager.filter(pk__in=keys)}
    return found


def reviewers_of_last_resort(organisation_id: UUID | None) -> list[UUID]:
    """Active people who may give and take roles here: they decide what nobody else can."""
    if organisation_id is None:
        page = list_subjects("role:admin", None, None, MOST_REVIEWERS)
    else:
        organisation = apps.get_model("accounts", "Organisation")._default_manager.get(pk=organisation_id)
        page = list_subjects("role:assign", organisation, None, MOST_REVIEWERS)
    return people_only([subject.person_id for subject in page.items])


def people_only(keys: Iterable[UUID]) -> list[UUID]:
    """Those who are active people: a service account reviews nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM accounts_user WHERE id = ANY(%s) AND is_active AND kind = 'person' ORDER BY id",
            [list(keys)],
        )
        return [row[0] for row in cursor.fetchall()]


def owners_here(organisation_id: UUID | None) -> list[UUID]:
    """Who owns the organisation, or administers the installation above all."""
    if organisation_id is None:
        return people_only(selectors.holders_of("super_admin"))
    owning = selectors.owners().filter(scope_id=organisation_id).values_list("user_id", flat=True)
    return people_only([key for key in owning if key is not None])


def last_holding(organisation_id: UUID | None) -> tuple[UUID, UUID] | None:
    """Role and person of the only owner, or the only super administrator: that stays whatever anybody says."""
    code = selectors.OWNER if organisation_id is not None else "super_admin"
    scope_id = organisation_id or INSTALLATION
    holders = selectors.holders_of(code, scope_id)
    if len(holders) != 1:
        return None
    return Role.objects.get(catalogue=selectors.catalogue_of(scope_id), code=code).pk, holders[0]


class Pool:
    """Who can decide in a review, asked once for all of its items."""

    def __init__(self, organisation_id: UUID | None, reviewers: str, reviewer_id: UUID | None) -> None:
        self.kind, self.named = reviewers, reviewer_id
        self.owners = owners_here(organisation_id)
        self.others = reviewers_of_last_resort(organisation_id)
        self.able = set(self.others) | set(self.owners)
        self._organisation_id = organisation_id

    def active(self, keys: set[UUID]) -> set[UUID]:
        """Those of them who can decide at all: active members, or on the installation whoever administers roles."""
        if self._organisation_id is None:
            return keys & self.able
        return set(people_only(active_members(self._organisation_id, list(keys))))

    def candidates(self, item: ReviewItem) -> list[set[UUID]]:
        """Who decides it, in the order in which they are asked: the first group with somebody left has it."""
        first: set[UUID] = set(self.owners)
        if self.kind == Review.Reviewers.PERSON and self.named is not None:
            first = {self.named}
        elif self.kind == Review.Reviewers.GIVERS:
            first = {item.given_by} if item.given_by is not None else set()
        return [first, set(self.owners), set(self.others)]


def concerned(item: ReviewItem) -> set[UUID]:
    """Whose own affair it is: the person, or the members of the team."""
    return {item.person_id} if item.person_id is not None else set(item.members)


def _assign(items: Sequence[ReviewItem], draft: ReviewDraft, organisation_id: UUID | None) -> None:
    pool = Pool(organisation_id, draft.reviewers, draft.reviewer_id)
    assign(items, pool)
    last = last_holding(organisation_id)
    for item in items:
        if last == (item.role_id, item.person_id) and item.place_id == (organisation_id or INSTALLATION):
            keep_by_rule(item, _("The last one of its kind stays: there has to be somebody."))
        elif not item.reviewers:
            keep_by_rule(item, _("Nobody but those whom it is about could decide it."))


def assign(items: Sequence[ReviewItem], pool: Pool) -> None:
    """Say who may decide each item; nobody where it is everybody's own affair. One query beside those of the pool."""
    wanted = {key for item in items for group in pool.candidates(item) for key in group}
    active = pool.active(wanted)
    for item in items:
        own = concerned(item)
        left = (sorted((group & active) - own) for group in pool.candidates(item))
        item.reviewers = next((group for group in left if group), [])


def keep_by_rule(item: ReviewItem, text: str) -> None:
    """Settle an item without anybody's decision."""
    item.decision, item.by_rule = ReviewItem.Decision.KEEP, True
    item.outcome, item.outcome_text = ReviewItem.Outcome.KEPT, text
    item.decided_at = item.outcome_at = clock.now()


def held_now(items: Iterable[ReviewItem]) -> dict[UUID, Held]:
    """What the items are about, as it is now, by the id of the thing; what is gone is missing. At most three queries."""
    wanted: dict[str, list[UUID]] = {}
    for item in items:
        wanted.setdefault(item.kind, []).append(item.source_id)
    kind = ReviewItem.Kind
    found: dict[UUID, Held] = {}
    for model, keys in (
        (Binding, wanted.get(kind.BINDING)),
        (UserGrant, wanted.get(kind.USER_GRANT)),
        (TeamGrant, wanted.get(kind.TEAM_GRANT)),
    ):
        if keys:
            rows: Any = model._default_manager.filter(pk__in=keys)
            if model is Binding:
                rows = rows.select_related("role", "scope")
            found |= {row.pk: row for row in rows}
    return found


def has_changed(item: ReviewItem, now: Held) -> bool:
    """Whether it was changed since the review started: another end, or other conditions."""
    return (now.expires_at, now.conditions) != (item.expires_at, item.conditions)
