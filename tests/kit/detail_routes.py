"""A detail page of the tests, declared as any room declares one, with every ready-made tab."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse

from accounts import selectors
from accounts.models import User
from audit.selectors import history_page
from portal.conf.urls import handler400, handler403, handler404, handler500
from portal.conf.urls import urlpatterns as project
from portal.kit.detail import DetailPage, DetailView, Head, Tab, access_tab, history_tab, notes_tab
from portal.kit.errors import Conflict

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def person_url(person_id: UUID) -> str:
    """Where a person is shown."""
    return reverse("accounts:person", args=[person_id])


class Base(DetailPage[User], abstract=True):
    """What the page and its act share."""

    tabs = (
        Tab("overview", "First part", "kit/_facts.html", lambda view, user: {"facts": [{"label": "A", "value": "b"}]}),
        access_tab("user:admin", person_url, demands="role:admin"),
        notes_tab("user:update"),
        history_tab(history_page),
    )

    def find(self, key: UUID) -> User:
        """By id."""
        return selectors.person(self.actor, key, str(self.access))

    def head(self, target: User) -> Head:
        """With every part."""
        return Head(
            title=str(target),
            subtitle="Below it",
            states=[("ok", "Fine"), ("warn", "But odd")],
            actions=[{"label": "Go", "url": "/", "icon": "edit"}, {"label": "No", "reason": "Not today."}],
            more=[
                {"label": "Seldom", "icon": "key", "url": "/seldom"},
                {"label": "Never", "icon": "key", "reason": "Never ever."},
            ],
            crumbs=[("Things", "/things")],
            glyph="building",
        )

    def address(self, target: User) -> str:
        """Its page."""
        return f"/things/{target.pk}"


class ThingView(Base, DetailView[User]):
    """The page."""

    access = "user:read"


class ThingActView(Base):
    """An act that the state of things never allows."""

    access = "user:read"

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Refused."""
        return self.conflict(self.find(key), Conflict("Come back tomorrow."))


urlpatterns = [
    path("things/<uuid:key>", ThingView.as_view()),
    path("things/<uuid:key>/act", ThingActView.as_view()),
    *project,
]
