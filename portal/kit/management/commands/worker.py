"""`manage.py worker run`."""

from portal.kit import serve
from portal.kit.management.part import PartCommand


class Command(PartCommand):
    """Celery worker in the foreground."""

    help = "Run queued jobs until Ctrl-C or SIGTERM."
    part = staticmethod(serve.worker)
