"""Events: the demonstration."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, events

events.add(Event("billing.demo.loaded", _("The demonstration's year of money was told"), "billing"))
events.add(Event("billing.demo.removed", _("The demonstration's money was brought to an end"), "billing", "notice"))
