"""Who sells: details that are checked, one default, archive; and the rates of tax that follow each other."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from audit.models import Event
from billing.errors.customers import EntityArchived, EntityInUse
from billing.errors.taxes import TaxRateInForce, TaxRateOverlaps
from billing.models import LegalEntity, TaxRate
from billing.services import entities, tax_rates
from billing.tax_data import ready_for
from billing.tax_facts import customer_facts, seller_facts
from billing.taxes import NetLine, tax_of
from portal.kit import clock, context
from portal.kit.errors import Forbidden, Invalid, NotFound
from portal.kit.services import writing
from tests.accounts.organisation_world import codes_of, organisation
from tests.billing.money_world import customer_of, seller
from tests.factories import actor_of, person

pytestmark = pytest.mark.django_db
TODAY = clock.now().date()
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def staff() -> Any:
    """An administrator as an actor, whose context the test runs in."""
    actor = actor_of(person("Admin", role="admin"))
    with context.acting(actor):
        yield actor


def test_details_are_changed_with_one_event_and_none_when_all_is_as_it_was(staff: Any) -> None:
    entity = seller()
    changed = {
        "name": "Harbour AG",
        "iban": "de89 3704 0044 0532 0130 00",
        "regime": "eu_vat",
        "tax_id": "DE 136695976",
    }
    for _ in range(2):
        entity = entities.entity_update(actor=staff, entity=entity, values=changed)
    assert (entity.iban, entity.tax_id) == ("DE89370400440532013000", "DE136695976")
    assert codes_of(entity.pk) == ["billing.entity.created", "billing.entity.updated"]


@pytest.mark.parametrize(
    "values",
    [
        {"iban": "DE89370400440532013001"},
        {"tax_id": "DE136695977", "regime": "eu_vat"},
        {"country": "QQ"},
        {"time_zone": "Europe/Atlantis"},
        {"currency": "XAU"},
        {"regime": "gst", "country": "IN"},
        {"regime": "gst", "country": "IN", "region": "99"},
        {"regime": "eu_vat", "country": ""},
        {"name": ""},
        {"code": "other"},
        {"regime": "tithe"},
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_kept(staff: Any, values: dict[str, Any]) -> None:
    entity = seller()
    with pytest.raises(Invalid) as refused:
        entities.entity_update(actor=staff, entity=entity, values=values)
    assert set(refused.value.fields) & set(values) or "region" in refused.value.fields
    entity.refresh_from_db()
    assert entity.name == "Harbour Software GmbH"
    assert codes_of(entity.pk) == ["billing.entity.created"]


def test_the_default_is_one_and_is_never_archived(staff: Any) -> None:
    first, second = seller(), seller()
    with pytest.raises(EntityInUse):
        entities.entity_archive(actor=staff, entity=first)
    entities.entity_default(actor=staff, entity=second)
    assert list(LegalEntity.objects.filter(is_default=True)) == [second]
    for _ in range(2):
        entities.entity_archive(actor=staff, entity=first)
    with pytest.raises(EntityArchived):
        entities.entity_default(actor=staff, entity=first)
    entities.entity_restore(actor=staff, entity=first)
    assert codes_of(first.pk)[1:] == ["billing.entity.updated", "billing.entity.archived", "billing.entity.restored"]
    with pytest.raises(NotFound):
        entities.entity_archive(actor=staff, entity=LegalEntity())


def test_a_rate_that_follows_ends_the_one_before_on_its_day(staff: Any) -> None:
    entity = seller(regime="flat")
    facts = {"code": "vat", "name": "VAT"}
    first = tax_rates.tax_rate_add(
        actor=staff, entity=entity, **facts, percent=Decimal(19), valid_from=date(2020, 1, 1)
    )
    second = tax_rates.tax_rate_add(actor=staff, entity=entity, **facts, percent=Decimal(21), valid_from=TOMORROW)
    first.refresh_from_db()
    assert (first.valid_until, second.valid_until) == (TOMORROW, None)
    assert codes_of(first.pk) == ["billing.tax_rate.added", "billing.tax_rate.updated"]
    customer = customer_facts(customer_of(organisation(), entity=entity))
    for day, amount in ((TODAY, 19), (TOMORROW, 21)):
        assert [tax.amount for tax in tax_of(customer, seller_facts(entity), [NetLine("a", 100)], day)] == [amount]


def test_a_rate_in_force_stays_and_one_to_come_is_corrected(staff: Any) -> None:
    entity = seller()
    old = tax_rates.tax_rate_add(
        actor=staff, entity=entity, code="old", name="VAT", percent=Decimal(19), valid_from=date(2020, 1, 1)
    )
    new = tax_rates.tax_rate_add(
        actor=staff, entity=entity, code="new", name="VAT", percent=Decimal(91), valid_from=TOMORROW
    )
    for values in ({"percent": Decimal(18)}, {"valid_from": date(2021, 1, 1)}, {"valid_until": date(2020, 6, 1)}):
        with pytest.raises(TaxRateInForce):
            tax_rates.tax_rate_update(actor=staff, entity=entity, rate_id=old.pk, values=values)
    tax_rates.tax_rate_update(actor=staff, entity=entity, rate_id=old.pk, values={"valid_until": TOMORROW})
    tax_rates.tax_rate_update(actor=staff, entity=entity, rate_id=new.pk, values={"percent": Decimal(19)})
    old.refresh_from_db()
    assert (old.percent, old.valid_until) == (Decimal(19), TOMORROW)
    assert TaxRate.objects.get(pk=new.pk).percent == 19
    with pytest.raises(NotFound):
        tax_rates.tax_rate_update(actor=staff, entity=seller(), rate_id=new.pk, values={"name": "X"})
    with pytest.raises(Invalid):
        tax_rates.tax_rate_update(actor=staff, entity=entity, rate_id=new.pk, values={"code": "x"})


@pytest.mark.parametrize(
    "values",
    [
        {"percent": Decimal(101)},
        {"percent": Decimal(-1)},
        {"percent": Decimal("19.00001")},
        {"category": "exempt"},
        {"valid_until": date(2020, 1, 1)},
        {"country": "QQ"},
        {"code": "not a code"},
    ],
)
def test_a_rate_that_cannot_be_is_refused(staff: Any, values: dict[str, Any]) -> None:
    entity = seller()
    given: dict[str, Any] = {"code": "vat", "name": "VAT", "percent": Decimal(19), "valid_from": date(2020, 1, 1)}
    with pytest.raises(Invalid):
        tax_rates.tax_rate_add(actor=staff, entity=entity, **(given | values))
    assert not TaxRate.objects.exists()


def test_two_rates_of_a_code_never_hold_at_the_same_time(staff: Any) -> None:
    entity = seller()
    facts: dict[str, Any] = {"code": "vat", "name": "VAT", "percent": Decimal(19)}
    made = tax_rates.tax_rate_add(
        actor=staff, entity=entity, **facts, valid_from=date(2020, 1, 1), valid_until=date(2022, 1, 1)
    )
    with pytest.raises(TaxRateOverlaps):
        tax_rates.tax_rate_add(actor=staff, entity=entity, **facts, valid_from=date(2021, 1, 1))
    assert list(TaxRate.objects.all()) == [made]
    for change in (made.delete, lambda: TaxRate.objects.filter(pk=made.pk).update(code="x")):
        with pytest.raises(DatabaseError), transaction.atomic(), writing():
            change()


def test_ready_made_rates_are_loaded_once(staff: Any) -> None:
    entity = seller(regime="eu_vat")
    assert tax_rates.tax_rates_load(actor=staff, entity=entity) == len(ready_for("eu_vat")) == 31
    assert tax_rates.tax_rates_load(actor=staff, entity=entity) == 0
    rates = {rate.country: rate for rate in seller_facts(entity).rates if rate.holds(date(2026, 1, 1))}
    assert len(rates) == 27
    assert rates["FI"].percent == Decimal("25.5")
    india = seller(regime="gst", country="IN", region="29", currency="INR")
    assert tax_rates.tax_rates_load(actor=staff, entity=india) == 3
    assert tax_rates.tax_rates_load(actor=staff, entity=seller()) == 0


def test_only_staff_with_the_right_changes_who_sells() -> None:
    entity = seller()
    told = Event.objects.filter(code__startswith="billing")
    before = told.count()
    clerk = actor_of(person("Clerk", role="manager"))
    with context.acting(clerk):
        for act in (
            lambda: entities.entity_update(actor=clerk, entity=entity, values={"name": "X"}),
            lambda: entities.entity_default(actor=clerk, entity=entity),
            lambda: entities.entity_archive(actor=clerk, entity=entity),
            lambda: entities.entity_restore(actor=clerk, entity=entity),
            lambda: tax_rates.tax_rates_load(actor=clerk, entity=entity),
            lambda: tax_rates.tax_rate_update(actor=clerk, entity=entity, rate_id=entity.pk, values={}),
        ):
            with pytest.raises(Forbidden):
                act()
    assert told.count() == before
