"""Who buys: details, contacts and tax ids, kept in the form that is right and only by whom may."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from audit.models import Event
from billing import tax_numbers
from billing.errors.customers import CustomerExists, EntityArchived, TooManyKept
from billing.models import BillingContact, Customer, TaxId
from billing.services import customer_details as details
from billing.services import entities, tax_ids
from maintenance import publisher
from maintenance.models import JobRun
from portal.kit import context
from portal.kit.errors import Forbidden, Invalid, NotFound
from portal.kit.services import writing
from tests.accounts.helpers import worked
from tests.accounts.organisation_world import House, codes_of, make_house, organisation
from tests.billing.money_world import customer_of, seller
from tests.factories import actor_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quiet_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)


@pytest.fixture
def house() -> House:
    """An organisation that is a customer."""
    made = make_house("Harbour")
    customer_of(made.organisation)
    return made


@pytest.fixture
def owner(house: House) -> Iterator[Any]:
    """The owner, standing inside, in whose context the test runs."""
    actor = house.inside(house.owner)
    with context.acting(actor):
        yield actor


def customer_in(house: House) -> Customer:
    """The customer that the organisation is."""
    return Customer.objects.select_related("entity", "test_clock").get(organisation=house.organisation)


def test_an_owner_changes_the_details_and_nothing_of_staffs(house: House, owner: Any) -> None:
    values: dict[str, Any] = {
        "name": " Harbour SA ",
        "country": "FR",
        "postal_code": "75001",
        "time_zone": "Europe/Paris",
    }
    for _ in range(2):
        saved = details.details_save(actor=owner, organisation_id=house.id, values=values)
    assert (saved.name, saved.country) == ("Harbour SA", "FR")
    assert codes_of(saved.pk) == ["billing.customer.created", "billing.customer.updated"]
    for values in ({"tax_status": "exempt"}, {"currency": "USD"}, {"sandbox": True}, {"entity": seller()}):
        with pytest.raises(Invalid):
            details.customer_update(actor=owner, customer=saved, values=values)
    for values in ({"country": "QQ"}, {"time_zone": "Mars"}, {"email": "nowhere"}, {"name": ""}):
        with pytest.raises(Invalid) as refused:
            details.customer_update(actor=owner, customer=saved, values=values)
        assert set(refused.value.fields) == set(values)
    assert len(codes_of(saved.pk)) == 2


def test_saving_the_details_makes_an_organisation_a_customer() -> None:
    seller()
    house = make_house("New")
    actor = house.inside(house.owner)
    with context.acting(actor):
        made = details.details_save(actor=actor, organisation_id=house.id, values={"country": "DE"})
    assert (made.country, made.organisation_id) == ("DE", house.id)


def test_who_may_not_changes_nothing(house: House) -> None:
    customer, other = customer_in(house), make_house("Other")
    before = Event.objects.filter(code__startswith="billing").count()
    for actor, error in (
        (house.inside(house.admin), Forbidden),
        (house.inside(house.viewer), Forbidden),
        (other.inside(other.owner), NotFound),
        (actor_of(person("Manager", role="manager")), Forbidden),
    ):
        with context.acting(actor):
            for act in (
                lambda a=actor: details.customer_update(actor=a, customer=customer, values={"name": "X"}),
                lambda a=actor: details.contact_add(actor=a, customer=customer, email="a@example.com"),
                lambda a=actor: details.contact_remove(actor=a, customer=customer, contact_id=customer.pk),
                lambda a=actor: tax_ids.tax_id_add(actor=a, customer=customer, kind="eu_vat", value="DE136695976"),
                lambda a=actor: tax_ids.tax_id_remove(actor=a, customer=customer, tax_id=customer.pk),
            ):
                with pytest.raises(error):
                    act()
    assert Event.objects.filter(code__startswith="billing").count() == before
    assert not BillingContact.objects.exists()


def test_staff_makes_a_customer_once_and_decides_how_it_is_taxed() -> None:
    staff, where, entity, other = actor_of(person("Admin", role="admin")), organisation(), seller(), seller()
    with context.acting(staff) as current:
        current.platform = True
        made = details.customer_create(actor=staff, organisation_id=where.pk, country="DE", sandbox=True)
        assert (made.name, made.sandbox, made.entity) == (where.name, True, entity)
        with pytest.raises(CustomerExists):
            details.customer_create(actor=staff, organisation_id=where.pk)
        with pytest.raises(NotFound):
            details.customer_create(actor=staff, organisation_id=made.pk)
        with pytest.raises(Invalid):
            details.customer_create(actor=staff, organisation_id=organisation().pk, country="QQ")
        saved = details.customer_update(actor=staff, customer=made, values={"tax_status": "exempt", "entity": other})
        assert (saved.tax_status, saved.entity_id) == ("exempt", other.pk)
        entities.entity_archive(actor=staff, entity=other)
        other.refresh_from_db()
        with pytest.raises(EntityArchived):
            details.customer_create(actor=staff, organisation_id=organisation().pk, entity=other)
    for values in ({"currency": "USD"}, {"sandbox": False}):
        with pytest.raises(DatabaseError), context.system("a test"), transaction.atomic(), writing():
            Customer.objects.filter(pk=made.pk).update(**values)


def test_contacts_come_once_and_go(house: House, owner: Any) -> None:
    customer = customer_in(house)
    contact = details.contact_add(actor=owner, customer=customer, email="accounts@example.com", name="Accounts")
    for email in ("Accounts@example.com", "nowhere", ""):
        with pytest.raises(Invalid):
            details.contact_add(actor=owner, customer=customer, email=email)
    for number in range(details.MOST_CONTACTS - 1):
        details.contact_add(actor=owner, customer=customer, email=f"a{number}@example.com")
    with pytest.raises(TooManyKept):
        details.contact_add(actor=owner, customer=customer, email="last@example.com")
    details.contact_remove(actor=owner, customer=customer, contact_id=contact.pk)
    with pytest.raises(NotFound):
        details.contact_remove(actor=owner, customer=customer, contact_id=contact.pk)
    assert codes_of(contact.pk) == ["billing.contact.added", "billing.contact.removed"]


@pytest.mark.parametrize(("kind", "text"), [(kind.code, kind.sample) for kind in tax_numbers.KINDS.values()])
def test_a_number_of_each_kind_is_kept_as_capitals_and_digits(kind: str, text: str) -> None:
    spaced = f" {text[:4]} {text[4:]} ".lower()
    assert tax_numbers.checked(kind, spaced) == text


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("eu_vat", "DE136695977", "check digit"),
        ("eu_vat", "DE13669597", "too few"),
        ("eu_vat", "QQ136695976", "no country"),
        ("in_gst", "27AAPFU0939F1ZX", "check digit"),
        ("us_ein", "04 21O3594", "signs"),
        ("gb_vat", "", "looks like"),
    ],
)
def test_a_wrong_number_is_told_what_is_wrong_with_it(kind: str, text: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        tax_numbers.checked(kind, text)
    assert words in str(refused.value.fields["value"][0])


def test_tax_ids_come_once_and_go_and_nobody_is_asked(house: House, owner: Any) -> None:
    customer = customer_in(house)
    made = tax_ids.tax_id_add(actor=owner, customer=customer, kind="eu_vat", value="de 136 695 976")
    assert (made.value, made.checked) == ("DE136695976", "form")
    for kind, value in (("eu_vat", "DE136695976"), ("nonsense", "1")):
        with pytest.raises(Invalid):
            tax_ids.tax_id_add(actor=owner, customer=customer, kind=kind, value=value)
    assert not JobRun.objects.exists()
    tax_ids.tax_id_remove(actor=owner, customer=customer, tax_id=made.pk)
    with pytest.raises(NotFound):
        tax_ids.tax_id_remove(actor=owner, customer=customer, tax_id=made.pk)
    assert codes_of(made.pk) == ["billing.tax_id.added", "billing.tax_id.removed"]


class _Vies(BaseHTTPRequestHandler):
    """Answers in the shapes of the public description of VIES' REST interface."""

    said: list[tuple[int, object]] = []
    heard: list[dict[str, str]] = []

    def do_POST(self) -> None:
        self.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        status, body = self.said.pop(0)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def vies(settings: Any) -> Iterator[type[_Vies]]:
    """A tax office on this machine."""
    server = HTTPServer(("127.0.0.1", 0), _Vies)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    settings.STEWARD_VIES_URL = f"http://127.0.0.1:{server.server_port}/check-vat-number"
    _Vies.said, _Vies.heard = [], []
    yield _Vies
    server.shutdown()
    server.server_close()


