"""The one question how people like it: who is asked, what is kept, what comes of it."""

from datetime import datetime, timedelta
from fractions import Fraction

import pytest

from accounts.errors import SurveyNotDue
from accounts.models import SurveyAnswer, User
from accounts.services.erasure import user_anonymise
from accounts.services.surveys import survey_answer, survey_dismiss
from accounts.survey_selectors import question_due
from audit.models import Event
from portal.kit import clock, context, errors, registry
from portal.kit.context import Context
from portal.kit.kpis import Span, kpis
from portal.kit.tenancy import behind_the_wall
from tests.accounts.organisation_world import House, make_house
from tests.factories import World, actor_of, signed_in

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def later(days: int) -> datetime:
    return clock.now() + days * DAY


def asked(house: House, user: User, days: int = 20) -> str:
    actor = house.inside(user)
    with clock.at(later(days)), context.use(Context(actor=actor, source="request")), behind_the_wall():
        return question_due(actor)


def answer(
    house: House, user: User, score: int, *, days: int = 20, kind: str = "nps", comment: str = ""
) -> SurveyAnswer:
    actor = house.inside(user)
    with clock.at(later(days)), context.use(Context(actor=actor, source="request")):
        return survey_answer(actor=actor, kind=kind, score=score, comment=comment)


def figure(code: str, days: int = 30) -> Fraction | None:
    return kpis.get(code).read(Span(clock.now(), later(days), "EUR")).value


def test_who_has_just_come_is_not_asked_and_everybody_else_at_most_once_in_90_days() -> None:
    house = make_house()
    assert asked(house, house.viewer, days=13) == ""
    assert asked(house, house.viewer) == "nps"
    answer(house, house.viewer, 9)
    assert asked(house, house.viewer, days=109) == ""
    assert asked(house, house.viewer, days=111) == "csat", "the two questions take turns"
    assert asked(house, house.editor) == "nps", "each person by itself"


def test_an_answer_is_kept_with_its_event_and_without_the_comment_in_it() -> None:
    house = make_house()
    made = answer(house, house.viewer, 9, comment="  Quick and clear ")
    assert (made.organisation_id, made.user_id, made.score, made.comment) == (
        house.id,
        house.viewer.pk,
        9,
        "Quick and clear",
    )
    event = Event.objects.get(code="accounts.survey.answered")
    assert (event.target_id, event.organisation_id, event.data) == (made.pk, house.id, {"kind": "nps", "score": 9})
    assert "Quick" not in str(event.changes) + str(event.personal)


@pytest.mark.parametrize(
    ("kind", "score", "comment", "error"),
    [
        ("nps", 11, "", errors.Invalid),
        ("nps", -1, "", errors.Invalid),
        ("csat", 0, "", errors.Invalid),
        ("taste", 3, "", errors.Invalid),
        ("nps", 3, "x" * 501, errors.Invalid),
        ("nps", 3, "a\0b", errors.Invalid),
        ("csat", 3, "", SurveyNotDue),
    ],
)
def test_what_is_not_an_answer_leaves_nothing(kind: str, score: int, comment: str, error: type[Exception]) -> None:
    house = make_house()
    with pytest.raises(error):
        answer(house, house.viewer, score, kind=kind, comment=comment)
    assert not SurveyAnswer.objects.exists()
    assert not Event.objects.filter(code__startswith="accounts.survey").exists()
    assert User.objects.get(pk=house.viewer.pk).surveyed_at is None


def test_a_question_is_put_away_for_90_days_and_counts_in_no_figure() -> None:
    house = make_house()
    actor = house.inside(house.viewer)
    with clock.at(later(20)), context.use(Context(actor=actor, source="request")):
        survey_dismiss(actor=actor, kind="nps")
        with pytest.raises(SurveyNotDue):
            survey_answer(actor=actor, kind="nps", score=10)
    assert asked(house, house.viewer, days=100) == ""
    assert figure("nps") is None
    assert Event.objects.filter(code="accounts.survey.dismissed").count() == 1


def test_nps_is_promoters_less_detractors_and_csat_the_share_of_the_satisfied() -> None:
    house, other = make_house(), make_house("Harbour")
    for user, score in ((house.owner, 10), (house.admin, 9), (house.editor, 7), (house.viewer, 2)):
        answer(house, user, score)
    answer(other, other.owner, 0)
    assert figure("nps") == 0, "2 promoters, 2 detractors"
    for user, score in ((house.owner, 5), (house.admin, 4), (house.editor, 3)):
        answer(house, user, score, days=120, kind="csat")
    assert figure("csat", days=130) == Fraction(2, 3)
    assert figure("nps", days=10) is None, "as it was before anybody answered"


