"""What the trail and the activity say about people."""

from django.utils.translation import gettext_lazy as _

from audit.selectors.persons import events_about, events_by
from portal.kit.personal import rows_of
from portal.kit.registry import PersonalData, personal_data

KEPT = _(
    "400 days at least for sign-ins and security, 7 years for everything else; of an erased person under a pseudonym."
)

personal_data.add(
    PersonalData(
        "events_by_you",
        _("What the person did"),
        _(
            "Events of the audit trail that the person caused: sign-ins, changes, refusals, with time, address and browser."
        ),
        KEPT,
        ("audit.Event", "audit.PersonalKey"),
        events_by,
    )
)
personal_data.add(
    PersonalData(
        "events_about_you",
        _("What was done to the person"),
        _(
            "Events of the audit trail about the person that somebody else caused. Who that was is named by an id alone."
        ),
        KEPT,
        (),
        events_about,
    )
)
personal_data.add(
    PersonalData(
        "activity",
        _("Pages and calls"),
        _("Which pages and endpoints the person asked for. The network address is shortened."),
        _("30 days."),
        ("audit.Activity",),
        rows_of(
            "audit.Activity",
            "actor_id",
            "occurred_at",
            "channel",
            "method",
            "route",
            "object_id",
            "status",
            "duration_ms",
            "address",
        ),
    )
)
personal_data.add(
    PersonalData(
        "trail_exports",
        _("Exports of the audit trail"),
        _("Which exports of the audit trail the person asked for. Their files hold other people's data."),
        _("24 hours."),
        ("audit.Export",),
        rows_of("audit.Export", "requested_by", "format", "query", "state", "rows", "created_at", "finished_at"),
    )
)
