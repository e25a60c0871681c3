"""What people of the demonstration do beside their work: pictures, answers to the one question, second factors; and the
keys of machines, with their use."""

from datetime import timedelta
from io import BytesIO

from django_otp.oath import hotp
from PIL import Image, ImageDraw

from accounts import demo_story as story
from accounts.models import Key, ServiceAccount
from accounts.models.factors import DIGITS, STEP_SECONDS
from accounts.services.demo_world import Told, person, then
from accounts.services.factors import totp_begin, totp_confirm
from accounts.services.key_use import Used, key_uses_add
from accounts.services.keys import key_create, key_rotate
from accounts.services.memberships import roles_by_code
from accounts.services.profiles import avatar_set
from accounts.services.service_accounts import service_account_create
from accounts.services.surveys import survey_answer
from accounts.survey_selectors import question_due
from portal.kit import clock, ids
from portal.kit.notices.announcements import announcement_create
from rbac.standing import standing_on

KEY_LIFE = timedelta(days=360)
USE_KEPT = 90  # Days of which the use of keys is told.
SIDE = 96


def day_habits(told: Told, day: int) -> None:
    """All of it that falls on a day. Events and mails as of the services."""
    for number in sorted(told.people):
        since = day - story.arrives(number)
        if story.gone(number, day) or since < 1:
            continue
        if since == 4 and number % story.PICTURED == 0:
            _picture(told, number, day)
        if since == 6 and (number in story.staff() or number % 7 == 4):
            _second_factor(told, number, day)
        if since > 20 and not story.chance(number, "asked", day, below=60):
            _answer(told, number, day)
    _announce(told, day)
    _machines(told, day)
    _own_keys(told, day)


def _picture(told: Told, number: int, day: int) -> None:
    user = told.people[number]
    with then(told.morning(day, 10), person(user)):
        avatar_set(actor=person(user), picture=BytesIO(picture_of(number)))


def picture_of(number: int) -> bytes:
    """A small drawing that is somebody's own: circles in the colours of a number, as a PNG."""
    hue = story.chance(number, "hue", below=360)
    image = Image.new("RGB", (SIDE, SIDE), f"hsl({hue}, 45%, 78%)")
    draw = ImageDraw.Draw(image)
    shoulders, face = f"hsl({(hue + 150) % 360}, 42%, 38%)", f"hsl({18 + number % 20}, 48%, {46 + number % 34}%)"
    draw.ellipse((10, 62, 86, 138), fill=shoulders)
    draw.ellipse((28, 18, 68, 66), fill=f"hsl({number * 37 % 50}, 40%, {14 + number % 30}%)")
    draw.ellipse((31, 24, 65, 66), fill=face)
    kept = BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()


def _second_factor(told: Told, number: int, day: int) -> None:
    """An authenticator app, proved by its code."""
    user = told.people[number]
    with then(told.morning(day, 12), person(user)):
        device = totp_begin(actor=person(user))
        code = hotp(device.seed(), int(clock.now().timestamp()) // STEP_SECONDS, DIGITS)
        totp_confirm(actor=person(user), session_id=ids.uuid7(), code=f"{code:0{DIGITS}}")


def _answer(told: Told, number: int, day: int) -> None:
    """The one question, where a member is asked it."""
    company = next((one for one in story.COMPANIES if number in one.places and one.slug in told.organisations), None)
    if company is None or story.joins(company, company.places.index(number)) > day - 15:
        return
    place = company.places.index(number)
    if story.rests(place) or told.of(company).state != "active":
        return
    member = told.member(company, place)
    with then(told.morning(day, 13), member), standing_on(told.of(company).pk):
        kind = question_due(member)
        if not kind:
            return
        luck = story.chance(number, "likes", day, below=20)
        mood = "good" if luck < 11 else "fair" if luck < 17 else "poor"
        scores = {"good": (9, 10, 5, 4), "fair": (7, 8, 4, 3), "poor": (4, 6, 3, 2)}[mood]
        score = scores[luck % 2] if kind == "nps" else scores[2 + luck % 2]
        words = story.REMARKS[mood]
        survey_answer(actor=member, kind=kind, score=score, comment=words[(number + day) % len(words)])


def _announce(told: Told, day: int) -> None:
    for one in story.ANNOUNCEMENTS:
        if one.ago == story.DAYS - day:
            with then(told.morning(day, 8)):
                values = {"title": one.title, "text": one.text, "tone": one.tone, "starts_at": clock.now()}
                values["ends_at"] = clock.now() + timedelta(days=one.days)
                announcement_create(actor=told.actor, values=values)


def _machines(told: Told, day: int) -> None:
    for machine in story.MACHINES:
        company = story.COMPANIES[machine.company]
        if company.slug not in told.organisations or day < machine.day:
            continue
        owner, organisation = told.member(company, 0), told.of(company)
        since, moment = day - machine.day, told.morning(day, 14)
        with then(moment, owner), standing_on(organisation.pk):
            if not since:
                service = service_account_create(
                    actor=owner,
                    organisation=organisation,
                    name=machine.name,
                    handle=machine.handle,
                    role=roles_by_code()[machine.role],
                    description=machine.description,
                )
                key_create(
                    actor=owner,
                    name=machine.name,
                    scopes=None,
                    expires_at=moment + KEY_LIFE,
                    organisation_id=organisation.pk,
                    service=service,
                    addresses=("203.0.113.0/24",),
                )
                continue
            keys = Key.objects.filter(owner__service__in=_service(told, machine), expires_at__gt=moment)
            if since % story.KEY_DAYS == 0:
                for key in list(keys.select_related("owner", "organisation").order_by("-id")[:1]):
                    key_rotate(actor=owner, key=key)
            found = keys.order_by("-id").first() if day > story.DAYS - USE_KEPT else None
        if found is not None:
            _use(told, found, day, machine.calls)


def _service(told: Told, machine: story.Machine) -> list[ServiceAccount]:
    slug = story.COMPANIES[machine.company].slug
    return list(ServiceAccount.objects.filter(user__username=f"{machine.handle}.{slug}"))


def _use(told: Told, key: Key, day: int, calls: int) -> None:
    moment = told.morning(day, 20)
    made = calls * (60 + story.chance(key.name, day, below=60)) // 100
    refused, failed = made // 170, story.chance(key.name, "fails", day, below=4)
    key_uses_add(used=[Used(key.pk, moment.date(), moment, "203.0.113.77", made, refused, failed)])


def _own_keys(told: Told, day: int) -> None:
    for number, place, when, name in story.OWN_KEYS:
        company = story.COMPANIES[number]
        if company.slug not in told.organisations or day < when:
            continue
        member, organisation = told.member(company, place), told.of(company)
        moment = told.morning(day, 15)
        with then(moment, member), standing_on(organisation.pk):
            if day == when:
                key_create(
                    actor=member,
                    name=name,
                    scopes=None,
                    expires_at=moment + KEY_LIFE,
                    organisation_id=organisation.pk,
                )
            key = Key.objects.filter(owner_id=member.id, name=name).first()
        if key is not None and not story.chance(name, "used", day, below=3):
            _use(told, key, day, 40)
