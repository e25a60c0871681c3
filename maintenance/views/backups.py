"""Pages of backups."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.selectors import history_page
from maintenance.backup import targets
from maintenance.models import Backup
from maintenance.presenters import backups as presenters
from maintenance.selectors import backups as selectors
from maintenance.services import backup_keeping, backups, heartbeats
from portal.kit import errors, paging, toasts
from portal.kit.decision import can
from portal.kit.detail import DetailPage, DetailView, Head, Tab, access_tab, granted_url, history_tab
from portal.kit.forms import DateInput, Form, refused
from portal.kit.views import PageView

RIGHT = selectors.RIGHT
SHOWN = 30  # Backups in the charts.
# What may be lost without anybody having to do something: a night, and the time that a backup takes (policy.md: 24 h).
RECOVERY_POINT = timedelta(hours=26)
STATE_TABS = (
    ("kept", gettext_lazy("Kept")),
    ("failed", gettext_lazy("Failed")),
    ("deleted", gettext_lazy("Deleted")),
    ("all", gettext_lazy("All")),
)


class BackupList(PageView):
    """The catalogue, and what a disaster now would cost."""

    access = RIGHT
    somewhere = True
    template_name = "maintenance/backups.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The newest first, by state; those that are kept by default."""
        chosen = request.GET.get("state", "kept")
        page = paging.of(request, selectors.backups(self.actor, state=chosen), presenters.backup_row)
        whole = can(self.actor, RIGHT).allowed
        newest = selectors.newest_verified(self.actor)
        lost = selectors.recovery_point(self.actor)
        number, size = selectors.kept_in_all(self.actor)
        tabs = [
            {"label": label, "url": f"?state={state}", "selected": state == chosen, "count": None}
            for state, label in STATE_TABS
        ]
        return self.page(
            {
                "page": page,
                "filters": {"state": tabs},
                "newest": newest,
                "lost_seconds": lost.total_seconds() if lost is not None else None,
                "late": whole and (lost is None or lost > RECOVERY_POINT),
                "number": number,
                "size": size,
                "charts": presenters.drawn(selectors.newest_made(self.actor, SHOWN)) if whole else {},
                "places": targets.places() if whole else [],
                "worker_missing": heartbeats.alive("worker") == 0,
                "whole": whole,
            }
        )


class BackupMake(PageView):
    """Back up now."""

    access = RIGHT

    def post(self, request: HttpRequest) -> HttpResponse:
        """Queue it and watch it; pressed twice, it is one."""
        return redirect("maintenance:job", backups.backup_request(actor=self.actor))


class PinForm(Form):
    """Why a backup is kept, and how long."""

    why = forms.CharField(label=gettext_lazy("Why it is kept"), max_length=500)
    until = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        help_text=gettext_lazy("The last day. Without one it is kept until somebody lets it go."),
        widget=DateInput(),
    )


def _overview(view: DetailPage[Any], target: Backup) -> Mapping[str, Any]:
    return {
        "backup": target,
        "facts": presenters.facts_of(target),
        "manifest_facts": presenters.manifest_facts(target.manifest),
        "files": presenters.file_rows(target.manifest),
        "copies": presenters.copies_of(target),
    }


def _tables(view: DetailPage[Any], target: Backup) -> Mapping[str, Any]:
    return {"tables": presenters.table_rows(target.manifest)}


TABS = (
    Tab("overview", gettext_lazy("Overview"), "maintenance/_backup_overview.html", _overview),
    Tab("tables", gettext_lazy("Tables"), "maintenance/_backup_tables.html", _tables),
    access_tab(
        RIGHT,
        lambda person_id: f"/platform/people/{person_id}",
        demands="role:admin",
        manage=lambda view, target: granted_url("backup", target.pk),
    ),
    history_tab(history_page),
)


