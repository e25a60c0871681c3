"""The inherited case of every class in the Django admin.

A subclass names the model, makes a row and, where the class names services, the data that each of them takes. It is
tested as nobody, as a stranger, as an administrator without the right and as who runs the installation: list, detail,
add, change, delete, search, and addresses that somebody made up.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from portal.kit.admin import ServiceAdmin
from tests.factories import World

Browse = Callable[[User], Client]
NOBODY = "00000000-0000-7000-8000-000000000000"
MADE_UP = (
    *("?q=abc", f"?q={NOBODY}", "?q=%27%3B--", "?q=203.0.113.24", f"?q={'a' * 5000}", "?q=%F0%9F%A6%89"),
    *("?o=1", "?o=-9.4.x", "?p=0", "?p=99999", "?p=abc", "?all=", "?e=1", "?_facets=True", "?_popup=1"),
)
REFUSED = (
    *("?q=%00", "?%00=1", "?password__startswith=a", "?id__gte=1", "?pk__in=1", "?user__password__contains=a"),
    *("?_to_field=password", "?no_such_field=1", "?id__regex=(a%2B)%2B"),
)
SQL_LIMIT = 9  # The identity, the count, the rows and the frame; the same with 2 rows and with 20.


class AdminCase:
    """Four people, six operations, and whatever an address can hold."""

    __test__ = False
    model: ClassVar[type[models.Model]]
    creates: ClassVar[dict[str, Any] | None] = None
    updates: ClassVar[dict[str, Any] | None] = None
    deletes: ClassVar[bool] = False

    def row(self, world: World) -> models.Model:
        """A row to look at; made through the services."""
        raise NotImplementedError

    @property
    def base(self) -> str:
        """The address of the list."""
        return f"/admin/{self.model._meta.app_label}/{self.model._meta.model_name}/"

    def addresses(self, row: models.Model) -> list[str]:
        """Every address of the class."""
        of_row = [f"{self.base}{quote(row.pk)}/{verb}/" for verb in ("change", "delete", "history")]
        return [self.base, f"{self.base}?q=abc", f"{self.base}add/", *of_row]

    def stored(self) -> list[Any]:
        """All rows as they are."""
        return list(self.model._default_manager.order_by("pk").values())

    @pytest.fixture
    def there(self, world: World) -> models.Model:
        return self.row(world)

    def test_nobody_is_led_to_the_sign_in(self, there: models.Model) -> None:
        before = self.stored()
        for url in self.addresses(there):
            for method in ("get", "post"):
                reply = getattr(Client(), method)(url, {"post": "yes"} if method == "post" else {})
                assert reply.status_code == 302, (method, url)
                assert reply["Location"].startswith(("/sign-in", "/admin/login/")), (method, url)
        assert self.stored() == before

    @pytest.mark.parametrize("who", ["stranger", "admin"])
    def test_who_does_not_run_the_installation_sees_and_changes_nothing(
        self, world: World, browser_of: Browse, there: models.Model, who: str
    ) -> None:
        client, before = browser_of(getattr(world, who)), self.stored()
        for url in self.addresses(there):
            for reply in (client.get(url, follow=True), client.post(url, {"post": "yes"}, follow=True)):
                assert reply.status_code == 403, url
                assert str(there.pk) not in reply.content.decode().replace(url, "")
        assert self.stored() == before

    def test_who_runs_the_installation_reads_list_and_row(
        self, world: World, browser_of: Browse, there: models.Model
    ) -> None:
        client = browser_of(world.root)
        listed = client.get(self.base)
        assert listed.status_code == 200
        assert f"{self.base}{quote(there.pk)}/change/" in listed.content.decode()
        assert client.get(f"{self.base}{quote(there.pk)}/change/").status_code == 200
        found = client.get(self.base, {"q": str(there.pk)})
        assert f"{self.base}{quote(there.pk)}/change/" in found.content.decode()
        assert client.get(f"{self.base}{quote(there.pk)}/history/")["Location"] == f"/platform/audit?target={there.pk}"

    def test_what_is_not_there_is_not_found(self, world: World, browser_of: Browse) -> None:
        client = browser_of(world.root)
        for key in (NOBODY, "nothing", "%00", "a" * 300, "_5F"):
            assert client.get(f"{self.base}{key}/change/").status_code == 404, key

    def test_without_a_service_there_is_neither_button_nor_write(
        self, world: World, browser_of: Browse, there: models.Model
    ) -> None:
        client, before, told = browser_of(world.root), self.stored(), Event.objects.count()
        row = f"{self.base}{quote(there.pk)}"
        if self.creates is None:
            assert client.get(f"{self.base}add/").status_code == 403
            assert client.post(f"{self.base}add/", {"name": "x"}).status_code == 403
        if self.updates is None:
            assert 'name="_save"' not in client.get(f"{row}/change/").content.decode()
            assert client.post(f"{row}/change/", {"name": "x", "_saveasnew": "1"}).status_code == 403
        if not self.deletes:
            assert client.get(f"{row}/delete/").status_code == 403
            assert client.post(f"{row}/delete/", {"post": "yes"}).status_code == 403
        client.post(self.base, {"action": "delete_selected", "_selected_action": [str(there.pk)], "post": "yes"})
        assert self.stored() == before
        assert Event.objects.filter(outcome="ok").count() <= told

    def test_made_up_addresses_show_the_list_or_are_refused_and_write_nothing(
        self, world: World, browser_of: Browse, there: models.Model
    ) -> None:
        client, before = browser_of(world.root), self.stored()
        for query in MADE_UP:
            reply: Any = client.get(self.base + query)
            # Where there is more than one page, Django leads from one that there is not back to the list.
            assert reply.status_code in {200, 400} or reply["Location"].endswith("?e=1"), query
        for query in REFUSED:
            assert client.get(self.base + query).status_code == 400, query
        assert self.stored() == before

    def test_a_list_asks_the_database_little_and_never_counts_it_whole(
        self, world: World, browser_of: Browse, there: models.Model
    ) -> None:
        client = browser_of(world.root)
        client.get(self.base)
        with CaptureQueriesContext(connection) as asked:
            client.get(self.base)
        table = self.model._meta.db_table
        assert len(asked) <= SQL_LIMIT, [query["sql"][:120] for query in asked]
        counts = [q["sql"] for q in asked if "COUNT(" in q["sql"].upper() and f'"{table}"' in q["sql"]]
        assert all("LIMIT" in sql for sql in counts), counts

    def test_the_class_is_one_of_ours_and_shows_no_secret(self) -> None:
        found = admin.site._registry[self.model]
        assert isinstance(found, ServiceAdmin)
        hidden = {field.name for field in self.model._meta.concrete_fields if isinstance(field, models.BinaryField)}
        assert not (
            {*(found.fields or ()), *found.list_display} & (hidden | {"password", "digest", "sealed", "personal"})
        )

    def test_services_write_and_leave_an_event(self, world: World, browser_of: Browse, there: models.Model) -> None:
        client = browser_of(world.root)
        keys = {row["id" if "id" in row else "name"] for row in self.stored()}
        if self.creates is not None:
            assert client.post(f"{self.base}add/", self.creates).status_code == 302
            new = [row for row in self.stored() if row["id"] not in keys]
            assert len(new) == 1
            self.recorded(new[0]["id"], "created")
        if self.updates is not None:
            assert client.post(f"{self.base}{quote(there.pk)}/change/", self.updates).status_code == 302
            self.recorded(there.pk, "updated")
        if self.deletes:
            assert client.get(f"{self.base}{quote(there.pk)}/delete/").status_code == 200
            assert client.post(f"{self.base}{quote(there.pk)}/delete/", {"post": "yes"}).status_code == 302
            assert there.pk not in {row["id"] for row in self.stored()}
            self.recorded(there.pk, "deleted")
        if self.creates is None and self.updates is None and not self.deletes:
            page = client.get(f"{self.base}{quote(there.pk)}/change/").content.decode()
            assert "<form" not in page.split('<main id="main"')[1].split("</main>")[0]

    def recorded(self, target: Any, verb: str) -> None:
        """The trail has one event of that verb about the row, by who runs the installation."""
        event = Event.objects.get(target_id=target, code__endswith=f".{verb}")
        assert event.outcome == "ok"
        assert event.actor_kind == "person"
