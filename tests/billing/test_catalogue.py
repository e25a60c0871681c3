"""Products, plans and their versions: who may, what changes, and what never does."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import Event
from billing.errors.catalogue import DraftExists, PlanArchived, VersionIncomplete, VersionPublished
from billing.models import Entitlement, Feature, Meter, Plan, PlanMinimum, PlanVersion, Price, PriceTier, Product
from billing.plan_drafts import EntitlementDraft, PriceDraft, VersionDraft, draft_of
from billing.pricing import Tier, charge
from billing.selectors import catalogue as selectors
from billing.services import meters, plans
from billing.services.versions import version_change, version_discard, version_publish, version_start
from portal.kit import context, errors
from portal.kit.context import Actor
from portal.kit.services import writing
from tests.accounts.organisation_world import organisation
from tests.billing.catalogue_world import draft, feature, flat, meter, new_plan, product, sold
from tests.factories import actor_of, person

pytestmark = pytest.mark.django_db
D = Decimal
TIERED = PriceDraft(
    "calls", "API calls", "EUR", "graduated", "calls", tiers=(Tier(D(1000), D("0.5")), Tier(None, D("0.2"), D(100)))
)


def codes() -> list[str]:
    """What the trail tells of the catalogue, oldest first."""
    return list(Event.objects.filter(code__startswith="billing.").order_by("id").values_list("code", flat=True))


def rows() -> tuple[int, ...]:
    """How much of a catalogue there is."""
    every = (Product, Plan, PlanVersion, Price, PriceTier, PlanMinimum, Entitlement, Meter, Feature)
    return tuple(model._default_manager.count() for model in every)


def test_a_plan_is_drafted_published_and_then_sold() -> None:
    meter("calls")
    feature("audit")
    plan = new_plan("pro", visibility="hidden")
    made = draft(plan, flat(), TIERED, entitlements=[("audit",)], minimums={"EUR": 5000}, trial_days=14)
    assert (plan.state, selectors.offered(plan="pro", currency="EUR")) == ("draft", None)
    with context.system("a test") as current:
        published = version_publish(actor=current.actor, version=made)
    plan.refresh_from_db()
    assert (plan.state, published.is_draft, published.trial_days) == ("active", False, 14)
    found = selectors.offered(plan=plan.pk, currency="EUR")
    assert found == published
    assert draft_of(found).prices[1].tiers == TIERED.tiers
    assert charge(found.prices.all()[1].shape, 1500) == 500 + 100 + 100
    assert selectors.offered(plan="pro", currency="USD") is None
    assert selectors.offers(currency="EUR") == [], "A hidden plan is given by staff only."
    assert codes() == [
        "billing.meter.created", "billing.feature.created", "billing.product.created", "billing.plan.created",
        "billing.plan_version.drafted", "billing.plan_version.changed", "billing.plan_version.published",
        "billing.plan.activated",
    ]  # fmt: skip


def test_a_new_version_starts_as_a_copy_and_the_old_one_stays() -> None:
    meter("calls")
    first = sold(flat(), TIERED, code="pro")
    with context.system("a test") as current:
        second = version_start(actor=current.actor, plan=first.plan)
        assert draft_of(second) == draft_of(first)
        with pytest.raises(DraftExists):
            version_start(actor=current.actor, plan=first.plan)
        key = ("base", "EUR")
        version_change(
            actor=current.actor, version=second, change=lambda one: one.with_price(flat(3900), instead_of=key)
        )
        assert selectors.offered(plan="pro", currency="EUR") == first
        version_publish(actor=current.actor, version=second)
    assert (second.number, selectors.offered(plan="pro", currency="EUR")) == (2, second)
    assert [int(version.prices.all()[0].unit_amount) for version in (first, second)] == [2900, 3900]
    assert [plan.code for plan in selectors.plans(context_actor())] == ["pro"]


def context_actor() -> Any:
    """Somebody who may see all plans."""
    return actor_of(person("Reader", role="manager"))


def test_a_published_version_is_changed_by_nobody() -> None:
    meter("calls")
    feature("audit")
    version = sold(flat(), TIERED, entitlements=[("audit",)], minimums={"EUR": 100})
    before = rows(), codes(), draft_of(version)
    with context.system("a test") as current:
        for refused in (
            lambda: version_change(actor=current.actor, version=version, change=lambda one: one),
            lambda: version_publish(actor=current.actor, version=version),
            lambda: version_discard(actor=current.actor, version=version),
        ):
            with pytest.raises(VersionPublished):
                refused()
    price = version.prices.all()[1]
    for statement in (
        "UPDATE billing_plan_version SET trial_days = 99",
        "UPDATE billing_plan_version SET published_at = NULL",
        "DELETE FROM billing_plan_version",
        "UPDATE billing_price SET unit_amount = 1",
        "DELETE FROM billing_price WHERE model = 'flat'",
        "UPDATE billing_price_tier SET unit_amount = 0",
        "DELETE FROM billing_price_tier",
        f"INSERT INTO billing_price_tier (id, price_id, position, unit_amount, flat_amount) "
        f"VALUES (gen_random_uuid(), '{price.pk}', 9, 0, 0)",
        "UPDATE billing_entitlement SET hard_limit = 5",
        "DELETE FROM billing_plan_minimum",
        "UPDATE billing_meter SET aggregation = 'max'",
        "UPDATE billing_feature SET code = 'other'",
        "UPDATE billing_plan SET code = 'other'",
        "UPDATE billing_plan SET state = 'draft'",
    ):
        with context.system("a test"), pytest.raises(DatabaseError), transaction.atomic(), writing():
            connection.cursor().execute(statement)
    assert (rows(), codes(), draft_of(selectors.on_sale().get())) == before


@pytest.mark.parametrize(
    ("says", "field"),
    [
        ({"prices": [replace(flat(), currency="XXX")]}, "prices.0.currency"),
        ({"prices": [flat(), flat()]}, "prices.1.code"),
        ({"prices": [flat(-1)]}, "prices.0.unit_amount"),
        ({"prices": [flat(10**16)]}, "prices.0.unit_amount"),
        ({"prices": [replace(flat(), code="Two words")]}, "prices.0.code"),
        ({"prices": [replace(flat(), model="barter")]}, "prices.0.model"),
        ({"prices": [replace(flat(), model="package")]}, "prices.0.package_size"),
        ({"prices": [replace(flat(), model="percentage")]}, "prices.0.meter"),
        ({"prices": [replace(flat(), model="per_seat", meter="nothing")]}, "prices.0.meter"),
        ({"prices": [replace(flat(), meter="calls")]}, "prices.0.meter"),
        ({"prices": [replace(TIERED, meter="", tiers=(Tier(D(5)),))]}, "prices.0.tiers"),
        ({"prices": [replace(TIERED, meter="", tiers=(Tier(D("1.0000001")), Tier(None)))]}, "prices.0.tiers"),
        ({"minimums": {"EUR": 0}}, "minimums.EUR"),
        ({"entitlements": [EntitlementDraft("nothing")]}, "entitlements.0.feature"),
        ({"entitlements": [EntitlementDraft("audit", None, 5)]}, "entitlements.0.hard_limit"),
        ({"entitlements": [EntitlementDraft("audit", 9, 5)]}, "entitlements.0.soft_limit"),
        ({"entitlements": [EntitlementDraft("audit")] * 2}, "entitlements.1.feature"),
        ({"terms": {"interval_unit": "decade"}}, "interval_unit"),
        ({"terms": {"plan_id": 5}}, "plan_id"),
        ({"terms": {"interval_unit": "week", "fixed_days": 30}}, "fixed_days"),
        ({"terms": {"dunning": {"retries": [3, 1], "stages": []}}}, "dunning"),
        ({"terms": {"dunning": {"retries": [], "stages": [{"day": 1, "do": "shout"}]}}}, "dunning"),
    ],
)
def test_what_a_draft_cannot_say_is_named_and_changes_nothing(says: dict[str, Any], field: str) -> None:
    feature("audit")
    made = draft(new_plan(), flat())
    before = rows(), codes(), draft_of(made)
    with context.system("a test") as current, pytest.raises(errors.Invalid) as caught:
        version_change(actor=current.actor, version=made, change=lambda one: replace(one, **says))
    assert field in caught.value.fields
    assert all(text for texts in caught.value.fields.values() for text in texts)
    made.refresh_from_db()
    assert (rows(), codes(), draft_of(made)) == before


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ({"prices": []}, "no price"),
        ({"prices": [flat(), flat(code="more"), flat(currency="USD")]}, "In USD"),
        ({"prices": [flat(), replace(flat(currency="USD"), model="per_seat")]}, "computed otherwise"),
        ({"prices": [flat()], "minimums": {"USD": 5}}, "minimum"),
    ],
)
def test_what_nobody_could_buy_is_not_published(says: dict[str, Any], words: str) -> None:
    made = draft(new_plan(), flat())
    with context.system("a test") as current:
        version_change(actor=current.actor, version=made, change=lambda one: replace(one, **says))
        before = codes()
        with pytest.raises(VersionIncomplete, match=words):
            version_publish(actor=current.actor, version=made)
    assert (PlanVersion.objects.get().published_at, Plan.objects.get().state, codes()) == (None, "draft", before)


def test_archived_is_offered_to_nobody_and_comes_back_as_it_was() -> None:
    version = sold(code="pro")
    fresh = new_plan("fresh")
    with context.system("a test") as current:
        actor = current.actor
        assert plans.plan_archive(actor=actor, plan=version.plan).state == "archived"
        assert plans.plan_archive(actor=actor, plan=version.plan).state == "archived"
        assert (selectors.offers(), PlanVersion.objects.count()) == ([], 1)
        with pytest.raises(PlanArchived):
            version_start(actor=actor, plan=version.plan)
        assert plans.plan_restore(actor=actor, plan=version.plan).state == "active"
        assert plans.plan_restore(actor=actor, plan=version.plan).state == "active"
        plans.plan_archive(actor=actor, plan=fresh)
        assert plans.plan_restore(actor=actor, plan=fresh).state == "draft"
        made = draft(fresh, flat())
        version_discard(actor=actor, version=made)
    assert [one.plan.code for one in selectors.offers(currency="EUR", kind="base")] == ["pro"]
    assert codes()[-5:] == [
        "billing.plan.archived", "billing.plan.restored", "billing.plan_version.drafted",
        "billing.plan_version.changed", "billing.plan_version.discarded",
    ]  # fmt: skip
    with context.system("a test"), pytest.raises(DatabaseError), transaction.atomic(), writing():
        connection.cursor().execute("DELETE FROM billing_plan")


def test_plans_stand_in_the_order_that_staff_gives_them() -> None:
    first, second, third = (new_plan(code) for code in ("one", "two", "three"))
    with context.system("a test") as current:
        plans.plans_reorder(actor=current.actor, plans=[third.pk, first.pk])
        moved = codes().count("billing.plan.moved")
        plans.plans_reorder(actor=current.actor, plans=[third.pk])
        for wrong, error in (([first.pk] * 2, errors.Invalid), ([product().pk], errors.NotFound)):
            with pytest.raises(error):
                plans.plans_reorder(actor=current.actor, plans=wrong)
    assert list(Plan.objects.order_by("position").values_list("code", flat=True)) == ["three", "one", "two"]
    assert (moved, codes().count("billing.plan.moved")) == (3, 3)
    assert second.position == 1


def test_names_change_codes_do_not() -> None:
    with context.system("a test") as current:
        actor = current.actor
        made, plan, calls, audit = product(), new_plan("pro"), meter("calls"), feature("audit")
        made = plans.product_update(actor=actor, product=made, values={"name": " Cloud "})
        plan = plans.plan_update(actor=actor, plan=plan, values={"name": "Professional", "family": "pro"})
        calls = meters.meter_update(actor=actor, meter=calls, values={"unit": "call"})
        audit = meters.feature_update(actor=actor, feature=audit, values={"name": "Audit trail"})
        assert (made.name, plan.name, calls.unit, audit.name) == ("Cloud", "Professional", "call", "Audit trail")
        assert plans.product_archive(actor=actor, product=made).archived_at is not None
        assert plans.product_restore(actor=actor, product=made).archived_at is None
        assert meters.meter_archive(actor=actor, meter=calls).archived_at is not None
        assert meters.meter_restore(actor=actor, meter=calls).archived_at is None
        assert meters.feature_archive(actor=actor, feature=audit).archived_at is not None
        assert meters.feature_restore(actor=actor, feature=audit).archived_at is None
        before = rows(), codes()
        for refused in (
            lambda: plans.plan_update(actor=actor, plan=plan, values={"code": "other"}),
            lambda: plans.plan_create(actor=actor, product=made, code="pro", name="Again"),
            lambda: plans.product_create(actor=actor, code="Nö", name="x"),
            lambda: meters.meter_create(actor=actor, code="unique", name="x", aggregation="unique"),
            lambda: meters.feature_create(actor=actor, code="switch", name="x", meter=calls),
        ):
            with pytest.raises(errors.Invalid) as caught:
                refused()
            assert caught.value.fields
        plans.product_archive(actor=actor, product=made)
        with pytest.raises(errors.Invalid):
            plans.plan_create(actor=actor, product=made, code="late", name="Late")
    assert (rows(), [code for code in codes() if code != "billing.product.archived"]) == (
        before[0],
        [code for code in before[1] if code != "billing.product.archived"],
    )


def refuse_all(actor: Actor, made: Plan, version: PlanVersion) -> None:
    """Everything that writes, as somebody who may not."""
    with context.acting(actor):
        for refused in (
            lambda: plans.product_create(actor=actor, code="x", name="x"),
            lambda: plans.plan_create(actor=actor, product=made.product, code="x", name="x"),
            lambda: plans.plan_update(actor=actor, plan=made, values={"name": "x"}),
            lambda: plans.plan_archive(actor=actor, plan=made),
            lambda: plans.plan_restore(actor=actor, plan=made),
            lambda: plans.plans_reorder(actor=actor, plans=[made.pk]),
            lambda: version_start(actor=actor, plan=made),
            lambda: version_change(actor=actor, version=version, change=lambda one: one),
            lambda: version_publish(actor=actor, version=version),
            lambda: version_discard(actor=actor, version=version),
            lambda: meters.meter_create(actor=actor, code="x", name="x"),
            lambda: meters.feature_create(actor=actor, code="x", name="x"),
        ):
            with pytest.raises(errors.Forbidden):
                refused()


def test_only_staff_with_the_right_writes() -> None:
    made, version = new_plan("pro"), draft(new_plan(), flat())
    before = rows(), codes()
    for name, role in (("Clerk", "manager"), ("Nobody", "user")):
        refuse_all(actor_of(person(name, role=role)), made, version)
    assert (rows(), codes()) == before
    member = replace(actor_of(person("Member")), organisation_id=organisation().pk)
    with context.acting(member):
        assert not selectors.plans(member).exists()


def test_two_people_who_edit_two_prices_keep_both() -> None:
    made = draft(new_plan(), flat(), flat(100, "USD"))
    with context.system("a test") as current:
        for key, price in ((("base", "EUR"), flat(1)), (("base", "USD"), flat(2, "USD"))):
            # Both opened the form while the other's change was not there yet: what is written is made under the lock.
            version_change(
                actor=current.actor,
                version=made,
                change=lambda one, key=key, price=price: one.with_price(price, instead_of=key),  # type: ignore[misc]
            )
        same: list[VersionDraft] = []
        version_change(actor=current.actor, version=made, change=lambda one: same.append(one) or one)  # type: ignore[func-returns-value]
    assert [int(one.unit_amount) for one in same[0].prices] == [1, 2]
    assert codes().count("billing.plan_version.changed") == 3
