"""A process of its own in which the example room is one of the project: `migrate` makes its table, `use` uses its pages.

The registries are frozen when the project has started, so a running test cannot take a room in.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path


def start() -> None:
    """The project with the room, and its rights in the ready-made roles of organisations."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.examples.suppliers_settings"
    import django

    from portal.kit import services

    services.OUR_APPS |= {"suppliers"}  # What the walk-through says to write there.
    django.setup()
    from rbac import catalogue

    folder = Path(tempfile.mkdtemp())
    for file in catalogue.DATA.iterdir():
        shutil.copy(file, folder)
    roles = folder / "roles.yaml"
    text = roles.read_text("utf-8")
    text = text.replace("  viewer: [organisation:read,", "  viewer: [supplier:read, organisation:read,")
    roles.write_text(text.replace("  editor: [workspace:read,", "  editor: [supplier:create, workspace:read,"), "utf-8")
    catalogue.DATA = folder


def migrate() -> None:
    """As the owner of the tables."""
    from django.core.management import call_command

    call_command("migrate", "suppliers", "--yes", "--without-backup", "a test", verbosity=0)
    call_command("makemigrations", "suppliers", "--check", "--dry-run", verbosity=1)


def use() -> None:
    """Whoever may looks and adds; others do not; each row has its event and its wall."""
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment()
    call_command("check", fail_level="WARNING")
    call_command("roles", "apply", verbosity=0)

    from accounts.models import User
    from audit.models import Event
    from docs.examples.suppliers.models import Supplier
    from portal.kit import context
    from portal.kit.services import writing
    from portal.kit.tenancy import behind_the_wall
    from tests.accounts.organisation_world import House, make_house
    from tests.factories import signed_in

    house, other = make_house("Harbour"), make_house("Meadow")

    def count(where: House) -> int:
        with context.acting(where.inside(where.viewer)), behind_the_wall():
            return Supplier.objects.get_queryset().count()

    def of(user: User) -> Client:
        return signed_in(user)

    address = house.url("suppliers")
    assert Client().get(address).status_code == 302
    assert of(other.owner).get(address).status_code == 404, "another organisation is not there"
    sent = {"name": "Rope & Sons", "country": "de"}
    assert of(house.viewer).get(address).status_code == 200
    assert of(house.viewer).post(f"{address}/new", sent).status_code == 403
    assert count(house) == 0, "who may only look has added nothing"

    editor = of(house.editor)
    assert "Add supplier" in editor.get(address).content.decode()
    assert editor.post(f"{address}/new", sent).status_code == 302
    assert editor.post(f"{address}/new", sent).status_code == 422, "the name is taken"
    assert editor.post(f"{address}/new", {"name": "Nowhere", "country": "1!"}).status_code == 422
    page = of(house.viewer).get(address).content.decode()
    assert "Rope &amp; Sons" in page
    assert "Add supplier" not in page
    assert "Rope &amp; Sons" not in of(other.viewer).get(other.url("suppliers")).content.decode()
    assert (count(house), count(other)) == (1, 0), "the wall of the database"
    with connection.cursor() as cursor:
        cursor.execute("SELECT relrowsecurity FROM pg_class WHERE relname = 'suppliers_supplier'")
        assert cursor.fetchone() == (True,)
    with context.system("an example"), writing():
        assert Event.objects.filter(code="suppliers.supplier.created").count() == 1
    export = of(house.viewer).get(f"{address}?format=csv")
    assert b"Rope & Sons" in b"".join(export)  # the file follows from the declaration


if __name__ == "__main__":
    start()
    {"migrate": migrate, "use": use}[sys.argv[1]]()
