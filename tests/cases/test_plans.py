"""What is sold: the inherited cases of its lists, pages and endpoints."""

from itertools import count

from billing.models import Coupon, Feature, Meter, Plan, Product
from tests.billing.catalogue_world import coupon, feature, meter, new_plan, product, sold
from tests.cases.api import ApiCase
from tests.cases.crud import CrudCase
from tests.cases.listing import ListCase
from tests.factories import World

_numbers = count(1)


def _code() -> str:
    return f"made-{next(_numbers)}"


class TestPlanList(ListCase):
    name = "billing.plans"
    holder = "manager"

    def make(self, number: int) -> None:
        where = product()
        for _ in range(number):
            sold(plan=new_plan(product=where))


class TestMeterList(ListCase):
    name = "billing.meters"
    holder = "manager"

    def make(self, number: int) -> None:
        for _ in range(number):
            meter()


class TestFeatureList(ListCase):
    name = "billing.features"
    holder = "manager"

    def make(self, number: int) -> None:
        for _ in range(number):
            feature()


class TestCouponList(ListCase):
    name = "billing.coupons"
    holder = "manager"

    def make(self, number: int) -> None:
        for _ in range(number):
            coupon()


class TestPlanPages(CrudCase):
    model = Plan
    list_url = "/platform/plans"
    new_url = "/platform/plans/new"
    edit_path = "edit"
    valid = {
        "name": "Pro",
        "code": _code,
        "kind": "base",
        "visibility": "public",
        "product": "new",
        "product_name": lambda: f"Cloud {next(_numbers)}",
    }
    changed = {"name": "Professional", "family": "pro", "description": "For teams", "visibility": "hidden"}
    invalid = {"name": ""}
    actions = {"start": {}, "discard": {}, "move": {"do": "later"}, "archive": {}, "restore": {}}

    def existing(self, world: World) -> str:
        found = sold().plan
        new_plan()  # Something to be moved behind.
        return f"{self.list_url}/{found.pk}"

    def make(self, number: int) -> None:
        where = product()
        for _ in range(number):
            sold(plan=new_plan(product=where))


class TestMeterPages(CrudCase):
    model = Meter
    list_url = "/platform/meters"
    new_url = "/platform/meters/new"
    edit_path = "edit"
    valid = {"name": "API calls", "code": _code, "unit": "call", "aggregation": "sum"}
    changed = {"name": "Calls", "unit": "request"}
    invalid = {"name": ""}
    actions = {"archive": {}, "restore": {}}

    def existing(self, world: World) -> str:
        return f"{self.list_url}/{meter().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            meter()


class TestFeaturePages(CrudCase):
    model = Feature
    list_url = "/platform/features"
    new_url = "/platform/features/new"
    edit_path = "edit"
    valid = {"name": "Seats", "code": _code, "kind": "limit"}
    changed = {"name": "Places", "description": "Who can sign in", "unit": "people"}
    invalid = {"name": ""}
    actions = {"archive": {}, "restore": {}}

    def existing(self, world: World) -> str:
        return f"{self.list_url}/{feature().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            feature()


class TestCouponPages(CrudCase):
    model = Coupon
    list_url = "/platform/coupons"
    new_url = "/platform/coupons/new"
    edit_path = "edit"
    valid = {"name": "Welcome", "code": lambda: _code().upper(), "amount": "5", "currency": "EUR", "duration": "once"}
    changed = {"name": "Hello"}
    invalid = {"name": ""}
    actions = {"archive": {}, "restore": {}}

    def existing(self, world: World) -> str:
        return f"{self.list_url}/{coupon().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            coupon()


class TestPlans(ApiCase):
    collection = "/api/v1/plans"
    valid = {"product": lambda: product().code, "code": _code, "name": "Pro"}
    changed = {"name": "Professional"}
    models = (Plan,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{sold().plan.pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            new_plan()


class TestProducts(ApiCase):
    collection = "/api/v1/products"
    valid = {"code": _code, "name": "Cloud"}
    changed = {"name": "Clouds"}
    models = (Product,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{product().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            product(code=_code())


class TestMeters(ApiCase):
    collection = "/api/v1/meters"
    valid = {"code": _code, "name": "Calls", "aggregation": "count"}
    changed = {"name": "Calls of the API"}
    models = (Meter,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{meter().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            meter()


class TestFeatures(ApiCase):
    collection = "/api/v1/features"
    valid = {"code": _code, "name": "Seats", "kind": "limit"}
    changed = {"position": 4}
    models = (Feature,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{feature().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            feature()


class TestCoupons(ApiCase):
    collection = "/api/v1/coupons"
    valid = {"code": lambda: _code().upper(), "name": "Spring", "percent_off": "20"}
    changed = {"max_redemptions": 7}
    models = (Coupon,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{coupon().pk}"

    def make(self, number: int) -> None:
        for _ in range(number):
            coupon()
