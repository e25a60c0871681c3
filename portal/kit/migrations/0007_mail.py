"""The outbound box completed."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("kit", "0006_mode")]

    operations = []
