"""The one model of the stock project."""

from django.db import models


class Thing(models.Model):
    """Something that rights are granted on."""

    name = models.CharField(max_length=40)

    class Meta:
        app_label = "stock"

    def __str__(self) -> str:
        return self.name
