"""Which organisations use which module is counted from an index of its own: one range for each type."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rbac", "0012_reviews")]

    operations = [
        migrations.AddIndex(
            model_name="resource",
            index=models.Index(fields=["type", "updated_at"], include=["organisation"], name="rbac_resource_used"),
        ),
    ]
