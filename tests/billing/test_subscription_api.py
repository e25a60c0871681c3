"""What a client reads of subscriptions: what they hold, what is planned, what happened and what comes; and saving a card."""

import pytest

from billing.api.subscription_serializers import FactsReply
from billing.models import Invoice, Journal, PaymentMethod, TaxRate
from portal.kit.models import OutboundMessage
from tests.accounts.organisation_world import make_house
from tests.billing.api_world import called
from tests.billing.document_world import buyer as payer
from tests.billing.money_world import customer_of, seller
from tests.billing.payment_world import provider
from tests.billing.subscription_world import buyer, plan, subscribed
from tests.cases.api import NOWHERE
from tests.factories import make_world, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]
STARTED = "2026-11-01"


def _rows() -> tuple[int, ...]:
    return (Invoice.objects.count(), Journal.objects.count(), OutboundMessage.objects.count())


def test_staff_reads_what_a_subscription_holds_what_happened_and_what_comes() -> None:
    world = make_world()
    admin, manager = signed_in(world.admin), signed_in(world.manager)
    version = plan(1000, model="per_seat")
    found, _ = subscribed(buyer(entity=seller(regime="none")), version, STARTED, quantity=3)
    where = f"subscriptions/{found.pk}"
    code = version.plan.code
    body = called(admin, "GET", where)[1]
    assert [(one["plan"], one["base"], one["quantity"]) for one in body["items"]] == [(code, True, 3)]
    assert body["planned"] == []
    before = _rows()
    status, coming = called(admin, "GET", f"{where}/upcoming")
    assert (status, coming["total"]["amount"], coming["at"]) == (
        200,
        sum(one["amount"]["amount"] for one in coming["lines"]),
        body["current_period_end"],
    )
    assert coming["total"]["amount"] > 0
    assert _rows() == before, "Nothing of a preview stays."
    later = {"act": "set-quantity", "quantity": 2, "when": "period_end"}
    assert called(admin, "POST", f"{where}/changes", later)[0] == 200
    planned = called(admin, "GET", where)[1]["planned"]
    assert [(one["kind"], one["plan"], one["quantity"]) for one in planned] == [("quantity", code, 2)]
    less = called(admin, "GET", f"{where}/upcoming")[1]["total"]["amount"]
    assert 0 < less < coming["total"]["amount"]
    told = called(admin, "GET", f"{where}/events")[1]["items"]
    assert (told[0]["kind"], told[-1]["kind"], told[-1]["before"]) == ("planned_change", "created", None)
    for facts in (told[0]["before"], told[0]["after"], told[-1]["after"]):
        assert facts.keys() == FactsReply().fields.keys()
        assert FactsReply(data=facts).is_valid()
    assert called(admin, "POST", f"{where}/changes", {"act": "cancel", "when": "now"})[0] == 200
    ended = called(admin, "GET", f"{where}/upcoming")[1]
    assert (ended["at"], ended["lines"], ended["total"]["amount"]) == (None, [], 0)
    assert called(manager, "GET", where)[0] == 200
    assert called(manager, "GET", f"{where}/upcoming")[0] == 403
    for part in ("", "/events", "/upcoming"):
        assert called(admin, "GET", f"subscriptions/{NOWHERE}{part}")[0] == 404


def test_an_organisation_reads_its_next_invoice_and_no_other_does() -> None:
    house, other = make_house("Harbour"), make_house("Island")
    found, _ = subscribed(customer_of(house.organisation, entity=seller(regime="none")), plan(1000), STARTED)
    inside = {"Steward-Organisation": str(house.id)}
    where = f"organisations/{house.id}/subscription"
    owner = signed_in(house.owner)
    coming = called(owner, "GET", f"{where}/upcoming", **inside)[1]
    assert coming["at"] == called(owner, "GET", where, **inside)[1]["current_period_end"]
    assert called(signed_in(house.viewer), "GET", f"{where}/upcoming", **inside)[0] == 403
    theirs = {"Steward-Organisation": str(other.id)}
    assert called(signed_in(other.owner), "GET", f"{where}/upcoming", **theirs)[0] == 404
    assert called(signed_in(other.owner), "GET", f"organisations/{other.id}/subscription/upcoming", **theirs)[0] == 404
    assert found.state == "active"


def test_a_card_is_saved_on_the_page_of_the_provider() -> None:
    house, other = make_house("Harbour"), make_house("Island")
    payer(where=house.organisation)
    inside, theirs = ({"Steward-Organisation": str(one.id)} for one in (house, other))
    where = f"organisations/{house.id}/billing/payment-methods/setup"
    owner = signed_in(house.owner)
    status, refused = called(owner, "POST", where, **inside)
    assert (status, refused["code"]) == (409, "billing.no_provider")
    provider()
    status, begun = called(owner, "POST", where, **inside)
    assert (status, begun["url"].startswith("http"), begun["order_ref"] != "") == (201, True, True)
    page = owner.get("/" + begun["url"].split("/", 3)[3])
    assert page.status_code == 200
    assert not PaymentMethod.objects.exists(), "The provider tells when it is saved."
    assert called(signed_in(house.viewer), "POST", where, **inside)[0] == 403
    assert (
        called(signed_in(other.owner), "POST", f"organisations/{other.id}/billing/payment-methods/setup", **theirs)[0]
        == 404
    )
    assert called(signed_in(other.owner), "POST", where, **theirs)[0] == 404


def test_ready_made_rates_are_added_once() -> None:
    world = make_world()
    admin = signed_in(world.admin)
    entity = seller(regime="eu_vat")
    there = TaxRate.objects.filter(entity=entity).count()
    where = f"legal-entities/{entity.pk}/tax-rates/load"
    assert called(signed_in(world.manager), "POST", where)[0] == 403
    status, body = called(admin, "POST", where)
    assert (status, TaxRate.objects.filter(entity=entity).count()) == (200, there + body["added"])
    assert body["added"] > 0
    assert called(admin, "POST", where) == (200, {"added": 0})
    assert called(admin, "POST", f"legal-entities/{NOWHERE}/tax-rates/load")[0] == 404
