"""Breaking the glass: every right in one organisation, for an emergency, by who may do that, and for an hour at most.

There is no other way around the decision: nobody is a superuser. What is taken is a binding that ends, everybody who has
to know is told at once, and it stays open until a note says what was done and another one has reviewed that.
"""

from datetime import timedelta
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Model
from django.utils.translation import gettext as _

from portal.kit import clock, errors, notices
from portal.kit.context import Actor
from portal.kit.decision import authorise, can, roles_changed
from portal.kit.errors import NotFound
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing
from rbac import decision
from rbac.counting import counting
from rbac.elevation_rules import cleaned_text, in_person
from rbac.errors import HeldAlready
from rbac.govern_errors import GlassOpen, GlassStage, SecondPersonNeeded
from rbac.models import INSTALLATION, Binding, GlassBreak, Role
from rbac.selectors import OWNER, holders_of, owners
from rbac.services.keepers import rights_hold, scope_ensure, scope_lock
from rbac.settings import GLASS
from rbac.standing import standing_on
from rbac.tree_rules import INVISIBLE

RIGHT = "break_glass:execute"
NOTE_LIMIT = 4000
BATCH = 100


def lasts() -> timedelta:
    """For how long it counts."""
    return GLASS.value()


def glass_break(*, actor: Actor, organisation: Model, reason: str) -> GlassBreak:
    """Take every right in an organisation for a while (`break_glass:execute` on the installation). Event
    `rbac.glass.broken`, critical; a mail and a notice to every super administrator and every owner there.

    `InPerson` for keys and views of somebody else's console, `Invalid` (field `reason`), `GlassOpen` while the last time
    there runs or has no note, `HeldAlready` for its owners, `NotFound` for an organisation that is closed.
    """
    _require(actor)
    person_id = in_person(actor)
    reason = cleaned_text(reason, "reason", needed=True)
    if getattr(organisation, "state", "") == "closed":
        raise NotFound
    with standing_on(organisation.pk):
        scope_ensure(organisation_id=organisation.pk)
        _held(actor, organisation.pk)
        _tidy(list(GlassBreak.objects.filter(user_id=person_id, organisation_id=organisation.pk, ended_at=None)))
        if GlassBreak.objects.filter(user_id=person_id, organisation_id=organisation.pk, noted_at=None).exists():
            raise GlassOpen
        now = clock.now()
        row = GlassBreak(
            organisation_id=organisation.pk,
            user_id=person_id,
            reason=reason,
            started_at=now,
            expires_at=now + lasts(),
        )
        row.binding_id = _bind(row, actor).pk
        row.save(force_insert=True)
        decision.mark_changed()
        roles_changed(people=[person_id])
        changes = {"reason": (None, reason), "expires_at": (None, row.expires_at)}
        record("rbac.glass.broken", target=row, changes=changes, reason=reason)
        _alarm(row, actor)
    return row


def glass_end(*, actor: Actor, glass: GlassBreak) -> GlassBreak:
    """End it before its time; the very next check knows. By the person, and by any other who may break the glass. Event
    `rbac.glass.ended`; `GlassStage` when it is over."""
    if actor.id is None or actor.id != glass.user_id:
        _require(actor)
    with standing_on(glass.organisation_id):
        scope_lock(scope_id=glass.organisation_id)
        row = _locked(glass)
        if not row.is_live:
            raise GlassStage
        _close(row, by=actor.id)
    return row


def glass_note(*, actor: Actor, glass: GlassBreak, note: str) -> GlassBreak:
    """Write what was done, once it is over. Event `rbac.glass.noted`; a mail to the others who may review it.

    By who broke the glass, in person. `GlassStage` while it runs or when it is written, `Invalid` (field `note`).
    """
    if in_person(actor) != glass.user_id:
        raise errors.Forbidden
    note = note.strip()
    if not note or len(note) > NOTE_LIMIT or INVISIBLE.search(note.replace("\r", "").replace("\n", "")):
        raise errors.Invalid(fields={"note": [_("Say what you did, in 1 to %(n)s characters.") % {"n": NOTE_LIMIT}]})
    with standing_on(glass.organisation_id):
        scope_lock(scope_id=glass.organisation_id)
        row = _locked(glass)
        if row.stage != "unnoted":
            raise GlassStage
        if row.ended_at is None:
            _close(row, by=None)
        row.note, row.noted_at = note, clock.now()
        row.save(update_fields=["note", "noted_at"])
        record("rbac.glass.noted", target=row, changes={"noted_at": (None, row.noted_at)})
        others = set(holders_of("super_admin")) - {row.user_id}
        _tell(row, others, act="noted", by=actor.label)
    return row


def glass_review(*, actor: Actor, glass: GlassBreak, verdict: str, words: str = "") -> GlassBreak:
    """Say whether it was justified. Event `rbac.glass.reviewed`; a mail to who broke the glass.

    By another one who may break it (`SecondPersonNeeded`), in person. `GlassStage` unless a note waits for it, `Invalid`
    (fields `verdict`, `words`; words are needed where it was not justified).
    """
    _require(actor)
    reviewer_id = in_person(actor)
    if verdict not in GlassBreak.Verdict.values:
        raise errors.Invalid(fields={"verdict": [_("Choose one of the two.")]})
    words = cleaned_text(words, "words", needed=verdict == GlassBreak.Verdict.UNJUSTIFIED)
    with standing_on(glass.organisation_id):
        _held(actor, glass.organisation_id)
        row = _locked(glass)
        if reviewer_id == row.user_id:
            raise SecondPersonNeeded
        if row.stage != "unreviewed":
            raise GlassStage
        row.reviewed_by_id, row.reviewed_at = reviewer_id, clock.now()
        row.verdict, row.words = verdict, words
        row.save(update_fields=["reviewed_by", "reviewed_at", "verdict", "words"])
        record("rbac.glass.reviewed", target=row, changes={"verdict": ("", verdict)}, reason=words)
        _tell(row, {row.user_id}, act="reviewed", by=actor.label)
    return row


