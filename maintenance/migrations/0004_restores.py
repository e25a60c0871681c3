"""Restores and drills."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("maintenance", "0003_backups")]

    operations = []
