"""A run has no more rights than the key that started it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("maintenance", "0006_grants_go")]

    operations = [
        migrations.AddField(
            model_name="jobrun",
            name="actor_scopes",
            field=models.JSONField(help_text="The only rights that the key which started it may use.", null=True),
        ),
    ]
