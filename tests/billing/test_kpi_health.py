"""Key figures of use by customers, and the health score with its parts."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from fractions import Fraction

import pytest
from pytest_django import Settings

from accounts.models import SurveyAnswer, User
from billing.kpis.health import Health, health_of, note_of, tone_of
from billing.models import Entitlement, Feature, Plan, PlanVersion, Price, Product
from portal.kit import clock, context, ids
from portal.kit.kpis import Figure, Span, kpis
from portal.kit.services import writing
from tests.accounts.organisation_world import House, make_house, organisation
from tests.billing.document_world import final
from tests.billing.money_world import customer_of, seller
from tests.billing.subscription_world import on, subscribed
from tests.billing.usage_world import meter, plan, report

TODAY = "2026-03-20"


def per_seat(limits: Mapping[str, int]) -> PlanVersion:
    """A published version with a price of a seat, and these limits of features that meters count."""
    with context.system("a test"), writing():
        made = Plan.objects.create(
            product=Product.objects.create(code="seats", name="Seats"),
            code="seats",
            family="seats",
            name="Seats",
            state="active",
        )
        version = PlanVersion.objects.create(plan=made, number=1)
        Price.objects.create(
            plan_version=version, code="fee", name="Seat", currency="EUR", model="per_seat", unit_amount=1000
        )
        for name, limit in limits.items():
            feature = Feature.objects.create(code=name, name=name.title(), kind="limit", meter=meter(name))
            Entitlement.objects.create(plan_version=version, feature=feature, hard_limit=limit)
        version.published_at = clock.now()
        version.save(update_fields=["published_at"])
    return version


@pytest.fixture
def now() -> Iterator[None]:
    with clock.at(on(TODAY)):
        yield


def figure(code: str, days: int = 30, end: str = TODAY) -> Figure:
    return kpis.get(code).read(Span(on(end) - timedelta(days=days), on(end), "EUR"))


def parts(code: str) -> dict[str, tuple[Fraction, str]]:
    read = kpis.get(code).parts
    assert read is not None
    found = read(Span(on(TODAY) - timedelta(days=30), on(TODAY), "EUR"))
    return {part.label: (part.value, part.note) for part in found}


def used(house: House, day: str, quantity: int = 1, meter: str = "calls") -> None:
    report(house, {"meter": meter, "quantity": quantity, "occurred_at": f"{day}T10:00:00Z"}, at=on(f"{day}T11:00"))


@pytest.mark.django_db
def test_adoption_and_quotas_are_of_what_plans_have_and_a_meter_counts(now: None) -> None:
    assert str(figure("feature_adoption").missing).startswith("a plan in use")
    assert str(figure("quota_utilisation").missing).startswith("a plan in use")
    entity, version = seller(regime="none"), plan({"calls": (None, 100), "exports": (None, 10), "sso": (None, None)})
    houses = [make_house(name) for name in ("Harbour", "Mill")]
    for house in houses:
        subscribed(customer_of(house.organisation, entity=entity), version, "2026-03-05")
    used(houses[0], "2026-03-10", 150)
    used(houses[0], "2026-03-11", 5, "exports")
    used(houses[1], "2026-03-12", 50)
    used(houses[1], "2026-03-01", 70)
    assert {name: value for name, (value, _note) in parts("feature_adoption").items()} == {
        "Calls": 1,
        "Exports": Fraction(1, 2),
    }
    assert figure("feature_adoption").value == Fraction(3, 4)
    # 150 of 100 counts as 100 %, 5 of 10; 50 of 100, nothing of 10. What was used before the period does not count.
    assert figure("quota_utilisation").value == Fraction(1 + Fraction(1, 2) + Fraction(1, 2) + 0, 4)
    assert {name: value for name, (value, _note) in parts("quota_utilisation").items()} == {
        houses[0].organisation.name: Fraction(3, 4),
        houses[1].organisation.name: Fraction(1, 4),
    }
    assert figure("feature_adoption", end="2026-03-04").value is None, "nobody had the plan then"


@pytest.mark.django_db
def test_activation_is_use_or_payment_within_two_weeks() -> None:
    with clock.at(on("2026-03-01")):
        meter()
        quick, slow = make_house("Quick"), make_house("Slow")
        organisation("Idle")
    used(quick, "2026-03-04")
    used(slow, "2026-03-17")
    assert figure("activation_rate", end="2026-03-20").value == Fraction(1, 3)
    assert figure("activation_rate", end="2026-03-03").value == 0, "as it stood then"
    assert figure("activation_rate", end="2026-02-20").note == "no new organisation"


@pytest.mark.django_db
def test_health_is_the_weighted_mean_of_what_is_known_and_names_what_is_not(settings: Settings) -> None:
    with clock.at(on("2026-03-01")):
        entity = seller(regime="none")
        house, quiet = make_house("Harbour"), make_house("Quiet")
        version = per_seat({"calls": 100, "exports": 10})
    customer = customer_of(house.organisation, entity=entity)
    other = customer_of(quiet.organisation, entity=entity)
    subscribed(customer, version, "2026-03-01", quantity=8)
    subscribed(other, version, "2026-03-01")
    for day in ("2026-02-01", "2026-02-02", "2026-02-03", "2026-03-10"):
        used(house, day)
    with context.system("a test"), writing():
        User.objects.filter(pk__in=[house.owner.pk, house.viewer.pk]).update(last_seen_at=on("2026-03-15"))
        SurveyAnswer.objects.create(
            organisation=house.organisation, kind="nps", score=8, answered_at=on("2026-03-10"), id=ids.uuid7()
        )
    with clock.at(on(TODAY)), context.system("a test"):
        found = health_of(customer.pk)
        assert found is not None
        assert found.parts == {
            "use": Fraction(1, 3),
            "seats": Fraction(2, 8),
            "payment": Fraction(1, 2),
            "features": Fraction(1, 2),
            "survey": Fraction(8, 10),
        }
        expected = (
            30 * Fraction(1, 3) + 20 * Fraction(2, 8) + 20 * Fraction(1, 2) + Fraction(15, 2) + 15 * Fraction(8, 10)
        )
        assert found.score == expected
        lonely = health_of(other.pk)
        assert lonely is not None
        assert lonely.missing == ["Use", "Survey"]
        assert "not known: Use, Survey" in note_of(lonely)
        scores = {name: value for name, (value, _note) in parts("health_score").items()}
        assert scores == {customer.name: expected, other.name: lonely.score}
        assert figure("health_score").value == sum(scores.values()) / 2
        settings.STEWARD_HEALTH_PAYMENT = 0
        again = health_of(customer.pk)
        assert again is not None
        assert again.score == (expected - 10) / 80 * 100, "weights are relative to each other"
    past = kpis.get("health_score").parts
    assert past is not None
    with clock.at(on("2026-06-01")):
        (first, *_rest) = past(Span(on("2026-02-20"), on(TODAY), "EUR"))
    assert "Seats" in first.note.partition("not known")[2], "who was seen when is not kept"


@pytest.mark.django_db
def test_health_is_of_customers_with_a_subscription_alone(now: None) -> None:
    assert str(figure("health_score").missing) == "a customer with a subscription"
    plain = customer_of(organisation("Plain"), entity=seller(regime="none"))
    final(plain, 100)
    assert health_of(plain.pk) is None


@pytest.mark.parametrize(("score", "tone"), [(70, "ok"), (69, "warn"), (40, "warn"), (39, "bad")])
def test_green_from_70_amber_from_40(score: int, tone: str) -> None:
    assert tone_of(Fraction(score)) == tone


def test_nothing_known_is_no_score() -> None:
    nothing = Health("Harbour", ids.uuid7(), dict.fromkeys(("use", "seats", "payment", "features", "survey")))
    assert nothing.score is None
