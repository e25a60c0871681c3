"""Access reviews: what they are about, who decides, what becomes of it, and that a closed one stays as it is."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Membership
from accounts.services.memberships import membership_remove, membership_role_set, roles_by_code
from audit.models import Event
from portal.kit import clock, context, errors
from portal.kit.decision import can
from portal.kit.models import Notice, OutboundMessage
from portal.kit.services import writing
from rbac import services
from rbac.errors import NotTheReviewer, ReviewEmpty, ReviewOver, ReviewSettled, ReviewTooLarge
from rbac.models import Binding, Resource, Review, ReviewItem, Scope, UserGrant
from rbac.services.reviews import review_close, review_decide, review_start
from rbac.services.teams import team_member_add
from tests.accounts.organisation_world import codes_of, join, make_house, traces
from tests.factories import World, actor_of, person
from tests.rbac.review_world import decide, draft, grant, item_of, membership_item, start, tend
from tests.rbac.roles_world import acting, bind, held, make_role, make_team, make_workspace

pytestmark = pytest.mark.django_db
OUTCOME = ReviewItem.Outcome


def test_a_review_writes_down_every_role_and_right_that_counts(world: World) -> None:
    house = make_house()
    role, place = make_role(house, "member:read"), make_workspace(house)
    own = bind(house, house.viewer, role, scope_id=place.pk, reason="Summer project")
    team = make_team(house, house.editor, house.viewer)
    through = bind(house, None, role, team=team)
    every = bind(house, None, role, everyone=True)
    over = bind(house, house.editor, role, expires_at=clock.now() - timedelta(days=1))
    single = grant(house, house.editor)
    review = start(house)
    assert review.items.count() == 4 + 3 + 1
    assert not review.items.filter(source_id=over.pk).exists()
    item = item_of(review, own)
    assert (item.person_id, item.label, item.place_name, item.reason) == (
        house.viewer.pk,
        role.label,
        place.name,
        "Summer project",
    )
    assert set(item_of(review, through).members) == {house.editor.pk, house.viewer.pk}
    assert item_of(review, every).everyone
    project = Resource.objects.get(pk=single.object_pk)
    assert (item_of(review, single).label, item_of(review, single).place_name) == ("product/project:read", project.name)
    assert codes_of(review.pk) == ["rbac.review.started"]


def test_a_review_of_a_workspace_or_of_roles_is_about_those_alone() -> None:
    house = make_house()
    role, other = make_role(house, "member:read"), make_role(house, "member:read")
    place = make_workspace(house)
    inside = bind(house, house.viewer, role, scope_id=place.pk)
    outside = bind(house, house.editor, other)
    grant(house, house.editor)
    review = start(house, place=Scope.objects.get(pk=place.pk))
    assert [item.source_id for item in review.items.all()] == [inside.pk]
    assert review.place_name == place.name
    review = start(house, roles=[other])
    assert [item.source_id for item in review.items.all()] == [outside.pk]


def test_nobody_reviews_themselves_and_the_last_owner_is_kept_by_rule() -> None:
    house = make_house()
    second = join(house.organisation, "owner")
    team_role = make_role(house, "member:read")
    team = make_team(house, house.owner)
    through = bind(house, None, team_role, team=team)
    review = start(house)
    assert membership_item(review, house.owner).reviewers == [second.pk]
    assert membership_item(review, second).reviewers == [house.owner.pk]
    assert set(membership_item(review, house.viewer).reviewers) == {house.owner.pk, second.pk}
    assert item_of(review, through).reviewers == [second.pk], "who is in a team decides about it"
    lonely = make_house("Lonely")
    review = start(lonely)
    last = membership_item(review, lonely.owner)
    assert (last.decision, last.by_rule, last.outcome) == ("keep", True, "kept")
    assert last.decided_by is None
    extra = bind(lonely, lonely.owner, make_role(lonely, "member:read"))
    again = start(lonely)
    assert item_of(again, extra).reviewers == [lonely.admin.pk], "who may give roles decides about the only owner"


def test_what_is_about_everybody_who_could_decide_is_kept_by_rule() -> None:
    house = make_house()
    team = make_team(house, house.owner, house.admin)
    through = bind(house, None, make_role(house, "member:read"), team=team)
    item = item_of(start(house), through)
    assert (item.decision, item.by_rule, item.reviewers) == ("keep", True, [])


def test_each_giver_reviews_what_they_gave_and_a_named_member_everything() -> None:
    house = make_house()
    role = make_role(house, "member:read")
    given = bind(house, house.viewer, role, granted_by=house.admin.pk)
    unknown = bind(house, house.editor, role)
    review = start(house, reviewers="givers")
    assert item_of(review, given).reviewers == [house.admin.pk]
    assert item_of(review, unknown).reviewers == [house.owner.pk]
    review = start(house, reviewers="person", reviewer_id=house.editor.pk)
    assert item_of(review, given).reviewers == [house.editor.pk]
    assert item_of(review, unknown).reviewers == [house.owner.pk], "nobody decides about themselves"


def test_a_revoked_role_is_gone_with_the_next_check_and_a_kept_one_stays() -> None:
    house = make_house()
    role = make_role(house, "audit:read")
    gone, kept = bind(house, house.viewer, role), bind(house, house.editor, role)
    review = start(house)
    assert "audit:read" in held(house.viewer, house)
    tally = decide(house, house.owner, review, "revoke", item_of(review, gone), words="Project over")
    assert (tally.decided, tally.revoked, tally.failed) == (1, 1, 0)
    decide(house, house.owner, review, "keep", item_of(review, kept))
    assert not can(acting(house, house.viewer), "audit:read")
    assert "audit:read" in held(house.editor, house)
    item = item_of(review, gone)
    assert (item.outcome, item.decided_by, item.words) == ("revoked", house.owner.pk, "Project over")
    assert item_of(review, kept).outcome == "kept"
    event = Event.objects.get(code="rbac.binding.revoked", target_id=house.viewer.pk)
    assert event.reason == "Access review “Autumn review”: Project over"


def test_a_right_on_an_object_and_a_role_of_a_team_are_revoked_as_well() -> None:
    house = make_house()
    single = grant(house, house.viewer)
    through = bind(house, None, make_role(house, "member:read"), team=make_team(house, house.viewer))
    review = start(house)
    decide(house, house.owner, review, "revoke", item_of(review, single), item_of(review, through))
    assert not UserGrant.objects.filter(pk=single.pk).exists()
    assert not Binding.objects.filter(pk=through.pk).exists()


def test_revoking_the_role_of_a_member_ends_the_membership() -> None:
    house = make_house()
    extra = bind(house, house.viewer, make_role(house, "member:read"))
    review = start(house)
    decide(house, house.owner, review, "revoke", membership_item(review, house.viewer))
    assert not Membership.objects.filter(organisation=house.organisation, user=house.viewer).exists()
    assert membership_item(review, house.viewer).outcome == "revoked"
    decide(house, house.owner, review, "keep", item_of(review, extra))
    assert item_of(review, extra).outcome == "gone"


def test_what_the_reviewer_may_not_take_is_an_outcome_and_not_lost() -> None:
    house = make_house()
    high = make_role(house, "member:read", rank=40)
    row = bind(house, house.viewer, high)
    review = start(house, reviewers="person", reviewer_id=house.editor.pk)
    before = Binding.objects.count(), OutboundMessage.objects.count()
    tally = decide(house, house.editor, review, "revoke", item_of(review, row))
    item = item_of(review, row)
    assert (tally.failed, item.decision, item.outcome) == (1, "revoke", "failed")
    assert item.outcome_text
    assert (Binding.objects.count(), OutboundMessage.objects.count()) == before
    assert Event.objects.filter(code="rbac.binding.revoked").count() == 0
    decide(house, house.editor, review, "keep", item_of(review, row))
    assert item_of(review, row).outcome == "kept"


def test_who_ranks_above_the_reviewer_loses_nothing() -> None:
    house = make_house()
    row = bind(house, house.owner, make_role(house, "member:read"))
    review = start(house)
    tally = decide(house, house.admin, review, "revoke", item_of(review, row))
    assert tally.failed == 1
    assert Binding.objects.filter(pk=row.pk).exists()


def test_only_its_reviewer_decides_an_item_and_a_batch_is_all_or_nothing() -> None:
    house = make_house()
    role = make_role(house, "member:read")
    first, second = bind(house, house.viewer, role), bind(house, house.editor, role)
    review = start(house)
    held_before = set(Binding.objects.values_list("pk", flat=True))
    for who in (house.admin, house.editor, house.viewer):
        with pytest.raises(NotTheReviewer):
            decide(house, who, review, "revoke", item_of(review, first))
    other = make_house("Elsewhere")
    with pytest.raises(errors.NotFound):
        decide(other, other.owner, review, "revoke", item_of(review, first))
    foreign = start(other)
    with pytest.raises(errors.NotFound):
        decide(house, house.owner, review, "revoke", item_of(review, first), membership_item(foreign, other.viewer))
    own = bind(house, house.owner, role)
    review = start(house)
    with pytest.raises(NotTheReviewer):
        decide(house, house.owner, review, "revoke", item_of(review, second), item_of(review, own))
    assert item_of(review, second).decision == ""
    assert held_before <= set(Binding.objects.values_list("pk", flat=True))


def test_who_came_into_the_team_since_does_not_decide_about_it() -> None:
    house = make_house()
    team = make_team(house, house.viewer)
    through = bind(house, None, make_role(house, "member:read"), team=team)
    review = start(house)
    with context.acting(acting(house, house.owner)) as current:
        team_member_add(actor=current.actor, team=team, person_id=house.owner.pk)
    with pytest.raises(NotTheReviewer):
        decide(house, house.owner, review, "keep", item_of(review, through))


def test_what_is_revoked_cannot_be_decided_again_and_a_bad_decision_is_refused() -> None:
    house = make_house()
    row = bind(house, house.viewer, make_role(house, "member:read"))
    review = start(house)
    with pytest.raises(errors.Invalid):
        decide(house, house.owner, review, "perhaps", item_of(review, row))
    with pytest.raises(errors.Invalid):
        decide(house, house.owner, review, "keep", item_of(review, row), words="two\nlines")
    with pytest.raises(errors.Invalid):
        decide(house, house.owner, review, "keep")
    assert item_of(review, row).decision == ""
    decide(house, house.owner, review, "revoke", item_of(review, row))
    with pytest.raises(ReviewSettled):
        decide(house, house.owner, review, "keep", item_of(review, row))


def test_a_review_that_applies_at_the_end_takes_nothing_before() -> None:
    house = make_house()
    role = make_role(house, "audit:read")
    gone, doubted = bind(house, house.viewer, role), bind(house, house.editor, role)
    review = start(house, applies="at_end")
    decide(house, house.owner, review, "revoke", item_of(review, gone), item_of(review, doubted))
    decide(house, house.owner, review, "keep", item_of(review, doubted))
    assert Binding.objects.filter(pk__in=[gone.pk, doubted.pk]).count() == 2
    with clock.at(clock.now() + timedelta(days=15)):
        tend()
    assert not Binding.objects.filter(pk=gone.pk).exists()
    assert Binding.objects.filter(pk=doubted.pk).exists()
    review.refresh_from_db()
    assert review.state == "closed"
    assert item_of(review, gone).outcome == "revoked"
    event = Event.objects.get(code="rbac.binding.revoked", target_id=house.viewer.pk)
    assert event.actor_id == house.owner.pk, "it is taken with the rights of who decided"


def test_a_decision_of_somebody_who_lost_the_right_meanwhile_fails_at_the_end() -> None:
    house = make_house()
    role = make_role(house, "audit:read")
    row = bind(house, house.viewer, role)
    review = start(house, applies="at_end", reviewers="person", reviewer_id=house.admin.pk)
    decide(house, house.admin, review, "revoke", item_of(review, row))
    with context.acting(acting(house, house.owner)) as current:
        membership_role_set(
            actor=current.actor, membership=house.membership(house.admin), role=roles_by_code()["viewer"]
        )
    with clock.at(clock.now() + timedelta(days=15)):
        tend()
    assert item_of(review, row).outcome == "failed"
    assert Binding.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(("rule", "stays"), [("keep", True), ("revoke", False)])
def test_the_due_date_keeps_or_revokes_what_nobody_decided(rule: str, stays: bool) -> None:
    house = make_house()
    row = bind(house, house.viewer, make_role(house, "audit:read"))
    review = start(house, undecided=rule)
    with clock.at(clock.now() + timedelta(days=15)):
        with pytest.raises(ReviewOver):
            decide(house, house.owner, review, "keep", item_of(review, row))
        tend()
        told = Event.objects.count(), OutboundMessage.objects.count()
        tend()
        assert (Event.objects.count(), OutboundMessage.objects.count()) == told, "a second run did something"
    item = item_of(review, row)
    assert (item.decision, item.by_rule, item.decided_by) == (rule, True, None)
    assert Binding.objects.filter(pk=row.pk).exists() is stays
    assert Membership.objects.filter(organisation=house.organisation, user=house.viewer).exists() is stays
    assert Membership.objects.filter(organisation=house.organisation, user=house.owner).exists()
    assert Event.objects.filter(target_id=review.pk, code="rbac.review.closed").count() == 1


def test_what_was_changed_or_taken_since_is_marked_and_not_taken_by_the_due_date() -> None:
    house = make_house()
    role = make_role(house, "audit:read")
    changed, taken = bind(house, house.editor, role), bind(house, house.admin, role)
    review = start(house, undecided="revoke", roles=[role])
    with context.acting(acting(house, house.owner)) as current:
        end = clock.now() + timedelta(days=60)
        services.access_limit(actor=current.actor, binding=changed, expires_at=end)
        services.access_take(actor=current.actor, binding=taken)
    with clock.at(clock.now() + timedelta(days=15)):
        tend()
    assert item_of(review, changed).outcome == "changed"
    assert Binding.objects.filter(pk=changed.pk).exists()
    assert item_of(review, taken).outcome == "gone"


def test_closing_early_settles_the_rest_and_tells_who_started_it() -> None:
    house = make_house()
    row = bind(house, house.viewer, make_role(house, "audit:read"))
    review = start(house, undecided="revoke", roles=[row.role])
    for who in (house.editor, house.viewer):
        with context.acting(acting(house, who)) as current, pytest.raises(errors.Forbidden):
            review_close(actor=current.actor, review=review)
    with context.acting(acting(house, house.admin)) as current:
        closed = review_close(actor=current.actor, review=review)
    assert (closed.state, closed.closed_by) == ("closed", house.admin.pk)
    assert not Binding.objects.filter(pk=row.pk).exists()
    assert Notice.objects.filter(person=house.owner, title__contains="is closed").count() == 1
    with context.acting(acting(house, house.owner)) as current, pytest.raises(ReviewOver):
        review_close(actor=current.actor, review=review)


def test_a_closed_review_is_changed_by_nobody_and_a_snapshot_never() -> None:
    house = make_house()
    review = start(house)
    item = membership_item(review, house.viewer)

    def refused(statement: str, key: UUID) -> None:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [key])

    with context.system("a test"), writing():
        refused("UPDATE rbac_review_item SET label = 'Owner' WHERE id = %s", item.pk)
        refused("UPDATE rbac_review_item SET person_id = NULL WHERE id = %s", item.pk)
        refused("DELETE FROM rbac_review_item WHERE id = %s", item.pk)
        refused("DELETE FROM rbac_review WHERE id = %s", review.pk)
    with context.acting(acting(house, house.owner)) as current:
        review_close(actor=current.actor, review=review)
    with context.system("a test"), writing():
        refused("UPDATE rbac_review_item SET decision = 'revoke' WHERE id = %s", item.pk)
        refused("UPDATE rbac_review SET state = 'running', closed_at = NULL WHERE id = %s", review.pk)
        refused("UPDATE rbac_review SET name = 'Another' WHERE id = %s", review.pk)
        refused("SELECT rbac_reviews_purge(%s)", house.id)
        with pytest.raises(DatabaseError), transaction.atomic():
            extra = ReviewItem.objects.get(pk=item.pk)
            extra.pk, extra.source_id = None, house.id
            extra.id = review.pk
            extra.save(force_insert=True)
    assert ReviewItem.objects.get(pk=item.pk).label == item.label


def test_the_database_lets_nobody_decide_about_themselves() -> None:
    house = make_house()
    item = membership_item(start(house), house.viewer)
    with context.system("a test"), writing(), pytest.raises(DatabaseError), transaction.atomic():
        ReviewItem.objects.filter(pk=item.pk).update(
            decision="keep", decided_at=clock.now(), decided_by=house.viewer.pk
        )


def test_reviewers_are_told_at_the_start_and_reminded_once_for_each_day() -> None:
    house = make_house()
    bind(house, house.viewer, make_role(house, "audit:read"))
    mails = OutboundMessage.objects.filter(subject__contains="Autumn review")
    review = start(house, remind_days=(7, 1))
    assert set(mails.values_list("person_id", flat=True)) == {house.owner.pk, house.admin.pk} & _asked()
    first = mails.count()
    assert tend() == 0
    with clock.at(review.due_at - timedelta(days=6)):
        assert tend() >= 1
        assert tend() == 0, "a reminder went out twice"
    assert mails.filter(subject__startswith="Reminder").count() == mails.count() - first
    with clock.at(review.due_at - timedelta(hours=3)):
        assert tend() >= 1
        assert tend() == 0
    assert Event.objects.filter(code="rbac.review.reminded", target_id=review.pk).count() == 2


def _asked() -> set[UUID]:
    return {key for keys in ReviewItem.objects.filter(decision="").values_list("reviewers", flat=True) for key in keys}


def test_items_of_reviewers_who_left_go_to_others() -> None:
    house = make_house()
    row = bind(house, house.viewer, make_role(house, "audit:read"))
    review = start(house, reviewers="person", reviewer_id=house.editor.pk)
    with context.acting(acting(house, house.owner)) as current:
        membership_remove(actor=current.actor, membership=house.membership(house.editor))
    tend()
    assert item_of(review, row).reviewers == [house.owner.pk]
    assert "rbac.review.assigned" in codes_of(review.pk)


def test_a_review_that_cannot_be_is_refused_with_its_fields_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house()
    elsewhere = make_house("Elsewhere")
    stranger = person("stranger to all")
    bad: dict[str, Any] = {
        "name": "  ",
        "due_at": clock.now(),
        "remind_days": (0,),
        "undecided": "burn",
        "applies": "never",
        "reviewers": "person",
        "reviewer_id": stranger.pk,
        "place": Scope.objects.get(pk=elsewhere.id),
    }
    before = traces()
    with pytest.raises(errors.Invalid) as caught:
        start(house, **bad)
    assert set(caught.value.fields) == {
        "name",
        "due_at",
        "remind_days",
        "undecided",
        "applies",
        "reviewer_id",
        "place_id",
    }
    with pytest.raises(ReviewEmpty):
        start(house, roles=[make_role(house, "member:read")])
    monkeypatch.setattr("rbac.services.reviews.MOST_ITEMS", 2)
    with pytest.raises(ReviewTooLarge):
        start(house)
    assert Review.objects.count() == 0
    assert traces().mails == before.mails


@pytest.mark.parametrize("who", ["editor", "viewer"])
def test_who_may_not_give_roles_starts_no_review(who: str) -> None:
    house = make_house()
    with pytest.raises(errors.Forbidden):
        start(house, by=getattr(house, who))
    other = make_house("Elsewhere")
    with context.acting(house.inside(house.owner)) as current, pytest.raises(errors.NotFound):
        review_start(actor=current.actor, organisation_id=other.id, draft=draft())
    with context.acting(house.inside(house.owner)) as current, pytest.raises(errors.NotFound):
        review_start(actor=current.actor, organisation_id=None, draft=draft())
    assert Review.objects.count() == 0


def test_the_installation_reviews_its_own_roles(world: World) -> None:
    actor = actor_of(world.root)
    with context.acting(actor):
        context.current().platform = True  # type: ignore[union-attr]
        review = review_start(actor=actor, organisation_id=None, draft=draft())
    people = set(review.items.values_list("person_id", flat=True))
    assert {world.admin.pk, world.manager.pk, world.clerk.pk} <= people
    root = review.items.get(person_id=world.root.pk)
    assert root.by_rule, "the last super administrator is decided about"
    item = review.items.get(person_id=world.clerk.pk)
    assert item.reviewers == [world.root.pk]
    with context.acting(actor_of(world.admin)) as current, pytest.raises(errors.Forbidden):
        review_decide(actor=current.actor, review=review, item_ids=[item.pk], decision="revoke")
    with context.acting(actor):
        tally = review_decide(actor=actor, review=review, item_ids=[item.pk], decision="revoke")
    assert tally.revoked == 1
    assert not Binding.objects.filter(pk=item.source_id).exists()


def test_a_key_decides_no_further_than_its_scopes(world: World) -> None:
    house = make_house()
    row = bind(house, house.viewer, make_role(house, "audit:read"))
    review = start(house, applies="at_end")
    key = replace(house.inside(house.owner), scopes=frozenset({"member:read"}))
    with context.acting(key):
        review_decide(actor=key, review=review, item_ids=[item_of(review, row).pk], decision="revoke")
    with clock.at(clock.now() + timedelta(days=15)):
        tend()
    assert item_of(review, row).outcome == "failed"
    assert Binding.objects.filter(pk=row.pk).exists()
