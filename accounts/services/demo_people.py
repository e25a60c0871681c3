"""The people of the demonstration come, are promoted, rest and leave: a month of the story, day by day."""

from accounts import demo_story as story
from accounts.models import Invitation, Membership, User
from accounts.services import member_mails
from accounts.services.bulk import users_deactivate_bulk
from accounts.services.demo_days import day_sign_ins
from accounts.services.demo_habits import day_habits
from accounts.services.demo_world import Told, person, then
from accounts.services.invitations import invitation_accept_own, invitations_create
from accounts.services.memberships import membership_add, membership_role_set, membership_suspend, roles_by_code
from accounts.services.organisations import organisation_create, organisation_suspend
from accounts.services.users import users_create_bulk
from portal.kit import jobs
from portal.kit.notes import note_add
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import Role, Team
from rbac.services.demo_access import demo_access_load
from rbac.services.demo_govern import demo_elevation_past, demo_glass_past
from rbac.services.demo_tree import demo_runs_past, demo_tree_load
from rbac.services.teams import team_member_add
from rbac.standing import standing_on

PROMOTED_AFTER = 60  # Days.
ACCESS_DAYS_AGO = 28
TEAM_OF = {4: "field", 10: "lab", 16: "data"}  # Who comes later and joins a team, by place modulo 19.


def month_live(told: Told, month: int) -> None:
    """All that people do in a month of the story."""
    days = [*story.days_of(month), *([story.DAYS] if month == story.MONTHS - 1 else [])]
    with writing():
        for day in days:
            _arrive(told, day)
            for company in story.COMPANIES:
                _company(told, company, day)
            _leave(told, day)
            _staff_acts(told, day)
            day_habits(told, day)
            day_sign_ins(told, day)


def _arrive(told: Told, day: int) -> None:
    """Accounts for those who come on this day; on the first one their roles in the house as well."""
    numbers = [number for number in range(story.PEOPLE) if story.arrives(number) == day]
    if not numbers:
        return
    moment = told.morning(day, 6) if day else told.moment(0)
    with then(moment):
        made = users_create_bulk(actor=told.actor, rows=[story.row(number) for number in numbers])
        User.objects.filter(pk__in=[user.pk for user in made]).update(email_verified_at=moment)
        told.people |= dict(zip(numbers, made, strict=True))
        for code, places in story.STAFF.items() if not day else ():
            role = Role.objects.get(catalogue="platform", code=code)
            for place in places:
                rbac.binding_grant(actor=told.actor, person_id=told.people[place].pk, role=role, reason="demonstration")


def _company(told: Told, company: story.Company, day: int) -> None:
    if day == int(company.day):
        _found(told, company)
    if company.slug not in told.organisations:
        return
    _join(told, company, day)
    _promote(told, company, day)
    ago = story.DAYS - day
    if ago == ACCESS_DAYS_AGO:
        with then(told.morning(day)):
            people = [user.pk for user in told.active(company, day)]
            demo_access_load(organisation_id=told.of(company).pk, people=people)
            demo_runs_past(organisation_id=told.of(company).pk, until=told.until, days=ACCESS_DAYS_AGO)
    if company.suspended_days_ago and ago == company.suspended_days_ago:
        # What the job would write today is written then and there.
        with then(told.morning(day)), jobs.kept(member_mails.JOB):
            organisation = organisation_suspend(
                actor=told.actor, organisation=told.of(company), reason="asked for a pause until spring"
            )
            member_mails.members_tell(organisation_id=organisation.pk, state=organisation.state, by="", after=None)
            told.organisations[company.slug] = organisation


def _found(told: Told, company: story.Company) -> None:
    """The organisation with its first members, teams, workspaces and things."""
    roles = roles_by_code()
    with then(told.moment(company.day)):
        organisation = organisation_create(actor=told.actor, name=company.name, slug=company.slug)
        told.organisations[company.slug] = organisation
        for place in range(story.FOUNDERS):
            user = told.people[company.places[place]]
            membership_add(actor=told.actor, organisation=organisation, user=user, role=roles[story.role_of(place)])
        founders = [told.people[number].pk for number in company.places[: story.FOUNDERS]]
        demo_tree_load(organisation_id=organisation.pk, people=founders)


