"""Legal entities and customers: lists, pages, endpoints, each by its case."""

from itertools import count

import pytest

from billing.customer_csv import SAMPLE
from billing.models import BillingContact, Customer, CustomerImport, LegalEntity, TaxId, TaxRate
from billing.services.customer_details import contact_add
from billing.services.customer_imports import import_upload
from billing.services.entities import entity_default
from billing.services.tax_ids import tax_id_add
from billing.services.tax_rates import tax_rate_add
from portal.kit import clock, context
from tests.accounts.organisation_world import organisation
from tests.billing.money_world import customer_of, seller
from tests.cases.api import ApiCase
from tests.cases.crud import CrudCase
from tests.cases.inside import Inside
from tests.cases.listing import ListCase
from tests.factories import World, actor_of

_numbers = count(1)


def _code() -> str:
    return f"entity{next(_numbers)}"


# --- lists ---


class TestEntityList(ListCase):
    name = "billing.entities"
    holder = "manager"

    def make(self, number: int) -> None:
        for _ in range(number):
            seller(name=f"Seller {next(_numbers)}")


class TestCustomerList(ListCase):
    name = "billing.customers"
    holder = "manager"

    def make(self, number: int) -> None:
        for place in range(number):
            customer_of(organisation(), sandbox=place % 2 == 1)


# --- pages ---


class TestEntityPages(CrudCase):
    model = LegalEntity
    list_url = "/platform/legal-entities"
    new_url = "/platform/legal-entities/new"
    edit_path = "edit"
    _facts = {
        "country": "DE",
        "regime": "none",
        "currency": "EUR",
        "time_zone": "UTC",
        "prefix": "INV",
        "numbering": "entity",
        "due_days": 14,
    }
    valid = {"code": _code, "name": "Harbour Software GmbH", **_facts}
    changed = {"name": "Harbour AG", **_facts}
    invalid = {"name": "", "currency": "XAU", "time_zone": "Mars", "due_days": -1}
    actions = {"default": {}, "archive": {}, "restore": {}}

    def existing(self, world: World) -> str:
        seller()  # The default.
        return f"{self.list_url}/{seller().pk}"

    def before_act(self, page: str) -> None:
        if page.endswith("/archive"):
            # Nobody archives the default one.
            other = LegalEntity.objects.exclude(pk=page.split("/")[3]).latest("id")
            with context.system("a test") as current:
                entity_default(actor=current.actor, entity=other)

    def make(self, number: int) -> None:
        for _ in range(number):
            seller()


class TestCustomerPages(CrudCase):
    model = Customer
    list_url = "/platform/customers"
    edit_path = "edit"
    changed = {
        "name": "Meadow SA",
        "email": "accounts@example.com",
        "country": "FR",
        "language": "en",
        "time_zone": "Europe/Paris",
        "tax_status": "exempt",
    }
    invalid = {"name": "", "country": "QQ", "time_zone": "Mars", "tax_status": "never"}

    def existing(self, world: World) -> str:
        return f"{self.list_url}/{customer_of(organisation('Meadow')).pk}"

    def forms(self, here: str) -> list[tuple[str, dict[str, object]]]:
        entity = LegalEntity.objects.get(is_default=True)
        return [(page, values | {"entity": str(entity.pk)}) for page, values in super().forms(here)]

    def make(self, number: int) -> None:
        for _ in range(number):
            customer_of(organisation())


# --- endpoints ---