def test_the_first_page_of_an_organisation_asks_and_takes_one_answer() -> None:
    house = make_house()
    with clock.at(later(20)):
        browser = signed_in(house.viewer)
        page = browser.get(house.url()).content.decode()
        assert "How likely are you to recommend us" in page
        wrong = browser.post(house.url("survey"), {"kind": "nps", "score": "eleven"}, follow=True)
        assert "Choose one of the offered numbers." in wrong.content.decode()
        thanks = browser.post(house.url("survey"), {"kind": "nps", "score": "8", "comment": "fine"}, follow=True)
        assert "Thank you" in thanks.content.decode()
        assert "How likely" not in thanks.content.decode()
        assert browser.post(house.url("survey"), {"kind": "nps", "score": "8"}).status_code == 409
        away = signed_in(house.editor)
        told = away.post(house.url("survey"), {"kind": "nps", "do": "dismiss"}, follow=True)
        assert "not be asked" in told.content.decode()
    with context.system("a test"):
        assert list(SurveyAnswer.objects.order_by("score").values_list("score", flat=True)) == [8, None]


def test_staff_reads_the_answers_and_nobody_else_does(world: World) -> None:
    house = make_house()
    answer(house, house.viewer, 3, comment="Too slow on Mondays")
    with clock.at(later(21)):
        page = signed_in(world.manager).get("/platform/surveys").content.decode()
        assert "Too slow on Mondays" in page
        assert house.viewer.name not in page, "the answer is the organisation's"
        assert "−100" in page or "-100" in page
        assert signed_in(world.clerk).get("/platform/surveys").status_code == 403


def test_the_copy_of_ones_data_has_the_answers_and_an_erased_person_leaves_only_numbers(world: World) -> None:
    house = make_house()
    made = answer(house, house.viewer, 3, comment="Ask Vera at reception")
    with context.system("a test"), behind_the_wall():
        part = registry.personal_data.get("survey_answers")
        assert part.read is not None
        assert [row["comment"] for row in part.read(house.viewer.pk)] == ["Ask Vera at reception"]
    with context.use(Context(actor=actor_of(world.root), source="request", platform=True)):
        user_anonymise(actor=actor_of(world.root), user=house.viewer, reason="asked for it")
        made = SurveyAnswer.objects.get(pk=made.pk)
    assert (made.user_id, made.comment, made.score) == (None, "", 3)
    assert User.objects.get(pk=house.viewer.pk).surveyed_at is None


def test_one_answers_over_the_api_too_and_is_told_what_one_is_asked() -> None:
    house, other = make_house(), make_house("Island")
    here = f"/api/v1/organisations/{house.id}/survey"
    inside = {"Steward-Organisation": str(house.id)}
    with clock.at(later(20)):
        client = signed_in(house.viewer)

        def sent(body: dict[str, object], where: str = here) -> int:
            return int(client.post(where, body, content_type="application/json", headers=inside).status_code)

        assert client.get(here, headers=inside).json() == {"kind": "nps"}
        refused: tuple[tuple[dict[str, object], int], ...] = (
            ({"kind": "nps", "score": 11}, 422),
            ({"kind": "csat", "score": 5}, 409),
            ({"kind": "csat", "score": 9}, 422),
            ({"score": 9}, 422),
        )
        for body, status in refused:
            assert sent(body) == status, body
        assert sent({"kind": "nps", "score": 9}, f"/api/v1/organisations/{other.id}/survey") == 404
        assert not SurveyAnswer.objects.exists()
        assert sent({"kind": "nps", "score": 9, "comment": "Quick"}) == 204
        made = SurveyAnswer.objects.get()
        assert (made.user_id, made.organisation_id, made.score, made.comment) == (house.viewer.pk, house.id, 9, "Quick")
        assert client.get(here, headers=inside).status_code == 404, "nobody asks again for 90 days"
        assert sent({"kind": "csat", "score": 3}) == 409
    with clock.at(later(111)):
        client = signed_in(house.viewer)
        assert sent({"kind": "csat"}) == 204, "put away"
    assert SurveyAnswer.objects.count() == 2
    assert Event.objects.filter(code="accounts.survey.dismissed").count() == 1
