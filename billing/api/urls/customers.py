"""Addresses of billing in the API: who buys and who sells."""

from django.urls import URLPattern, path

from billing.api import customer_imports, customer_money, customers, entities

ENTITY, INSIDE = "legal-entities/<uuid:entity_id>", "organisations/<uuid:organisation_id>/billing"
urlpatterns: list[URLPattern] = [
    path("legal-entities", entities.EntitiesView.as_view(), name="api_entities"),
    path(ENTITY, entities.EntityView.as_view(), name="api_entity"),
    path(f"{ENTITY}/default", entities.EntityDefaultView.as_view(), name="api_entity_default"),
    path(f"{ENTITY}/archive", entities.EntityArchiveView.as_view(), name="api_entity_archive"),
    path(f"{ENTITY}/restore", entities.EntityRestoreView.as_view(), name="api_entity_restore"),
    path(f"{ENTITY}/tax-rates", entities.RatesView.as_view(), name="api_tax_rates"),
    path(f"{ENTITY}/tax-rates/load", entities.RatesLoadView.as_view(), name="api_tax_rates_load"),
    path(f"{ENTITY}/tax-rates/<uuid:rate_id>", entities.RateView.as_view(), name="api_tax_rate"),
    path("customers", customers.CustomersView.as_view(), name="api_customers"),
    path("customers/<uuid:customer_id>", customers.CustomerView.as_view(), name="api_customer"),
    path("customer-imports", customer_imports.CustomerImportsView.as_view(), name="api_customer_imports"),
    path(
        "customer-imports/<uuid:import_id>", customer_imports.CustomerImportView.as_view(), name="api_customer_import"
    ),
    path(
        "customer-imports/<uuid:import_id>/confirm",
        customer_imports.CustomerImportConfirmView.as_view(),
        name="api_customer_import_confirm",
    ),
    path("customers/<uuid:customer_id>/balance", customers.BalanceView.as_view(), name="api_customer_balance"),
    path("customers/<uuid:customer_id>/credits", customer_money.CreditsView.as_view(), name="api_customer_credits"),
    path("customers/<uuid:customer_id>/prepaid", customer_money.PrepaidView.as_view(), name="api_customer_prepaid"),
    path(f"{INSIDE}/balance", customers.OwnBalanceView.as_view(), name="api_own_balance"),
    path(f"{INSIDE}/details", customers.DetailsView.as_view(), name="api_billing_details"),
    path(f"{INSIDE}/contacts", customers.ContactsView.as_view(), name="api_billing_contacts"),
    path(f"{INSIDE}/contacts/<uuid:contact_id>", customers.ContactView.as_view(), name="api_billing_contact"),
    path(f"{INSIDE}/tax-ids", customers.TaxIdsView.as_view(), name="api_tax_ids"),
    path(f"{INSIDE}/tax-ids/<uuid:tax_id>", customers.TaxIdView.as_view(), name="api_tax_id"),
    path(f"{INSIDE}/clock", customers.ClockView.as_view(), name="api_clock"),
    path(f"{INSIDE}/clock/advance", customers.ClockAdvanceView.as_view(), name="api_clock_advance"),
]