def _join(told: Told, company: story.Company, day: int) -> None:
    """Who comes today is invited by the owner in the morning and accepts in the course of the day."""
    places = [
        place
        for place, number in enumerate(company.places)
        if place >= story.FOUNDERS and story.joins(company, place) == day and not story.gone(number, day)
    ]
    roles, organisation = roles_by_code(), told.of(company)
    for code in sorted({story.first_role_of(place) for place in places}):
        some = [place for place in places if story.first_role_of(place) == code]
        addresses = [told.people[company.places[place]].email for place in some]
        owner = told.member(company, 0)
        with then(told.morning(day, 8), owner):
            invitations_create(actor=owner, organisation=organisation, addresses=addresses, role=roles[code])
        for turn, place in enumerate(some):
            user = told.people[company.places[place]]
            with then(told.morning(day, 9 + turn % 8)):
                open_one = Invitation.objects.get(organisation=organisation, email=user.email, accepted_at=None)
            with then(told.morning(day, 9 + turn % 8), person(user)):
                invitation_accept_own(actor=person(user), invitation_id=open_one.pk)
            _team(told, company, place, day)


def _team(told: Told, company: story.Company, place: int, day: int) -> None:
    slug = TEAM_OF.get(place % 19)
    if slug is None or story.rests(place):
        return
    owner, organisation = told.member(company, 0), told.of(company)
    with then(told.morning(day, 18), owner), standing_on(organisation.pk):
        team = Team.objects.get(organisation_id=organisation.pk, slug=slug)
        team_member_add(actor=owner, team=team, person_id=told.people[company.places[place]].pk)


def _promote(told: Told, company: story.Company, day: int) -> None:
    """Two months after they came some become editors; who is on leave is suspended six weeks after it came."""
    owner = told.member(company, 0)
    for place, number in enumerate(company.places):
        stayed = day - story.joins(company, place)
        promoted = story.first_role_of(place) != story.role_of(place) and not story.rests(place)
        if stayed == PROMOTED_AFTER and promoted and not story.gone(number, day):
            with then(told.morning(day, 9), owner):
                role = roles_by_code()[story.role_of(place)]
                membership_role_set(
                    actor=owner, membership=_membership(told, company, place), role=role, reason="Writes by now"
                )
        if (
            story.rests(place)
            and not story.gone(number, day)
            and stayed == min(40, story.DAYS - 3 - story.joins(company, place))
        ):
            with then(told.morning(day, 10), owner):
                membership_suspend(actor=owner, membership=_membership(told, company, place), reason="on leave")


def _membership(told: Told, company: story.Company, place: int) -> Membership:
    rows = Membership.objects.select_related("user", "organisation")
    return rows.get(organisation=told.of(company), user=told.people[company.places[place]])


def _leave(told: Told, day: int) -> None:
    left = [told.people[number].pk for number in sorted(told.people) if story.leaves(number) == day]
    if left:
        with then(told.morning(day, 16)):
            users_deactivate_bulk(actor=told.actor, ids=left, reason="left at the end of the month")


def _staff_acts(told: Told, day: int) -> None:
    """What the staff does: notes, and for the largest organisations a role for a while and an emergency."""
    ago = story.DAYS - day
    manager = person(told.people[story.STAFF["manager"][0]])
    for when, number, text in story.NOTES:
        if when == ago:
            with then(told.morning(day, 11), manager):
                note_add(actor=manager, target=told.people[number], code="user:update", text=text)
    first, second = story.COMPANIES[:2]
    if ago in {210, 96, 20}:
        asking, owner = (told.member(first, story.GOVERNED[place]) for place in (1, 0))
        with then(told.morning(day, 9)):
            demo_elevation_past(organisation_id=told.of(first).pk, owner=owner, asking=asking)
    if ago == 23:
        who, reviewer = (person(told.people[number]) for number in story.STAFF["super_admin"])
        with then(told.morning(day, 4)):
            demo_glass_past(organisation=told.of(second), who=who, reviewer=reviewer)
