"""Entries of the navigation: events that leave by HTTP."""

from billing.lists.webhooks import webhooks
from portal.kit.registry import MenuItem, menu

menu.add(
    MenuItem(
        "billing.webhooks",
        webhooks.label,
        webhooks.url,
        "globe",
        "installation",
        webhooks.code,
        order=70,
        realm="organisation",
    )
)
