"""`manage.py metrics reference`: the series for Prometheus."""

from portal.home.references.command import ReferenceCommand


class Command(ReferenceCommand):
    """Prints, or with --write renews, docs/metrics.md."""

    help = "reference: the series for Prometheus, as docs/metrics.md. --write renews the file."
    noun = "metrics"