def glass_tidy(*, actor: Actor) -> int:
    """Write down what is over, with its bindings, and remind who owes a note. Event `rbac.glass.ended`; at most a hundred,
    told by how many. The decision does not wait for it. Needs `job:admin`."""
    authorise(actor, "job:admin")
    late = GlassBreak.objects.filter(ended_at=None, expires_at__lte=clock.now()).order_by("id")[:BATCH]
    found = 0
    for row in list(late):
        with standing_on(row.organisation_id):
            scope_lock(scope_id=row.organisation_id)
            found += _tidy([row])
    return found


def _require(actor: Actor) -> None:
    """The right is one of the installation; what an organisation's roles say of it counts for nothing."""
    outside = Actor(actor.kind, actor.id, actor.label, None, actor.on_behalf_of, actor.scopes)
    if not can(outside, RIGHT):
        raise errors.Forbidden


def _held(actor: Actor, organisation_id: UUID) -> None:
    """Both locks, that of the installation first: under it the right to break the glass is taken away."""
    rights_hold(scope_id=INSTALLATION)
    _require(actor)
    scope_lock(scope_id=organisation_id)


def _bind(row: GlassBreak, actor: Actor) -> Binding:
    """The rights of an owner, who holds all of them; being an owner takes a binding without an end."""
    with writing():
        role = Role.objects.get(catalogue="organisation", code=OWNER)
        same = Binding.objects.filter(
            user_id=row.user_id, scope_id=row.organisation_id, role=role, effect=Binding.Effect.ALLOW
        )
        if same.filter(counting()).exists():
            raise HeldAlready
        same.delete()
        return Binding.objects.create(
            user_id=row.user_id,
            scope_id=row.organisation_id,
            role=role,
            expires_at=row.expires_at,
            reason=row.reason,
            granted_by=actor.id,
            origin=Binding.Origin.GLASS,
            origin_id=row.pk,
        )


def _tidy(rows: list[GlassBreak]) -> int:
    closed = 0
    for each in rows:
        row = _locked(each)
        if row.ended_at is None and not row.is_live:
            _close(row, by=None)
            closed += 1
    return closed


def _close(row: GlassBreak, *, by: UUID | None) -> None:
    with writing():
        row.ended_at, row.ended_by_id = clock.now(), by
        row.save(update_fields=["ended_at", "ended_by"])
        Binding.objects.filter(pk=row.binding_id, origin_id=row.pk).delete()
        decision.mark_changed()
        roles_changed(people=[row.user_id])
        record("rbac.glass.ended", target=row, changes={"ended_at": (None, row.ended_at)})
        notices.tell(
            [row.user_id],
            category="security",
            title=_("Write what you did in %(name)s") % {"name": row.organisation},
            text=_("The glass was broken there. It stays open until you have told, and somebody else has reviewed it."),
            url=_page_of(row),
            tone="warn",
        )


def _page_of(row: GlassBreak) -> str:
    """The page of one."""
    return f"/platform/break-glass/{row.pk}"


def _locked(glass: GlassBreak) -> GlassBreak:
    rows = GlassBreak.objects.select_for_update(of=("self",)).select_related("user", "organisation")
    found = rows.filter(pk=glass.pk).first()
    if found is None:
        raise NotFound
    return found


def _alarm(row: GlassBreak, actor: Actor) -> None:
    """To every super administrator and every owner of that organisation, at once."""
    row.organisation = apps.get_model("accounts", "Organisation")._default_manager.get(pk=row.organisation_id)
    own = set(owners().filter(scope_id=row.organisation_id).values_list("user_id", flat=True))
    supers = set(holders_of("super_admin"))
    text = _("By %(name)s, until it ends by itself. Reason: %(reason)s") % {"name": actor.label, "reason": row.reason}
    title = _("Somebody broke the glass in %(name)s") % {"name": row.organisation}
    inside = f"/o/{row.organisation.slug}/break-glass"
    for people, url in ((supers, _page_of(row)), (own - supers, inside)):
        notices.tell(people, category="security", title=title, text=text, url=url, tone="bad")
        for person in get_user_model()._default_manager.filter(pk__in=people).order_by("pk"):
            data = {
                "user": person,
                "by": actor.label,
                "organisation": str(row.organisation),
                "reason": row.reason,
                "until": row.expires_at,
                "url": f"{settings.STEWARD_PUBLIC_URL}{url}",
            }
            notify(person.pk, "security", "glass_broken", data)


def _tell(row: GlassBreak, people: set[UUID], *, act: str, by: str) -> None:
    titles = {
        "noted": _("An emergency in %(name)s waits for review"),
        "reviewed": _("Your emergency in %(name)s was reviewed"),
    }
    verdict = GlassBreak.Verdict(row.verdict).label if row.verdict else ""
    notices.tell(
        people, category="security", title=titles[act] % {"name": row.organisation}, text=row.words, url=_page_of(row)
    )
    for person in get_user_model()._default_manager.filter(pk__in=people).order_by("pk"):
        data = {
            "user": person,
            "by": by,
            "organisation": str(row.organisation),
            "act": act,
            "verdict": verdict,
            "words": row.words,
            "url": f"{settings.STEWARD_PUBLIC_URL}{_page_of(row)}",
        }
        notify(person.pk, "security", "glass_review", data)
