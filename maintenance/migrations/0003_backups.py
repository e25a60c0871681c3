"""Backups."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("maintenance", "0002_schedules")]

    operations = []
