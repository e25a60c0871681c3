"""Pages of restores and drills."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from maintenance.errors import RestoreNotConfirmed
from maintenance.models import Restore
from maintenance.presenters import restores as presenters
from maintenance.presenters.backups import title_of
from maintenance.restore import inspection, logins
from maintenance.selectors import restores as selectors
from maintenance.services import drills, heartbeats, restores
from portal.kit import errors, paging, toasts
from portal.kit.views import PageView

SHOWS = (("drills", gettext_lazy("Drills")), ("restores", gettext_lazy("Restores")))


class RestoreList(PageView):
    """Whether the backups can be restored, in how long, what was restored, and what it left."""

    access = "backup:restore"
    template_name = "maintenance/restores.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Drills first, the newest on top."""
        shown = "restores" if request.GET.get("show") == "restores" else "drills"
        if shown == "drills":
            page: Any = paging.of(request, selectors.drills(self.actor), presenters.drill_row)
        else:
            page = paging.of(request, selectors.restores(self.actor), presenters.restore_row)
        measured = selectors.recovery(self.actor)
        beside = selectors.beside()
        known = selectors.restores(self.actor).in_bulk([found.mark.id for found in beside]) if beside else {}
        tabs = [
            {"label": label, "url": f"?show={name}", "selected": name == shown, "count": None} for name, label in SHOWS
        ]
        return self.page(
            {
                "page": page,
                "shown": shown,
                "tabs": tabs,
                "measured": measured,
                "lost_seconds": measured.lost.total_seconds() if measured.lost is not None else None,
                "last": selectors.drills(self.actor).first(),
                "bounds": presenters.bounds(),
                "chart": presenters.drawn(measured.drills),
                "databases": presenters.database_rows(beside, known),
                "worker_missing": heartbeats.alive("worker") == 0,
            }
        )


class DrillNow(PageView):
    """Drill now."""

    access = "backup:restore"

    def post(self, request: HttpRequest) -> HttpResponse:
        """Queue it and watch it; pressed twice, it is one."""
        return redirect("maintenance:job", drills.drill_request(actor=self.actor))


class DrillPage(PageView):
    """One drill: steps, checks, numbers."""

    access = "backup:restore"
    template_name = "maintenance/drill.html"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The drill."""
        drill = selectors.drill(self.actor, key)
        return self.page({"row": drill, "state": presenters.state_of(drill), "facts": presenters.facts_of(drill)})


class RestorePage(PageView):
    """One restore: steps, checks, and what may be done with its database."""

    access = "backup:restore"
    template_name = "maintenance/restore.html"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """The restore."""
        return self.shown(selectors.restore(self.actor, key))

    def shown(self, restore: Restore, *, error: str = "", status: int = 200) -> HttpResponse:
        """Its page; with what was wrong about the last try."""
        names = {found.name for found in selectors.beside()}
        return self.page(
            {
                "row": restore,
                "state": presenters.state_of(restore),
                "facts": presenters.facts_of(restore),
                "live": logins.live_name(),
                "can_place": restore.state == Restore.State.READY and restore.database in names,
                "can_return": restore.state == Restore.State.SWAPPED and restore.old_database in names,
                "error": error,
            },
            status=status,
        )


class RestorePlace(RestorePage):
    """Put a restored database in place of the live one."""

    access = "backup:restore"
    step_up = True

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Queue the swap and watch it."""
        restore = selectors.restore(self.actor, key)
        typed = request.POST.get("confirm_word", "")
        try:
            restore = restores.restore_place_request(actor=self.actor, restore=restore, confirm=typed)
        except RestoreNotConfirmed as error:
            return self.shown(restore, error=str(error.detail), status=422)
        return redirect("maintenance:job", restore.run_id)


class RestoreBack(RestorePage):
    """Give the replaced database its place again."""

    access = "backup:restore"
    step_up = True

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Queue the swap back and watch it."""
        restore = selectors.restore(self.actor, key)
        typed = request.POST.get("confirm_word", "")
        try:
            run_id = restores.restore_back_request(actor=self.actor, restore=restore, confirm=typed)
        except RestoreNotConfirmed as error:
            return self.shown(restore, error=str(error.detail), status=422)
        return redirect("maintenance:job", run_id)


class DatabaseDrop(PageView):
    """Drop a database that a restore left."""

    access = "backup:restore"
    step_up = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Drop it when its name was typed, and go back to the list."""
        name = request.POST.get("name", "")
        restores.database_drop(actor=self.actor, name=name, confirm=request.POST.get("confirm_word", ""))
        toasts.add(request, _("The database %(name)s is dropped.") % {"name": name})
        return redirect("maintenance:restores")


class RestoreWizard(PageView):
    """Restore a backup: what it is, how it differs, where it shall go."""

    access = "backup:restore"
    step_up = True
    template_name = "maintenance/restore_wizard.html"

    def get(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Inspect the manifest; no data are read."""
        return self._asked(key)

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Queue the restore and watch it."""
        backup = selectors.backup(self.actor, key)
        mode = Restore.Mode.IN_PLACE if request.POST.get("mode") == "in_place" else Restore.Mode.SCRATCH
        typed = request.POST.get("confirm_word", "")
        try:
            restore = restores.restore_request(actor=self.actor, backup_id=str(backup.pk), mode=mode, confirm=typed)
        except errors.Conflict as error:
            return self._asked(key, error=str(error.detail), status=422)
        return redirect("maintenance:job", restore.run_id)

    def _asked(self, key: UUID, *, error: str = "", status: int = 200) -> HttpResponse:
        backup = selectors.backup(self.actor, key)
        found, refused = None, ""
        try:
            found = presenters.inspected(inspection.inspect(str(backup.pk)))
        except errors.StewardError as problem:
            refused = str(problem.detail)
        return self.page(
            {
                "backup": backup,
                "title": title_of(backup),
                "url": reverse("maintenance:backup_restore", args=[key]),
                "found": found,
                "refused": refused,
                "error": error,
                "hidden": [("mode", "in_place")],
                "worker_missing": heartbeats.alive("worker") == 0,
            },
            status=status,
        )
