"""What the search finds of customers, what they agreed to, and who sells to them."""

from django.urls import reverse
from django.utils.translation import gettext_lazy

from billing.lists.customers import customers, entities
from billing.lists.subscriptions import subscriptions
from billing.lists.webhooks import webhooks
from billing.models import Customer, LegalEntity, Subscription, WebhookEndpoint
from billing.presenters.subscriptions import state_of, subscription_url
from portal.kit.search import Hit, Records, containing, kinds


def _customer(row: Customer) -> Hit:
    return Hit(str(row.pk), row.name, row.organisation.slug, reverse("billing:customer", args=[row.pk]))


def _subscription(row: Subscription) -> Hit:
    note = f"{row.plan_version.plan.name} · {state_of(row)[1]}"
    return Hit(str(row.pk), row.customer.name, note, subscription_url(row))


def _entity(row: LegalEntity) -> Hit:
    return Hit(str(row.pk), row.name, row.code, reverse("billing:entity", args=[row.pk]))


def _webhook(row: WebhookEndpoint) -> Hit:
    url = reverse("billing:webhook", args=[row.organisation.slug, row.pk])
    return Hit(str(row.pk), row.url, str(row.get_state_display()), url)


for kind in (
    Records(
        "customers",
        "platform",
        gettext_lazy("Customers"),
        "people",
        customers.code,
        customers.url,
        place=14,
        source=customers.source,
        hit=_customer,
        search=customers.search,
        order=("name", "id"),
    ),
    Records(
        "subscriptions",
        "platform",
        gettext_lazy("Subscriptions"),
        "refresh",
        subscriptions.code,
        subscriptions.url,
        place=16,
        source=subscriptions.source,
        hit=_subscription,
        search=subscriptions.search,
        order=("-created_at", "-id"),
    ),
    Records(
        "legal_entities",
        "platform",
        gettext_lazy("Legal entities"),
        "building",
        entities.code,
        entities.url,
        place=80,
        source=entities.source,
        hit=_entity,
        narrow=containing("name", "code"),
        exact=("code__iexact",),
        order=("name", "id"),
    ),
    Records(
        "webhooks",
        "organisation",
        gettext_lazy("Webhooks"),
        "globe",
        webhooks.code,
        webhooks.url,
        place=70,
        source=webhooks.source,
        hit=_webhook,
        narrow=containing("url", "description"),
        order=("url", "id"),
    ),
):
    kinds.add(kind)
