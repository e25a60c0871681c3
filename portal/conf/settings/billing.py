"""Tax offices and key figures."""

from portal.conf import env

STEWARD_VIES_URL = env.text(
    "STEWARD_VIES_URL",
    "",
    group="Billing",
    help_text="Where VAT numbers of the European Union are checked, by the REST interface of VIES: "
    "https://ec.europa.eu/taxation_customs/vies/rest-api/check-vat-number. Empty: nobody is asked, their form is checked.",
)
STEWARD_GROSS_MARGIN = env.number(
    "STEWARD_GROSS_MARGIN",
    0,
    low=0,
    high=100,
    group="Billing",
    help_text="Gross margin in percent, for lifetime value and payback; 0: not known, and those figures say so.",
)
STEWARD_HEALTH_USE = env.number(
    "STEWARD_HEALTH_USE",
    30,
    low=0,
    high=100,
    group="Billing",
    help_text="How much of the health score of customers is use, 28 days against the 28 before; weights are relative to each other.",
)
STEWARD_HEALTH_SEATS = env.number(
    "STEWARD_HEALTH_SEATS",
    20,
    low=0,
    high=100,
    group="Billing",
    help_text="How much of the health score of customers is members seen, of the seats; weights are relative to each other.",
)
STEWARD_HEALTH_PAYMENT = env.number(
    "STEWARD_HEALTH_PAYMENT",
    20,
    low=0,
    high=100,
    group="Billing",
    help_text="How much of the health score of customers is payment standing; weights are relative to each other.",
)
STEWARD_HEALTH_FEATURES = env.number(
    "STEWARD_HEALTH_FEATURES",
    15,
    low=0,
    high=100,
    group="Billing",
    help_text="How much of the health score of customers is features in use, of those in the plan; weights are relative to each other.",
)
STEWARD_HEALTH_SURVEY = env.number(
    "STEWARD_HEALTH_SURVEY",
    15,
    low=0,
    high=100,
    group="Billing",
    help_text="How much of the health score of customers is the newest survey answer; weights are relative to each other.",
)
