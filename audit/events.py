"""Events of the record: exports of it, which take its contents out of Steward."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, events

events.add(Event("audit.export.requested", _("An export of the audit trail was asked for"), "security", "notice"))
events.add(Event("audit.export.finished", _("An export of the audit trail was written"), "security"))
events.add(Event("audit.export.downloaded", _("An export of the audit trail was downloaded"), "security", "notice"))
events.add(Event("audit.export.cancelled", _("An export of the audit trail was cancelled"), "security"))
events.add(Event("audit.export.removed", _("An export of the audit trail was removed"), "security"))
