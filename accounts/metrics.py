"""Series of people: sign-ins, locks, second factors, sessions."""

from accounts import security_selectors as selectors
from portal.kit import context
from portal.kit.readings import Reading, Samples, Series, quickly, readings

OUTCOMES = ("succeeded", "failed", "locked")
KINDS = ("browser", "token", "view")

SIGN_INS = (
    Series("steward_accounts_sign_ins", "counter", "Sign-ins of today (UTC), by outcome.", ("outcome",)),
    Series("steward_accounts_locks_live", "gauge", "Accounts and addresses whose sign-in is locked now."),
    Series(
        "steward_accounts_sessions_live",
        "gauge",
        "Live sessions by kind; a view is an administrator who sees the console as somebody else.",
        ("kind",),
    ),
)
FACTORS = (
    Series(
        "steward_accounts_people_active",
        "gauge",
        "Active people, all and those with a role of the installation (staff).",
        ("group",),
    ),
    Series(
        "steward_accounts_second_factor_people",
        "gauge",
        "Those of them who have a second factor.",
        ("group",),
    ),
    Series(
        "steward_accounts_second_factor_overdue_people",
        "gauge",
        "Active people whose roles need a second factor, whose time for it is over, and who have none.",
    ),
)


def _sign_ins() -> Samples:
    with context.system("metrics"), quickly():
        today, locks, sessions = selectors.sign_ins_today(), selectors.locks_now(), selectors.sessions_now()
    return {
        "steward_accounts_sign_ins": [((outcome,), today[outcome]) for outcome in OUTCOMES],
        "steward_accounts_locks_live": [((), locks)],
        "steward_accounts_sessions_live": [((kind,), sessions.get(kind, 0)) for kind in KINDS],
    }


def _factors() -> Samples:
    with context.system("metrics"), quickly():
        found = selectors.coverage()
    return {
        "steward_accounts_people_active": [(("all",), found.people), (("staff",), found.staff)],
        "steward_accounts_second_factor_people": [(("all",), found.people_with), (("staff",), found.staff_with)],
        "steward_accounts_second_factor_overdue_people": [((), found.overdue)],
    }


readings.add(Reading("accounts.sign_ins", SIGN_INS, _sign_ins))
readings.add(Reading("accounts.second_factors", FACTORS, _factors))
