"""The list of people."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.lists import people
from portal.kit.decision import can
from portal.kit.lists.views import ListView


class PeopleView(ListView):
    """Everybody whom the person may see: page, fragment, export, arrangement, saved views, bulk actions."""

    access = "user:read"
    declared = people
    template_name = "accounts/people_list.html"

    def extra(self) -> dict[str, Any]:
        """What stands in the head."""
        values: dict[str, Any] = {"lead": _("Everyone who can sign in to this installation.")}
        if can(self.actor, "user:admin"):
            values["head_actions"] = [
                {"label": _("Import people"), "icon": "upload", "url": reverse("accounts:import_new")},
                {
                    "label": _("Create person"),
                    "icon": "plus",
                    "tone": "primary",
                    "url": reverse("accounts:person_new"),
                },
            ]
        return values
