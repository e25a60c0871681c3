"""What has ended is found without reading everything that has not."""

from django.db import migrations, models

TABLES = (
    ("binding", "rbac_binding_ends"),
    ("usergrant", "rbac_user_grant_ends"),
    ("teamgrant", "rbac_team_grant_ends"),
)


class Migration(migrations.Migration):
    dependencies = [("rbac", "0010_authorisation")]

    operations = [
        migrations.AddIndex(
            model_name=model,
            index=models.Index(fields=["expires_at", "id"], condition=~models.Q(expires_at=None), name=name),
        )
        for model, name in TABLES
    ]
