"""Events of the common floor."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, events

events.add(Event("kit.access.denied", _("Access was refused"), "authorisation", "warning"))
