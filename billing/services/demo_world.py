"""What the demonstration's money begins with: who sells, a rate of tax, how is paid, what is sold, and who buys."""

from datetime import date, datetime
from decimal import Decimal

from accounts.models import Organisation, User
from accounts.services.organisations import organisation_create
from accounts.services.users import users_create_bulk
from audit.services import partitions_ensure
from billing import demo_story as story
from billing.models import Customer, LegalEntity, ProviderAccount
from billing.services.customers import customer_ensure, entity_create
from billing.services.demo_catalogue import demo_catalogue_load
from billing.services.provider_accounts import provider_account_create
from billing.services.tax_rates import tax_rate_add
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.services import writing
from rbac.selectors import holders_of

CARDS, BANK = "demo-cards", "demo-bank"
_ACCOUNTS = ((CARDS, "sandbox", "Test cards"), (BANK, "manual", "Bank transfers"))


def demo_world_load(*, actor: Actor, begin: datetime) -> LegalEntity:
    """Make seller, rate, accounts at providers and the catalogue, at the beginning of the story; what is there already
    stays as it is. Events as of the services."""
    # The trail has partitions for the months ahead only, and what falls beside them is a fault of its health.
    partitions_ensure(first=begin.date().replace(day=1), months=story.DAYS // 28)
    with writing(), clock.at(begin):
        entity = LegalEntity.objects.filter(code=story.SELLER["code"]).first()
        if entity is None:
            entity = entity_create(actor=actor, **story.SELLER)
            code, name, percent = story.VAT
            tax_rate_add(
                actor=actor, entity=entity, code=code, name=name, percent=Decimal(percent), valid_from=date(2007, 1, 1)
            )
        for code, provider, label in _ACCOUNTS:
            if not ProviderAccount.objects.filter(code=code).exists():
                provider_account_create(actor=actor, provider=provider, code=code, label=label)
        demo_catalogue_load(actor=actor)
    return entity


def account_named(code: str) -> ProviderAccount:
    """One of the demonstration's accounts at providers."""
    return ProviderAccount.objects.get(code=code)


def buyer_ensure(
    *, actor: Actor, buyer: story.Buyer, entity: LegalEntity, owner: User | None = None, sandbox: bool = False
) -> tuple[Customer, Actor] | None:
    """The buyer as a customer of the seller, and who acts for it: the owner of its organisation, which is made where it is
    not one of those with many people: for `owner`, or else for the person whom the story names. None where such a one is
    gone. Part of the story; events as of the services."""
    organisation = Organisation.objects.filter(slug=buyer.slug).first()
    if organisation is None:
        if owner is None and not buyer.owner:
            return None
        owner = owner or _owner(actor, buyer)
        organisation = organisation_create(actor=actor, name=buyer.name, slug=buyer.slug, owner=owner)
    customer = customer_ensure(
        actor=actor,
        organisation_id=organisation.pk,
        name=buyer.name,
        entity=entity,
        currency=buyer.currency,
        time_zone=buyer.zone,
        email=buyer.email,
        line1="Market Street 1" if buyer.country != "DE" else "Marktstrasse 1",
        postal_code="",
        city=buyer.city,
        country=buyer.country,
        sandbox=sandbox,
    )
    return customer, _acting(actor, organisation)


def _owner(actor: Actor, buyer: story.Buyer) -> User:
    address = f"{buyer.handle}@{story.DOMAIN}"
    found = User.objects.filter(email=address).first()
    if found is None:
        found = users_create_bulk(actor=actor, rows=[(buyer.owner, buyer.handle, address)])[0]
        User.objects.filter(pk=found.pk).update(email_verified_at=clock.now())
    return found


def _acting(actor: Actor, organisation: Organisation) -> Actor:
    """An owner; who acts for all where the organisation is shut for its own people."""
    if organisation.state != Organisation.State.ACTIVE:
        return actor
    person = User.objects.filter(pk__in=holders_of("owner", organisation.pk), is_active=True).order_by("pk").first()
    return actor if person is None else Actor("person", person.pk, str(person), organisation.pk)