class BackupPageBase(DetailPage[Backup], abstract=True):
    """What the page of a backup and the acts upon it share."""

    tabs = TABS
    pin_form: forms.Form | None = None

    def find(self, key: UUID) -> Backup:
        """The backup; `NotFound` otherwise."""
        return selectors.backup(self.actor, key)

    def address(self, target: Backup) -> str:
        """Its page."""
        return reverse("maintenance:backup", args=[target.pk])

    def head(self, target: Backup) -> Head:
        """From when it is, state, actions."""
        return Head(
            title=presenters.title_of(target),
            subtitle=str(target.pk),
            states=[presenters.state_of(target)],
            actions=self._actions(target),
            dialogs=self._dialogs(target),
            crumbs=[(_("Backups"), reverse("maintenance:backups"))],
            glyph="database",
        )

    def _actions(self, target: Backup) -> list[dict[str, Any]]:
        if target.state not in Backup.USABLE:
            return []
        keep = (
            {"label": _("Keep no longer"), "icon": "unlock", "dialog": "unpin"}
            if target.pinned_at is not None
            else {"label": _("Keep"), "icon": "lock", "dialog": "pin"}
        )
        where = reverse("maintenance:backup_restore", args=[target.pk])
        restore = {"label": _("Restore"), "icon": "refresh", "url": where}
        return [
            *([restore] if can(self.actor, "backup:restore") else []),
            keep,
            {"label": _("Verify now"), "icon": "check-circle", "dialog": "verify", "tone": "primary"},
        ]

    def _dialogs(self, target: Backup) -> list[dict[str, Any]]:
        if target.state not in Backup.USABLE:
            return []
        verify: dict[str, Any] = {
            "id": "verify",
            "title": _("Read every byte?"),
            "text": _("Each copy is fetched, decrypted and parsed as a job that you can watch. Nothing is changed."),
            "url": reverse("maintenance:backup_verify", args=[target.pk]),
            "confirm_label": _("Verify now"),
            "tone": "primary",
            "glyph": "check-circle",
        }
        if target.pinned_at is not None:
            pin: dict[str, Any] = {
                "id": "unpin",
                "title": _("Keep it no longer?"),
                "text": _("The rules decide again. When none of them keeps it, a later night deletes it."),
                "url": reverse("maintenance:backup_unpin", args=[target.pk]),
                "confirm_label": _("Keep no longer"),
                "glyph": "unlock",
            }
        else:
            pin = {
                "id": "pin",
                "title": _("Keep this backup?"),
                "text": _("It is not deleted, whatever the rules say."),
                "url": reverse("maintenance:backup_pin", args=[target.pk]),
                "confirm_label": _("Keep"),
                "tone": "primary",
                "glyph": "lock",
                "form": self.pin_form or PinForm(),
                "open": self.pin_form is not None,
            }
        return [verify, pin]


class BackupPage(BackupPageBase, DetailView[Backup]):
    """One backup: files, tables, history."""

    access = RIGHT
    somewhere = True


class BackupVerify(PageView):
    """Read every byte of a backup."""

    access = RIGHT
    somewhere = True

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Queue it and watch it."""
        backup = selectors.backup(self.actor, key)
        return redirect("maintenance:job", backups.verification_request(actor=self.actor, backup=backup))


class BackupPin(BackupPageBase):
    """Keep a backup by hand."""

    access = RIGHT
    somewhere = True

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Keep it, or say what is missing."""
        backup = self.find(key)
        form = PinForm(request.POST)
        try:
            if form.is_valid():
                sent = form.cleaned_data
                backup_keeping.backup_pin(actor=self.actor, backup=backup, why=sent["why"], until=sent["until"])
                toasts.add(request, _("The backup is kept."))
                return redirect("maintenance:backup", backup.pk)
        except errors.Invalid as error:
            refused(form, error)
        self.pin_form = form
        return self.detail(backup, status=422)


class BackupUnpin(PageView):
    """Leave a backup to the rules again."""

    access = RIGHT
    somewhere = True

    def post(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Let go and show it."""
        backup = selectors.backup(self.actor, key)
        backup_keeping.backup_unpin(actor=self.actor, backup=backup)
        toasts.add(request, _("The rules decide again whether it is kept."))
        return redirect("maintenance:backup", backup.pk)
