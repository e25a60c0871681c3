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
personal_data.add(
    PersonalData(
        "teams",
        _("Teams"),
        _("Which teams of organisations the person is in, and since when."),
        _("As long as the person is in them; who came and went stays in the audit trail."),
        ("rbac.TeamMember",),
        rows_of("rbac.TeamMember", "user_id", "team_id", "team__name", "organisation_id", "added_at"),
    )
)
personal_data.add(
    PersonalData(
        "grants",
        _("Rights on single objects"),
        _("Which single rights the person holds on which objects, since when, until when and why."),
        _("As long as the right is held and its object is there; who gave and took it stays in the audit trail."),
        ("rbac.UserGrant",),
        rows_of(
            "rbac.UserGrant",
            "user_id",
            "permission__codename",
            "object_pk",
            "organisation_id",
            "reason",
            "created_at",
            "expires_at",
        ),
    )
)
personal_data.add(
    PersonalData(
        "external_ids",
        _("Ids in products"),
        _("By which id the products of organisations know the person, and since when."),
        _("As long as the person is a member; leaves with the membership."),
        ("rbac.ExternalPerson",),
        rows_of("rbac.ExternalPerson", "user_id", "application__code", "external_id", "organisation_id", "created_at"),
    )
)
personal_data.add(
    PersonalData(
        "elevations",
        _("Roles for a while"),
        _("Which roles the person asked for for a while, why, who decided and what they said."),
        _("As long as the account is there; the audit trail keeps each step."),
        ("rbac.Elevation",),
        rows_of(
            "rbac.Elevation",
            "user_id",
            "role_label",
            "place",
            "organisation_id",
            "reason",
            "minutes",
            "state",
            "asked_at",
            "decided_at",
            "words",
            "until",
            "ended_at",
        ),
    )
)
personal_data.add(
    PersonalData(
        "emergencies",
        _("Emergency access"),
        _(
            "When the person took every right in an organisation, why, what it told afterwards and what the review found."
        ),
        _("As long as the account is there; the audit trail keeps each step."),
        ("rbac.GlassBreak",),
        rows_of(
            "rbac.GlassBreak",
            "user_id",
            "organisation_id",
            "reason",
            "started_at",
            "expires_at",
            "ended_at",
            "note",
            "verdict",
            "words",
        ),
    )
)
