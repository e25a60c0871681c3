"""The books and who stands in them, for the gallery: two companies that sell, customers, a sandbox, a month of the ledger."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from accounts.models import Organisation, User
from accounts.services.organisations import organisation_create
from billing.ledger import AccountRef, Line, Posted, Posting, post
from billing.ledger.chart import (
    bank,
    clearing,
    customer_credit,
    deferred,
    expense,
    fees,
    income,
    receivable,
    tax,
    wallet,
)
from billing.models import Customer, Journal, LedgerAccount, LegalEntity, StatementLine
from billing.services.clocks import clock_start
from billing.services.customer_details import contact_add
from billing.services.customers import customer_ensure, entity_create
from billing.services.ledger import journal_post, period_close
from billing.services.statements import statement_import, statement_line_match
from billing.services.tax_ids import tax_id_add
from billing.services.tax_rates import tax_rates_load
from portal.kit import clock, context
from portal.kit.services import writing
from tests.factories import actor_of

if TYPE_CHECKING:
    from tests.browser.furnished import Furnished, Story

HEAD = "date,amount,currency,reference,counterparty,id\n"
NAMES = ("Birch Valley Clinic", "Copper Field Studio", "Delta Weather Service", "Elm Street Archive")


def books(story: "Story", world: "Furnished") -> dict[str, Any]:
    """The ids of what the pages are about, by a word for each; `clock_owner` is the person who owns the sandbox."""
    admin = actor_of(world.admin)
    with story.by(admin, timedelta(days=40)), context.system("a test") as current:
        germany, india = _sellers(current.actor)
        buyer = _buyer(current.actor, germany, world.rooms.large)
        sandboxed = _organisation(current.actor, "Quiet Bay Sandbox", world.long_named)
        tried = _customer(current.actor, germany, sandboxed, sandbox=True, country="FR", city="Lyon")
        clock_start(actor=current.actor, customer=tried, name="A year in an afternoon")
        others = [
            _customer(current.actor, india if place % 2 else germany, _organisation(current.actor, name, world.manager))
            for place, name in enumerate(NAMES)
        ]
    told = _month(story, buyer, [one.pk for one in others], tried.pk)
    with story.by(admin, timedelta(days=2)):
        journal = journal_post(
            actor=admin,
            key="gallery",
            event_at=clock.now(),
            description="Fair in Lisbon: booth, travel and printed matter for the week",
            lines=[Line(expense("marketing", "EUR"), 248_050), Line(bank("main", "EUR"), -248_050)],
        )
        period_close(actor=admin, until=clock.now() - timedelta(days=60), reason="September is with the accountant")
    return {
        "entity": germany.pk,
        "other_entity": india.pk,
        "customer": buyer.pk,
        "plain_customer": others[1].pk,
        "sandbox_customer": tried.pk,
        "clock_owner": world.long_named,
        "clock_home": f"/o/{sandboxed.slug}/billing/clock",
        "account": LedgerAccount.objects.get(path=receivable(buyer.pk, "EUR").path).pk,
        "hot_account": LedgerAccount.objects.get(path=income("subscription", "EUR").path, currency="EUR").pk,
        "sale": told.journal_id,
        "journal": journal.pk,
        **_statement(story, world),
    }


def _sellers(actor: Any) -> tuple[LegalEntity, LegalEntity]:
    germany = entity_create(
        actor=actor,
        code="harbour-de",
        name="Harbour Software GmbH",
        country="DE",
        currency="EUR",
        time_zone="Europe/Berlin",
        regime="eu_vat",
        tax_id="DE136695976",
        line1="Am Kai 1",
        postal_code="20457",
        city="Hamburg",
        iban="DE89370400440532013000",
        email="billing@harbour.example",
    )
    india = entity_create(
        actor=actor,
        code="harbour-in",
        name="Harbour India Private Limited",
        country="IN",
        region="29",
        currency="INR",
        time_zone="Asia/Kolkata",
        regime="gst",
    )
    tax_rates_load(actor=actor, entity=germany)
    tax_rates_load(actor=actor, entity=india)
    return germany, india


def _organisation(actor: Any, name: str, owner: User) -> Organisation:
    return organisation_create(actor=actor, name=name, slug=name.lower().replace(" ", "-"), owner=owner)


def _customer(actor: Any, entity: LegalEntity, organisation: Organisation, **values: Any) -> Customer:
    return customer_ensure(
        actor=actor, organisation_id=organisation.pk, name=organisation.name, entity=entity, **values
    )


def _buyer(actor: Any, entity: LegalEntity, organisation: Organisation) -> Customer:
    made = _customer(
        actor,
        entity,
        organisation,
        country="FR",
        city="Lyon",
        postal_code="69001",
        line1="2 rue de la Paix",
        email="accounts@lindenfeld.example",
    )
    contact_add(actor=actor, customer=made, email="payable@lindenfeld.example", name="Accounts payable")
    contact_add(actor=actor, customer=made, email="maximiliane.von.hohenberg@lindenfeld.example")
    tax_id_add(actor=actor, customer=made, kind="eu_vat", value="FR40303265045")
    return made


def _post(moment: Any, key: str, description: str, *lines: Line) -> Posted:
    return post(Posting(key=f"gallery:{key}", event_at=moment, kind="invoice", description=description, lines=lines))


def _pair(owed: AccountRef, kept: AccountRef, amount: int, reference: str = "") -> tuple[Line, Line]:
    return Line(owed, amount, reference), Line(kept, -amount, reference)


def _month(story: "Story", buyer: Customer, others: list[UUID], tried: UUID) -> Posted:
    """Sales, payments, a wallet, fees; in three currencies, and in the sandbox. Returns the transfer that is in the bank."""
    main, cards = bank("main", "EUR"), clearing("stripe", "EUR")
    with context.system("a test"), writing():
        for place in range(1, 31):
            moment = story.now - timedelta(days=31 - place, minutes=17 * place)
            who = receivable([buyer.pk, *others][place % 5], "EUR")
            net, name = 4_900 + 1_200 * place, f"INV-2026-{place:04}"
            vat = net * 19 // 100
            owed, earned = Line(who, net + vat, name), Line(income("subscription", "EUR"), -net)
            _post(moment, f"sale-{place}", f"Invoice {name}", owed, earned, Line(tax("DE19", "EUR"), -vat))
            if place % 3:
                paid = _pair(cards, who, net + vat, name)
                _post(moment + timedelta(hours=9), f"paid-{place}", f"Card for {name}", *paid)
        moment = story.now - timedelta(days=3)
        _post(moment, "wallet", "Prepaid by transfer", *_pair(main, wallet(others[2], "EUR"), 500_000))
        _post(
            moment,
            "credit",
            "Credit for an outage",
            *_pair(income("usage", "EUR"), customer_credit(others[2], "EUR"), 12_000),
        )
        _post(moment, "payout", "Payout of Stripe", *_pair(main, cards, 300_000))
        _post(moment, "fees", "Fees of Stripe", *_pair(fees("stripe", "EUR"), cards, 4_350))
        _post(moment, "year", "A year in advance", *_pair(main, deferred("EUR"), 1_188_000))
        _post(
            moment, "rupees", "Invoice in rupees", *_pair(receivable(others[1], "INR"), income("usage", "INR"), 849_900)
        )
        _post(moment, "yen", "Invoice in yen", *_pair(bank("main", "JPY"), income("one_off", "JPY"), 12_800))
        tried_out = receivable(tried, "EUR", sandbox=True), income("usage", "EUR", sandbox=True)
        _post(moment, "sandbox", "Invoice TEST-0001", *_pair(*tried_out, 9_900, "TEST-0001"))
        mine = receivable(buyer.pk, "EUR")
        return _post(moment, "transfer", "Transfer of Lindenfeld Research", *_pair(main, mine, 2_000, "INV-2026-0005"))


def _statement(story: "Story", world: "Furnished") -> dict[str, UUID]:
    """A bank statement of three lines; one is matched, one looks like a known journal, one is new."""
    day = (story.now - timedelta(days=3)).date()
    rows = (
        f"{day},20.00,EUR,INV-2026-0005,Lindenfeld Research,b1\n"
        f"{day},-1.50,EUR,Monthly fee for keeping the account,Bank of Hamburg,b2\n"
        f"{day},3000.00,EUR,STRIPE PAYOUT po_1Q2,Stripe Payments Europe,b3\n"
    )
    admin = actor_of(world.admin)
    with story.by(admin, timedelta(hours=30)):
        statement_import(actor=admin, bank="main", text=HEAD + rows)
        lines = {line.external_id: line for line in StatementLine.objects.filter(bank="main")}
        payout = Journal.objects.get(key="gallery:payout")
        statement_line_match(actor=admin, line=lines["b3"], journal=payout)
    return {"line": lines["b1"].pk, "new_line": lines["b2"].pk, "matched_line": lines["b3"].pk}
