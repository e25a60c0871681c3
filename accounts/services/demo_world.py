"""Where the story of the demonstration's people stands: who is there by now, and how one acts there and then."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from accounts import demo_story as story
from accounts.models import Organisation, User
from portal.kit import clock, context
from portal.kit.context import Actor

REASON = "demonstration"
LENGTH = timedelta(days=story.DAYS)


def demo_people() -> list[User]:
    """Everybody of the demonstration who is there, whatever for."""
    return list(User.objects.filter(email__endswith=f"@{story.DOMAIN}", is_root=False).order_by("pk"))


def demo_is_there() -> bool:
    """Whether any of its people are there."""
    return User.objects.filter(email__endswith=f"@{story.DOMAIN}").exists()


@dataclass
class Told:
    """A story that ends at `until`: its people by their number and its organisations by their short name, as they come.
    `actor` acts where nobody of the story does."""

    actor: Actor
    until: datetime
    people: dict[int, User] = field(default_factory=dict)
    organisations: dict[str, Organisation] = field(default_factory=dict)

    @classmethod
    def found(cls, actor: Actor, until: datetime) -> "Told":
        """As far as it is told by now."""
        numbers = {story.row(number)[1]: number for number in range(story.PEOPLE)}
        told = cls(actor, until)
        told.people = {numbers[user.username]: user for user in demo_people() if user.username in numbers}
        slugs = [company.slug for company in story.COMPANIES]
        told.organisations = {row.slug: row for row in Organisation.objects.filter(slug__in=slugs)}
        return told

    def moment(self, day: float) -> datetime:
        """So many days after the beginning."""
        return self.until - LENGTH + timedelta(days=day)

    def morning(self, day: int, hours: float = 7.0) -> datetime:
        """That hour (UTC) of the so-manyth day; never later than the end."""
        start = self.moment(day).replace(hour=0, minute=0, second=0, microsecond=0)
        return min(start + timedelta(hours=hours), self.until)

    def member(self, company: story.Company, place: int) -> Actor:
        """The so-manyth member of an organisation, standing in it."""
        return replace(person(self.people[company.places[place]]), organisation_id=self.of(company).pk)

    def of(self, company: story.Company) -> Organisation:
        """The organisation."""
        return self.organisations[company.slug]

    def active(self, company: story.Company, day: int) -> list[User]:
        """The members who are there on a day and neither suspended nor gone, by their place."""
        found = [(place, number) for place, number in enumerate(company.places) if story.joins(company, place) <= day]
        return [
            self.people[number]
            for place, number in found
            if number in self.people and not story.rests(place) and not story.gone(number, day)
        ]


def person(user: User) -> Actor:
    """A person that acts for itself."""
    return Actor("person", user.pk, str(user))


@contextmanager
def then(moment: datetime, who: Actor | None = None) -> Iterator[None]:
    """The past, what happened there in the words of the demonstration, and maybe by whom."""
    base = context.current() or context.Context(source="job")
    acting = replace(base, reason=REASON) if who is None else replace(base, reason=REASON, actor=who, cache={})
    with clock.at(moment), context.use(acting):
        yield
