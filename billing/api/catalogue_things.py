"""Products, meters, features and coupons over the API: listed, made, changed, archived and brought back. Staff."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from billing.api import catalogue_thing_serializers as bodies
from billing.lists import catalogue as lists
from billing.selectors import catalogue as selectors
from billing.services import coupons, meters, plans
from portal.kit import paging
from portal.kit.api import ApiView, endpoint, json
from portal.kit.api.listing import parameters_of, rows_of
from portal.kit.context import Actor
from portal.kit.errors import Invalid
from portal.kit.money import CurrencyUnknown


class ThingsApi(ApiView, abstract=True):
    """What the endpoints of a sort of thing share; a subclass says which."""

    path: ClassVar[str]
    source: ClassVar[Callable[[Actor], QuerySet[Any]]]
    body: ClassVar[Callable[[Any], Mapping[str, Any]]]
    update: ClassVar[Callable[..., Any]]
    archive: ClassVar[Callable[..., Any]]
    restore: ClassVar[Callable[..., Any]]
    noun: ClassVar[str]

    def told(self, row: Any) -> dict[str, Any]:
        """The reply of a row."""
        return dict(type(self).body(row))

    def found(self, key: UUID) -> Any:
        """The row of the address; `NotFound`."""
        return selectors.one(type(self).source(self.actor), key)

    def made(self, row: Any) -> HttpResponse:
        """The reply that tells of a row just made."""
        reply = json(self.told(self.found(row.pk)), status=201)
        reply.headers["Location"] = f"/api/v1/{self.path}/{row.pk}"
        return reply

    def changed(self, key: UUID) -> HttpResponse:
        """Change what was sent of a row; `archived` archives it or brings it back."""
        row = self.unchanged(self.found(key), self.told)
        given: dict[str, Any] = dict(self.sent)
        archived = given.pop("archived", None)
        mine = type(self)
        if given:
            mine.update(actor=self.actor, values=given, **{self.noun: row})
        if archived is not None:
            (mine.archive if archived else mine.restore)(actor=self.actor, **{self.noun: row})
        return self.single(self.told(self.found(key)))


class ProductBase(ThingsApi, abstract=True):
    """What differs for products."""

    path, noun, source, body = "products", "product", selectors.products, bodies.product_body
    update, archive, restore = plans.product_update, plans.product_archive, plans.product_restore


class MeterBase(ThingsApi, abstract=True):
    """What differs for meters."""

    path, noun, source, body = "meters", "meter", selectors.meters, bodies.meter_body
    update, archive, restore = meters.meter_update, meters.meter_archive, meters.meter_restore


class FeatureBase(ThingsApi, abstract=True):
    """What differs for features."""

    path, noun, source, body = "features", "feature", selectors.features, bodies.feature_body
    update, archive, restore = meters.feature_update, meters.feature_archive, meters.feature_restore


class CouponBase(ThingsApi, abstract=True):
    """What differs for coupons."""

    path, noun, source, body = "coupons", "coupon", selectors.coupons, bodies.coupon_body
    update, archive, restore = coupons.coupon_update, coupons.coupon_archive, coupons.coupon_restore


class ProductsView(ProductBase):
    """What plans are plans of."""

    access = "plan:read"

    @endpoint(items=bodies.ProductReply)
    def get(self, request: Request) -> HttpResponse:
        """List products, the newest first."""
        page = paging.keyset(selectors.products(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed(map(self.told, page.items), page.next)

    @endpoint(access="plan:admin", body=bodies.ProductBody, reply=bodies.ProductReply, status=201)
    def post(self, request: Request) -> HttpResponse:
        """Make a product."""
        return self.made(plans.product_create(actor=self.actor, **self.sent))


class ProductView(ProductBase):
    """One product."""

    access = "plan:read"

    @endpoint(reply=bodies.ProductReply, etag=True)
    def get(self, request: Request, product_id: UUID) -> HttpResponse:
        """Read a product."""
        return self.single(self.told(self.found(product_id)))

    @endpoint(access="plan:admin", body=bodies.ProductChangeBody, partial=True, reply=bodies.ProductReply, etag=True)
    def patch(self, request: Request, product_id: UUID) -> HttpResponse:
        """Change a product, archive it or bring it back. Fields that are absent stay as they are."""
        return self.changed(product_id)


class MetersView(MeterBase):
    """What use is counted as."""

    access = "plan:read"

    @endpoint(items=bodies.MeterReply, query=parameters_of(lists.meters))
    def get(self, request: Request) -> HttpResponse:
        """List meters, with the filters and the orders of the console."""
        page = rows_of(lists.meters, self.actor, self.asked)
        return self.listed(map(self.told, page.items), page.next)

    @endpoint(access="plan:admin", body=bodies.MeterBody, reply=bodies.MeterReply, status=201)
    def post(self, request: Request) -> HttpResponse:
        """Make a meter."""
        return self.made(meters.meter_create(actor=self.actor, **self.sent))


class MeterView(MeterBase):
    """One meter."""

    access = "plan:read"

    @endpoint(reply=bodies.MeterReply, etag=True)
    def get(self, request: Request, meter_id: UUID) -> HttpResponse:
        """Read a meter."""
        return self.single(self.told(self.found(meter_id)))

    @endpoint(access="plan:admin", body=bodies.MeterChangeBody, partial=True, reply=bodies.MeterReply, etag=True)
    def patch(self, request: Request, meter_id: UUID) -> HttpResponse:
        """Change a meter, archive it or bring it back. What stands on it goes on counting."""
        return self.changed(meter_id)


class FeaturesView(FeatureBase):
    """What plans open, or give a number of."""

    access = "plan:read"

    @endpoint(items=bodies.FeatureReply, query=parameters_of(lists.features))
    def get(self, request: Request) -> HttpResponse:
        """List features, with the filters and the orders of the console."""
        page = rows_of(lists.features, self.actor, self.asked)
        return self.listed(map(self.told, page.items), page.next)

    @endpoint(access="plan:admin", body=bodies.FeatureBody, reply=bodies.FeatureReply, status=201)
    def post(self, request: Request) -> HttpResponse:
        """Make a feature, last on the cards of plans."""
        given: dict[str, Any] = dict(self.sent)
        if code := given.pop("meter", ""):
            known = selectors.meters(self.actor).filter(code=code, archived_at=None).first()
            if known is None:
                raise Invalid(fields={"meter": [_("There is no such meter.")]})
            given["meter"] = known
        return self.made(meters.feature_create(actor=self.actor, **given))


class FeatureView(FeatureBase):
    """One feature."""

    access = "plan:read"

    @endpoint(reply=bodies.FeatureReply, etag=True)
    def get(self, request: Request, feature_id: UUID) -> HttpResponse:
        """Read a feature."""
        return self.single(self.told(self.found(feature_id)))

    @endpoint(access="plan:admin", body=bodies.FeatureChangeBody, partial=True, reply=bodies.FeatureReply, etag=True)
    def patch(self, request: Request, feature_id: UUID) -> HttpResponse:
        """Change a feature, archive it or bring it back. Who has it keeps it."""
        return self.changed(feature_id)


class CouponsView(CouponBase):
    """Discounts that can be asked for by a code."""

    access = "plan:read"

    @endpoint(items=bodies.CouponReply, query=parameters_of(lists.coupons))
    def get(self, request: Request) -> HttpResponse:
        """List coupons, with the filters and the orders of the console."""
        page = rows_of(lists.coupons, self.actor, self.asked)
        return self.listed(map(self.told, page.items), page.next)

    @endpoint(
        access="coupon:admin", body=bodies.CouponBody, reply=bodies.CouponReply, status=201, errors=(CurrencyUnknown,)
    )
    def post(self, request: Request) -> HttpResponse:
        """Make a coupon, good for some plans or for all."""
        given: dict[str, Any] = dict(self.sent)
        if off := given.pop("amount_off", None):
            given |= {"amount_off": off.amount, "currency": off.currency}
        codes = given.pop("plans", [])
        known = {plan.code: plan for plan in selectors.plans(self.actor).filter(code__in=codes)}
        if missing := sorted(set(codes) - set(known)):
            raise Invalid(fields={"plans": [_("There is no plan %(code)s.") % {"code": code} for code in missing]})
        return self.made(coupons.coupon_create(actor=self.actor, plans=list(known.values()), **given))


class CouponView(CouponBase):
    """One coupon."""

    access = "plan:read"

    @endpoint(reply=bodies.CouponReply, etag=True)
    def get(self, request: Request, coupon_id: UUID) -> HttpResponse:
        """Read a coupon."""
        return self.single(self.told(self.found(coupon_id)))

    @endpoint(access="coupon:admin", body=bodies.CouponChangeBody, partial=True, reply=bodies.CouponReply, etag=True)
    def patch(self, request: Request, coupon_id: UUID) -> HttpResponse:
        """Change until when and how often a coupon may be redeemed, end it or bring it back."""
        return self.changed(coupon_id)
