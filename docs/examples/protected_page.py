"""A page that only who holds a right may see, and a form on it that only who holds another may send."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _

from accounts.models import Organisation
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing
from portal.kit.views import PageView


def organisations_count(actor: Actor) -> int:
    """How many organisations the actor may see: a selector starts from `visible_to`."""
    return Organisation.objects.visible_to(actor, "organisation:read").count()


def organisations_counted(*, actor: Actor) -> int:
    """Note in the trail that somebody counted. Needs `organisation:admin`; event `kit.list.exported`."""
    authorise(actor, "organisation:admin")
    with writing():
        number = organisations_count(actor)
        record("kit.list.exported", data={"rows": number})
    return number


class Counted(PageView):
    """How many organisations there are."""

    access = "organisation:read"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The number that this person may know."""
        return HttpResponse(_("%(n)d organisations") % {"n": organisations_count(self.actor)})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Write down that it was counted. Whoever may only look is refused by the service."""
        organisations_counted(actor=self.actor)
        return redirect(request.path)


urlpatterns = [path("platform/counted", Counted.as_view())]
