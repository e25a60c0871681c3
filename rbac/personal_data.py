"""What the roles say about people."""

from django.utils.translation import gettext_lazy as _

from portal.kit.personal import rows_of
from portal.kit.registry import PersonalData, personal_data

personal_data.add(
    PersonalData(
        "roles",
        _("Roles"),
        _("Which roles the person holds on the installation and in organisations, since when, until when and why."),
        _("As long as the role is held; who gave and took it stays in the audit trail."),
        ("rbac.Binding",),
        rows_of(
            "rbac.Binding",
            "user_id",
            "role__catalogue",
            "role__code",
            "role__label",
            "scope_id",
            "reason",
            "created_at",
            "expires_at",
            "is_suspended",
        ),
    )
)
