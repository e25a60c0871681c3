"""What people are told inside the console: notices to one person, announcements to everybody."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.managers import ScopedManager
from portal.kit.models.base import EVENT, Model, no_evidence

TITLE_LIMIT = 160
TEXT_LIMIT = 500
URL_LIMIT = 300


class Tone(models.TextChoices):
    """How something sounds; also the colour it is shown in, never without its words."""

    INFO = "info", _("Information")
    OK = "ok", _("Good news")
    WARN = "warn", _("Warning")
    BAD = "bad", _("Trouble")


class Notice(Model):
    """One message to one person, behind the bell. Written by `kit.notices.tell` in the transaction of what it tells of.

    Read by its person alone, whatever rights others hold. Goes after 90 days, read or not, and with its person.
    """

    evidence = no_evidence("What a notice tells of has its own event; having read it is the person's own affair.")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    category = models.CharField(max_length=60)
    tone = models.CharField(max_length=4, choices=Tone, default=Tone.INFO)
    title = models.CharField(max_length=TITLE_LIMIT)
    text = models.CharField(max_length=TEXT_LIMIT, blank=True)
    url = models.CharField(max_length=URL_LIMIT, blank=True, help_text="A path of this console.")
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "kit_notice"
        constraints = [
            models.CheckConstraint(name="kit_notice_tone", condition=models.Q(tone__in=["info", "ok", "warn", "bad"])),
            models.CheckConstraint(
                name="kit_notice_own_path",
                condition=models.Q(url="") | (models.Q(url__startswith="/") & ~models.Q(url__startswith="//")),
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="kit_notice_person"),
            models.Index(fields=["person"], condition=models.Q(read_at=None), name="kit_notice_unread"),
            models.Index(fields=["created_at", "id"], name="kit_notice_created"),
        ]

    def __str__(self) -> str:
        return self.title


class Audience(models.TextChoices):
    """Who sees an announcement."""

    EVERYONE = "everyone", _("Everyone")
    STAFF = "staff", _("Staff")
    ORGANISATION = "organisation", _("One organisation")


class Announcement(Model):
    """A banner on every page of its audience, from `starts_at` until `ends_at` (none: until it is ended or deleted).

    Written by platform staff through `kit.notices.announcements`, for planned work and the like. A dismissible one
    can be put away by each reader, on the browser that it was put away on. One for an organisation stands on that
    organisation's own pages.
    """

    evidence = EVENT

    title = models.CharField(_("title"), max_length=TITLE_LIMIT)
    text = models.CharField(_("text"), max_length=TEXT_LIMIT, blank=True)
    tone = models.CharField(_("tone"), max_length=4, choices=Tone, default=Tone.INFO)
    starts_at = models.DateTimeField(_("shown from"), default=clock.now)
    ends_at = models.DateTimeField(_("shown until"), null=True, blank=True)
    audience = models.CharField(_("shown to"), max_length=12, choices=Audience, default=Audience.EVERYONE)
    organisation = models.ForeignKey(
        "accounts.Organisation", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    dismissible = models.BooleanField(_("can be put away"), default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects: ClassVar[ScopedManager[Self]] = ScopedManager()

    class Meta:
        db_table = "kit_announcement"
        constraints = [
            models.CheckConstraint(
                name="kit_announcement_tone", condition=models.Q(tone__in=["info", "ok", "warn", "bad"])
            ),
            models.CheckConstraint(
                name="kit_announcement_times",
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                violation_error_message=_("It has to end after it starts."),
            ),
            models.CheckConstraint(
                name="kit_announcement_audience",
                condition=models.Q(audience__in=["everyone", "staff"], organisation=None)
                | models.Q(audience="organisation", organisation__isnull=False),
                violation_error_message=_("Name an organisation if, and only if, it is shown to one organisation."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Channel(models.TextChoices):
    """How somebody is told."""

    MAIL = "mail", _("Mail")
    BELL = "bell", _("In the console")


class NotificationChoice(Model):
    """What a person chose for one kind of news on one channel, where that is not what the kind says by itself.

    Written by the person, or by the link of a mail; goes with the person.
    """

    evidence = EVENT

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    category = models.CharField(max_length=60)
    channel = models.CharField(max_length=4, choices=Channel)
    enabled = models.BooleanField()
    changed_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        db_table = "kit_notification_choice"
        constraints = [
            models.UniqueConstraint(fields=["person", "category", "channel"], name="kit_notification_choice_once"),
            models.CheckConstraint(name="kit_notification_channel", condition=models.Q(channel__in=["mail", "bell"])),
        ]

    def __str__(self) -> str:
        return f"{self.category} ({self.channel})"