class TestEntityApi(ApiCase):
    collection = "/api/v1/legal-entities"
    valid = {"code": _code, "name": "Harbour Software GmbH", "country": "DE"}
    changed = {"name": "Harbour AG"}
    models = (LegalEntity,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{seller().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            seller()


class TestCustomerApi(ApiCase):
    collection = "/api/v1/customers"
    valid = {"organisation_id": lambda: str(organisation().pk), "country": "FR"}
    changed = {"name": "Meadow SA"}
    models = (Customer,)

    @pytest.fixture(autouse=True)
    def _seller(self, world: World) -> None:
        seller()

    def existing(self, world: World) -> str:
        return f"{self.collection}/{customer_of(organisation()).pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            customer_of(organisation())


class TestCustomerImportApi(ApiCase):
    collection = "/api/v1/customer-imports"
    paged = False  # Nobody lists files; who uploaded one knows its id.
    reader = "admin"  # Who reads a file uploaded it: there is no lesser right.
    reader_may = frozenset({"post"})
    valid = {"csv": SAMPLE, "filename": "customers.csv"}
    models = (CustomerImport,)
    # A dry run leaves no event: nothing has happened yet (tests/billing/test_customer_imports.py).
    test_who_may_do_all_does_all = None  # type: ignore[assignment] # left out, as the base class does
    test_hostile_parameters_are_refused_by_name = None  # type: ignore[assignment] # there is no list to ask for
    test_more_items_cost_no_more_queries = None  # type: ignore[assignment] # the same

    @pytest.fixture(autouse=True)
    def _seller(self, world: World) -> None:
        seller()

    def existing(self, world: World) -> str:
        with context.acting(actor_of(world.admin)) as current:
            made = import_upload(actor=current.actor, filename="customers.csv", content=SAMPLE.encode())
        return f"{self.collection}/{made.pk}"

    def make(self, number: int) -> None:
        """Nothing is listed."""


class TestRateApi(ApiCase):
    collection = "/api/v1/legal-entities/01890000-0000-7000-8000-000000000000/tax-rates"
    valid = {"code": _code, "name": "VAT", "percent": "19", "valid_from": "2030-01-01"}
    changed = {"name": "TVA"}
    models = (TaxRate,)

    @pytest.fixture(autouse=True)
    def _entity(self, world: World) -> None:
        self.entity = seller()
        self.collection = f"/api/v1/legal-entities/{self.entity.pk}/tax-rates"

    def existing(self, world: World) -> str:
        self.make(1)
        return f"{self.collection}/{TaxRate.objects.latest('id').pk}"

    def make(self, number: int) -> None:
        with context.system("a test") as current:
            for _ in range(number):
                tax_rate_add(
                    actor=current.actor,
                    entity=self.entity,
                    code=_code(),
                    name="VAT",
                    percent=19,  # type: ignore[arg-type] # as exact
                    valid_from=clock.now().date(),
                )


class _InsideApi(Inside):
    __test__ = False
    reader = "admin"
    holder = "owner"

    @pytest.fixture(autouse=True)
    def _customer(self, _house: None) -> None:
        self.customer = customer_of(self.house.organisation)


class TestContactApi(_InsideApi):
    __test__ = True
    below = "billing/contacts"
    collection = "/api/v1/organisations/01890000-0000-7000-8000-000000000000/billing/contacts"
    valid = {"email": lambda: f"contact{next(_numbers)}@example.com", "name": "Accounts"}
    models = (BillingContact,)

    def existing(self, world: World) -> str:
        self.make(1)
        return f"{self.collection}/{BillingContact.objects.latest('id').pk}"

    def make(self, number: int) -> None:
        with context.system("a test") as current:
            for _ in range(number):
                contact_add(actor=current.actor, customer=self.customer, email=f"made{next(_numbers)}@example.com")


class TestTaxIdApi(_InsideApi):
    __test__ = True
    below = "billing/tax-ids"
    collection = "/api/v1/organisations/01890000-0000-7000-8000-000000000000/billing/tax-ids"
    valid = {"kind": "us_ein", "value": lambda: f"04{next(_numbers):07}"}
    models = (TaxId,)

    def existing(self, world: World) -> str:
        self.make(1)
        return f"{self.collection}/{TaxId.objects.latest('id').pk}"

    def make(self, number: int) -> None:
        with context.system("a test") as current:
            for _ in range(number):
                tax_id_add(actor=current.actor, customer=self.customer, kind="us_ein", value=f"04{next(_numbers):07}")
