"""The end of the demonstration's people: all of them go, and what only they had, but for their events."""

from uuid import UUID

from django.db import transaction
from django.db.models import ProtectedError, Q

from accounts import avatars
from accounts import demo_story as story
from accounts.models import Invitation, Key, Membership, Organisation, ServiceAccount, Session, SurveyAnswer, User
from portal.kit.context import Actor
from portal.kit.errors import Forbidden
from portal.kit.models import Announcement, Note, Notice, OutboundMessage
from portal.kit.notices.announcements import announcement_delete
from portal.kit.record import record
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import GlassBreak, Scope, TeamMember
from rbac.services.resources import tree_purge
from rbac.services.reviews import reviews_purge


def demo_people_remove(*, actor: Actor) -> int:
    """Take the demonstration away again, all of it but its events. Event `accounts.demo.removed`; returns how many people.

    An organisation of its name that somebody else belongs to by now is no longer the demonstration's, and stays; so does
    one that is named by what must be kept, such as invoices.
    """
    if actor.kind != "system":
        raise Forbidden
    with writing():
        people = User.objects.filter(email__endswith=f"@{story.DOMAIN}", is_root=False)
        ids = list(people.values_list("pk", flat=True))
        pictures = [name for name in people.values_list("avatar", flat=True) if name is not None]
        Membership.objects.filter(user__in=ids).delete()
        TeamMember.objects.filter(user__in=ids).delete()
        OutboundMessage.objects.filter(address__endswith=f"@{story.DOMAIN}").delete()
        Note.objects.filter(Q(author__in=ids) | Q(object_id__in=ids)).delete()
        SurveyAnswer.objects.filter(user__in=ids).delete()
        for broken in GlassBreak.objects.filter(user__in=ids).values_list("pk", flat=True):
            # Of an emergency every super administrator was told, also those who are nobody's invention.
            Notice.objects.filter(url__contains=str(broken)).delete()
            OutboundMessage.objects.filter(text__contains=str(broken)).delete()
        rbac.bindings_purge(people=ids)
        gone = sum(_company_remove(company.slug) for company in story.COMPANIES)
        Session.objects.filter(user__in=ids).delete()
        Key.objects.filter(owner__in=ids).delete()
        people.delete()
        titles = [one.title for one in story.ANNOUNCEMENTS]
        for row in Announcement.objects.filter(title__in=titles).order_by("pk"):
            announcement_delete(actor=actor, row=row)
        record("accounts.demo.removed", data={"people": len(ids), "organisations": gone})
        transaction.on_commit(lambda: _pictures_remove(pictures))
    return len(ids)


def _company_remove(slug: str) -> int:
    organisation = Organisation.objects.filter(slug=slug).first()
    if organisation is None:
        return 0
    _machines_remove(organisation)
    if Membership.objects.filter(organisation=organisation).exists():
        return 0
    Invitation.objects.filter(organisation=organisation).delete()
    reviews_purge(organisation_id=organisation.pk)
    tree_purge(organisation_id=organisation.pk)
    try:
        # Made with it, and nobody holds anything there any more.
        with transaction.atomic():
            Scope.objects.filter(pk=organisation.pk).delete()
            organisation.delete()
    except ProtectedError:  # A customer: its documents name it for as long as they are kept.
        return 0
    return 1


def _machines_remove(organisation: Organisation) -> None:
    """The service accounts of the story; those that somebody else made stay, and so does their organisation."""
    names = [f"{machine.handle}.{story.COMPANIES[machine.company].slug}" for machine in story.MACHINES]
    rows = ServiceAccount.objects.filter(organisation=organisation, user__username__in=names)
    users = list(rows.values_list("user_id", flat=True))
    Membership.objects.filter(user__in=users).delete()
    TeamMember.objects.filter(user__in=users).delete()
    rbac.bindings_purge(people=users)
    rows.delete()
    Key.objects.filter(owner__in=users).delete()
    User.objects.filter(pk__in=users).delete()


def _pictures_remove(names: list[UUID]) -> None:
    for name in names:
        avatars.remove(name)
