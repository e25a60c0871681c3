"""Making, rotating and revoking API keys. Nobody gives a key more than they hold; at use it has even less where they lost it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from accounts import keys, rules
from accounts.errors import Deactivated, KeyOfAnother, KeyOver, KeysTooMany, OrganisationSuspended
from accounts.models import Key, Organisation, ServiceAccount, User
from accounts.models.keys import LONGEST
from accounts.organisation_guards import guard_member, held_roles, locked_organisation
from accounts.services.guards import guard, person_id
from portal.kit import clock, errors, registry
from portal.kit.context import Actor
from portal.kit.decision import authorise, can
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing
from portal.kit.settings import RATES_BY_NAME
from rbac import decision
from rbac.errors import CannotDelegate
from rbac.models import INSTALLATION
from rbac.standing import standing_on

OVERLAP = timedelta(hours=24)  # policy.md: after a rotation the old secret goes on for so long.
LIVE_LIMIT = 20  # Live keys of one owner in one place; more are a sign that nobody looks after them.
NETWORKS_LIMIT = 20
RECORDED = ("name", "live", "scopes", "addresses", "rate_limit", "expires_at")


def key_create(
    *,
    actor: Actor,
    name: str,
    scopes: Collection[str] | None,
    expires_at: datetime,
    organisation_id: UUID | None = None,
    service: ServiceAccount | None = None,
    addresses: Sequence[str] = (),
    live: bool = True,
    rate_limit: int | None = None,
) -> tuple[Key, str]:
    """Make a key of one's own, or of a `service` account: the row, and the secret, which is told only now.

    In an organisation that takes `apikey:create` there, for a service account `apikey:admin`; for the installation any
    right on it. `scopes` are codes that owner and actor hold (None: all of the owner's, now and later), `addresses`
    networks, `rate_limit` calls a minute, below the installation's number. Event `accounts.key.created`, and a mail to
    the owner. `Invalid` with fields, `KeysTooMany`, `CannotDelegate`, `Deactivated`.
    """
    acting = _standing(actor, organisation_id)
    owner_id = _may_make(acting, service)
    values = _checked(name, expires_at, addresses, rate_limit)
    _delegable(acting, owner_id, scopes)
    with standing_on(organisation_id or INSTALLATION):
        _held(organisation_id)
        _may_make(acting, service)
        _delegable(acting, owner_id, scopes)
        owner = _locked_owner(owner_id, organisation_id)
        secret = keys.secret_new(live=live)
        key = Key(organisation_id=organisation_id, owner=owner, live=live, created_by=actor.id, **values)
        key.scopes = None if scopes is None else sorted(set(scopes))
        _secret_set(key, secret)
        key.save(force_insert=True)
        changes = {field: (None, _shown(key, field)) for field in RECORDED}
        record("accounts.key.created", target=key, changes=changes, data={"owner": str(owner_id)})
        _tell(key, "key_created")
    return key, secret


def key_rotate(*, actor: Actor, key: Key) -> tuple[Key, str]:
    """Replace a key by a new one with the same name, scopes and bounds: the new row, and its secret, told only now.

    The new one lasts as long as the old one did; the old one goes on for 24 hours at most. By its owner; that of a
    service account by who may make one (`apikey:admin`), within what they hold. Event `accounts.key.rotated`, and a
    mail. `KeyOfAnother`, `KeyOver` for one that was rotated already, revoked or has expired.
    """
    acting = _standing(actor, key.organisation_id)
    _may_rotate(acting, key)
    with standing_on(key.organisation_id or INSTALLATION):
        _held(key.organisation_id)
        _may_rotate(acting, key)
        _locked_owner(key.owner_id, key.organisation_id, limited=False)
        old = _locked(key)
        if old.is_over or old.replaced_by is not None:
            raise KeyOver
        now = clock.now()
        kept = ("organisation_id", "owner_id", "name", "live", "scopes", "addresses", "rate_limit")
        new = Key(
            **{field: getattr(old, field) for field in kept},
            created_by=actor.id,
            created_at=now,
            expires_at=now + min(old.expires_at - old.created_at, LONGEST),
        )
        secret = keys.secret_new(live=old.live)
        _secret_set(new, secret)
        new.save(force_insert=True)
        before, old.expires_at = old.expires_at, min(old.expires_at, now + OVERLAP)
        old.replaced_by = new.pk
        old.save(update_fields=["expires_at", "replaced_by"])
        changes = {"expires_at": (before.isoformat(), old.expires_at.isoformat())}
        record("accounts.key.rotated", target=old, changes=changes, data={"new_key": str(new.pk), "begins": new.prefix})
        _tell(new, "key_rotated", until=old.expires_at)
    return new, secret


def key_revoke(*, actor: Actor, key: Key, reason: str = "") -> Key:
    """End a key: its next call is refused. Event `accounts.key.revoked`; nothing when it has ended already.

    By its owner, by `apikey:admin` of its organisation, or by staff (`key:admin`); not by whom the owner outranks, and
    those of the root administrator by itself alone.
    """
    acting = _standing(actor, key.organisation_id, outside=True)
    _may_revoke(acting, key)
    with standing_on(key.organisation_id or INSTALLATION):
        held_roles(acting.organisation_id or INSTALLATION)
        _may_revoke(acting, key)
        key = _locked(key)
        if not key.is_over:
            _end(key, reason)
            if key.owner_id != actor.id:
                _tell(key, "key_revoked")
    return key


def keys_end(*, owner_id: UUID, organisation_id: UUID | None = None, reason: str) -> int:
    """Revoke the live keys of an owner (in one organisation); part of the service that takes the owner away, which has
    decided that it may be. Event `accounts.key.revoked` for each; returns how many."""
    with writing():
        rows = Key.objects.select_for_update(of=("self",)).filter(owner_id=owner_id, expires_at__gt=clock.now())
        if organisation_id is not None:
            rows = rows.filter(organisation_id=organisation_id)
        found = list(rows.order_by("pk"))
        for key in found:
            _end(key, reason)
    return len(found)


def _end(key: Key, reason: str) -> None:
    before, now = key.expires_at, clock.now()
    key.revoked_at = key.expires_at = now
    key.save(update_fields=["revoked_at", "expires_at"])
    changes = {"expires_at": (before.isoformat(), now.isoformat())}
    record("accounts.key.revoked", target=key, changes=changes, reason=reason)


def _standing(actor: Actor, organisation_id: UUID | None, *, outside: bool = False) -> Actor:
    """The actor in the organisation of a key: on the pages of one's own none is named yet. One that it does not stand
    in is `NotFound`. With `outside`, staff stays where it is."""
    if actor.organisation_id not in {None, organisation_id}:
        raise errors.NotFound
    return actor if outside else replace(actor, organisation_id=organisation_id)


def _may_make(acting: Actor, service: ServiceAccount | None) -> UUID:
    """The owner of the key to be made; `Forbidden` when the actor may not make it."""
    if service is not None:
        authorise(acting, "apikey:admin")
        if service.organisation_id != acting.organisation_id:
            raise errors.NotFound
        return service.user_id
    if acting.organisation_id is not None:
        authorise(acting, "apikey:create")
    elif not decision.permissions_of(acting):
        raise errors.Forbidden(_("A key of the installation is for its staff. Choose one of your organisations."))
    return person_id(acting)


def _may_rotate(acting: Actor, key: Key) -> None:
    if acting.id == key.owner_id:
        return
    if key.organisation_id is None:
        authorise(acting, "key:admin")
        raise KeyOfAnother
    authorise(acting, "apikey:admin")
    if key.owner.kind != User.Kind.SERVICE:
        # Who gets the new secret acts as its owner.
        raise KeyOfAnother
    _delegable(acting, key.owner_id, key.scopes)


def _may_revoke(actor: Actor, key: Key) -> None:
    if actor.id == key.owner_id:
        return
    if key.organisation_id is not None and actor.organisation_id is not None:
        authorise(actor, "apikey:admin")
        guard_member(actor, key.owner_id, key.organisation_id)
    else:
        authorise(actor, "key:admin")
        guard(actor, key.owner)


def _delegable(acting: Actor, owner_id: UUID, scopes: Collection[str] | None) -> None:
    """Raise `Invalid` (field `scopes`) or `CannotDelegate` unless owner and actor hold what the key is to have."""
    if acting.kind == "system":
        return
    if scopes is None:
        if acting.scopes is not None:
            raise CannotDelegate(_("A key with chosen permissions cannot make one that has all of them."))
        own = decision.held_bits(person_id(acting), acting.organisation_id)
        if owner_id != acting.id and decision.held_bits(owner_id, acting.organisation_id) & ~own:
            raise CannotDelegate
        return
    if not scopes:
        raise errors.Invalid(fields={"scopes": [_("Choose what the key may do.")]})
    owner = replace(acting, id=owner_id, scopes=None)
    # One sentence for what nobody has and what does not exist: a key is no way to learn the one from the other.
    wrong = [
        code
        for code in sorted(set(scopes))
        if code not in registry.permissions or not can(acting, code) or not can(owner, code)
    ]
    if wrong:
        named = ", ".join(code[:100] for code in wrong[:5])
        raise errors.Invalid(fields={"scopes": [_("Not yours to give here: %(codes)s") % {"codes": named}]})


def _checked(
    name: str, expires_at: datetime, addresses: Sequence[str], rate_limit: int | None
) -> dict[str, str | datetime | list[str] | int | None]:
    """The values of a key as they are kept; `Invalid` names every field that is wrong."""
    wrong: dict[str, list[str]] = {}
    name = name.strip()
    limit = int(Key._meta.get_field("name").max_length or 0)
    if not name or len(name) > limit:
        wrong["name"] = [_("Give the key a name of at most %(limit)s characters.") % {"limit": limit}]
    elif rules.INVISIBLE.search(name):
        wrong["name"] = [rules.reason_text("invisible")]
    now = clock.now()
    if not now < expires_at <= now + LONGEST:
        wrong["expires_at"] = [_("Choose an end in the future, at most 365 days away.")]
    networks = _networks(addresses, wrong)
    most = RATES_BY_NAME["STEWARD_RATE_API"].value()
    if rate_limit is not None and (rate_limit < 1 or (most and rate_limit > most)):
        wrong["rate_limit"] = [_("Write a number from 1 to %(most)s.") % {"most": most or rate_limit}]
    if wrong:
        raise errors.Invalid(fields=wrong)
    return {
        "name": name,
        "created_at": now,
        "expires_at": expires_at,
        "addresses": networks,
        "rate_limit": rate_limit,
    }


def _networks(written: Sequence[str], wrong: dict[str, list[str]]) -> list[str]:
    found: dict[str, None] = {}
    bad = []
    for text in filter(None, (one.strip() for one in written)):
        try:
            found.setdefault(str(keys.network(text)))
        except ValueError:
            bad.append(text[:50])
    if bad:
        wrong["addresses"] = [_("Not an address or network: %(named)s") % {"named": ", ".join(bad[:5])}]
    elif len(found) > NETWORKS_LIMIT:
        wrong["addresses"] = [_("At most %(n)d networks.") % {"n": NETWORKS_LIMIT}]
    return list(found)


def _held(organisation_id: UUID | None) -> None:
    """First of all locks, in everybody's order; what is asked after it stays true. Only where work goes on."""
    if organisation_id is not None and locked_organisation(organisation_id).state != Organisation.State.ACTIVE:
        raise OrganisationSuspended
    held_roles(organisation_id or INSTALLATION)


def _locked_owner(owner_id: UUID, organisation_id: UUID | None, *, limited: bool = True) -> User:
    """The owner, locked: of two keys that are made at once, the second is counted with the first."""
    owner = User.objects.select_for_update(no_key=True).get(pk=owner_id)
    if not owner.is_active:
        raise Deactivated
    live = Key.objects.filter(owner=owner, expires_at__gt=clock.now()).values_list("organisation_id", flat=True)
    if limited and sum(one == organisation_id for one in live) >= LIVE_LIMIT:
        raise KeysTooMany
    return owner


def _locked(key: Key) -> Key:
    found = Key.objects.select_for_update(of=("self",)).select_related("owner").filter(pk=key.pk).first()
    if found is None:
        raise errors.NotFound
    return found


def _secret_set(key: Key, secret: str) -> None:
    key.prefix, key.digest = keys.prefix_of(secret), keys.digests_of(secret)[0]


def _shown(key: Key, field: str) -> object:
    value = getattr(key, field)
    return value.isoformat() if isinstance(value, datetime) else value


def _tell(key: Key, template: str, **more: datetime) -> None:
    """A mail to the owner: a key that it did not make is a break-in. Service accounts read no mail."""
    if key.owner.kind == User.Kind.PERSON:
        where = key.organisation.name if key.organisation is not None else ""
        values = {"user": key.owner, "key": key.name, "begins": key.prefix, "organisation": where, **more}
        notify(key.owner_id, "security", template, values)
