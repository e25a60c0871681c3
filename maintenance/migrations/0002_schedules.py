"""Schedules that people set."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("maintenance", "0001_runs")]

    operations = []
