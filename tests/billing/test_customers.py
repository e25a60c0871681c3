"""Who sells and who buys."""

import pytest
from django.db import IntegrityError, transaction

from billing.errors.customers import NoLegalEntity
from billing.models import Customer, LegalEntity
from billing.services.customers import customer_ensure, entity_create
from billing.times import now_of
from portal.kit import clock, context
from portal.kit.money import CurrencyUnknown
from tests.accounts.organisation_world import organisation
from tests.billing.money_world import customer_of, seller
from tests.factories import actor_of, person

pytestmark = pytest.mark.django_db


def test_the_first_entity_is_the_default_and_stays_it() -> None:
    first, second = seller(), seller()
    assert (first.is_default, second.is_default) == (True, False)


def test_an_organisation_becomes_a_customer_once() -> None:
    where = organisation()
    first = customer_of(where)
    assert customer_of(where, name="Another") == first
    assert Customer.objects.get().currency == "EUR"
    assert now_of(first) <= clock.now()


def test_nobody_buys_from_nobody() -> None:
    where = organisation()
    with context.system("a test") as current, pytest.raises(NoLegalEntity):
        customer_ensure(actor=current.actor, organisation_id=where.pk, name="Early")
    assert not Customer.objects.exists()


def test_an_unknown_currency_is_refused_and_nothing_is_made() -> None:
    with context.system("a test") as current, pytest.raises(CurrencyUnknown):
        entity_create(actor=current.actor, code="odd", name="Odd", currency="XAU")
    assert not LegalEntity.objects.exists()


def test_only_staff_with_the_right_names_legal_entities() -> None:
    from portal.kit.errors import Forbidden

    with context.acting(actor_of(person("Clerk", role="user"))) as current, pytest.raises(Forbidden):
        entity_create(actor=current.actor, code="odd", name="Odd")
    assert not LegalEntity.objects.exists()


def test_a_clock_stands_in_sandboxes_only() -> None:
    customer = customer_of(organisation())
    with context.system("a test"), transaction.atomic(), pytest.raises(IntegrityError):
        from billing.models import TestClock
        from portal.kit.services import writing

        with writing():
            stopped = TestClock.objects.create(organisation=customer.organisation, name="t", at=clock.now())
            Customer.objects.filter(pk=customer.pk).update(test_clock=stopped)
