"""Entries of the navigation: what is sold."""

from billing.lists import catalogue
from portal.kit.registry import MenuItem, menu

for place, (declared, icon) in enumerate(
    (
        (catalogue.plans, "card"),
        (catalogue.coupons, "invoice"),
        (catalogue.meters, "activity"),
        (catalogue.features, "check-circle"),
    )
):
    menu.add(
        MenuItem(
            declared.name,
            declared.label,
            declared.url,
            icon,
            "money",
            declared.code,
            60 + place,
            group="catalogue",
        )
    )
