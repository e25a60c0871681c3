"""What the common floor holds about people."""

from django.utils.translation import gettext_lazy as _

from portal.kit.personal import rows_of
from portal.kit.registry import PersonalData, personal_data

WITH_ACCOUNT = _("As long as the account.")

personal_data.add(
    PersonalData(
        "notifications",
        _("Notifications"),
        _("What the person was told behind the bell, and when it was read."),
        _("90 days."),
        ("kit.Notice",),
        rows_of("kit.Notice", "person_id", "category", "title", "text", "url", "created_at", "read_at"),
    )
)
personal_data.add(
    PersonalData(
        "mails",
        _("Mails"),
        _("Which mails were sent to the person, to which address, and how that went."),
        _("30 days."),
        ("kit.OutboundMessage",),
        # Not their text: a link in it may still open something, and whoever finds the copy must not be let in by it.
        rows_of("kit.OutboundMessage", "person_id", "category", "address", "subject", "state", "created_at", "sent_at"),
    )
)
personal_data.add(
    PersonalData(
        "notes",
        _("Notes"),
        _("What the person wrote about people and organisations. Notes of others about the person are theirs."),
        _("As long as what they are about; those about a person go when that person is erased."),
        ("kit.Note",),
        rows_of("kit.Note", "author_id", "object_kind", "object_id", "text", "created_at"),
    )
)
personal_data.add(
    PersonalData(
        "lists",
        _("Lists and saved views"),
        _("How the person arranges lists: columns, order, page size."),
        WITH_ACCOUNT,
        ("kit.ListPreference",),
        rows_of("kit.ListPreference", "person_id", "list_name", "columns", "sort", "compact", "size"),
    )
)
personal_data.add(
    PersonalData(
        "saved_views",
        _("Saved views"),
        _("Questions to lists that the person keeps, and shares or not."),
        WITH_ACCOUNT,
        ("kit.SavedView",),
        rows_of("kit.SavedView", "owner_id", "list_name", "name", "query", "shared", "created_at", "updated_at"),
    )
)
personal_data.add(
    PersonalData(
        "maintenance_windows",
        _("Maintenance"),
        _("Which maintenance of the installation the person announced."),
        _("As long as the installation keeps its history of maintenance."),
        ("kit.MaintenanceWindow",),
        rows_of("kit.MaintenanceWindow", "entered_by_id", "kind", "reason", "message", "starts_at", "ends_at"),
    )
)
personal_data.add(
    PersonalData(
        "kept_requests",
        _("Replies kept for repeated calls"),
        _("The encrypted reply to a call of the API that may be sent again without being done twice."),
        _("24 hours."),
        ("kit.KeptRequest",),
        withheld=_("A technical copy of replies that the person's own client has received."),
    )
)
personal_data.add(
    PersonalData(
        "notification_choices",
        _("Choices of notifications"),
        _("Which kinds of news the person wants by mail and in the console, where that is not the default."),
        _("As long as the account."),
        ("kit.NotificationChoice",),
        rows_of("kit.NotificationChoice", "person_id", "category", "channel", "enabled", "changed_at"),
    )
)
personal_data.add(
    PersonalData(
        "recent_searches",
        _("Recent searches"),
        _("What the person searched for last, so that it can be asked again with one press."),
        _("The ten last ones of each organisation, until the person clears them."),
        ("kit.RecentSearch",),
        rows_of("kit.RecentSearch", "person_id", "organisation_id", "text", "searched_at"),
    )
)
personal_data.add(
    PersonalData(
        "saved_searches",
        _("Saved searches"),
        _("Searches that the person keeps under a name. Nobody else sees them."),
        WITH_ACCOUNT,
        ("kit.SavedSearch",),
        rows_of("kit.SavedSearch", "person_id", "organisation_id", "name", "text", "kind", "created_at"),
    )
)
personal_data.add(
    PersonalData(
        "setting_versions",
        _("Settings"),
        _("Which settings of the installation the person changed, to what, and why."),
        _("As long as the installation keeps the history of its settings."),
        ("kit.SettingVersion",),
        rows_of("kit.SettingVersion", "changed_by_id", "code", "value", "reason", "changed_at"),
    )
)
