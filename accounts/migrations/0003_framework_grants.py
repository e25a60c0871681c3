"""What the application may do with the tables of Django's own applications."""

from django.db import migrations

from portal.kit import grants


class Migration(migrations.Migration):
    """Grants only."""

    dependencies = [
        ("accounts", "0002_memberships_and_sessions"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("axes", "0010_accessattemptexpiration"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        *[
            grants.grant(table)
            for table in (
                "auth_group",
                "auth_permission",
                "auth_group_permissions",
                "django_content_type",
                "django_admin_log",
            )
        ],
        *[
            grants.grant(table)
            for table in (
                "axes_accessattempt",
                "axes_accessattemptexpiration",
                "axes_accessfailurelog",
                "axes_accesslog",
            )
        ],
        grants.grant("django_migrations", grants.READ),
        grants.grant_sequences(),
    ]