def test_an_office_is_asked_later_and_what_it_says_is_kept(house: House, owner: Any, vies: type[_Vies]) -> None:
    customer = customer_in(house)
    with context.system("a test") as current:
        entities.entity_update(
            actor=current.actor, entity=customer.entity, values={"regime": "eu_vat", "tax_id": "DE136695976"}
        )
    away = {"actionSucceed": False, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}
    vies.said += [(500, {}), (200, b"<html>"), (200, []), (200, away)]
    vies.said += [(200, {"countryCode": "FR", "valid": True, "requestIdentifier": "WAPIAAAAX1"})]
    made = tax_ids.tax_id_add(actor=owner, customer=customer, kind="eu_vat", value="FR40303265045")
    run = JobRun.objects.get(name=tax_ids.OWN_JOB)
    for _ in range(4):
        worked(run.pk)
        made.refresh_from_db()
        assert (made.checked, made.checked_at) == ("form", None), "away: nothing is known, nothing is refused"
        with context.system("a test"), writing():
            JobRun.objects.filter(pk=run.pk).update(run_at=run.queued_at)
    assert worked(run.pk).result == {"asked": True, "valid": True}
    made.refresh_from_db()
    assert (made.checked, made.consultation) == ("valid", "WAPIAAAAX1")
    assert made.checked_at is not None
    assert vies.heard[-1] == {
        "countryCode": "FR",
        "vatNumber": "40303265045",
        "requesterMemberStateCode": "DE",
        "requesterNumber": "136695976",
    }
    assert codes_of(made.pk) == ["billing.tax_id.added", "billing.tax_id.checked"]


def test_an_office_that_stays_away_is_not_asked_for_ever(
    house: House, owner: Any, vies: type[_Vies], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.jobs.customers.TIMES", 1)
    vies.said += [(503, {})]
    made = tax_ids.tax_id_add(actor=owner, customer=customer_in(house), kind="eu_vat", value="FR40303265045")
    run = JobRun.objects.get(name=tax_ids.OWN_JOB)
    assert (worked(run.pk).state, TaxId.objects.get(pk=made.pk).checked) == ("succeeded", "form")
