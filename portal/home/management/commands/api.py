"""`manage.py api reference`: every call of the API."""

from portal.home.references.command import ReferenceCommand


class Command(ReferenceCommand):
    """Prints, or with --write renews, docs/api_reference.md."""

    help = "reference: every call of the API, as docs/api_reference.md. --write renews the file."
    noun = "api"
