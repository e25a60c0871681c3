"""What people answered: its collection, by its case."""

from accounts.models import SurveyAnswer
from portal.kit import clock, context
from portal.kit.services import writing
from tests.accounts.organisation_world import organisation
from tests.cases.api import ApiCase
from tests.factories import World


def _answered(number: int) -> SurveyAnswer:
    made = organisation()
    with context.system("a test"), writing():
        rows = [
            SurveyAnswer(organisation=made, kind="nps", score=place % 11, answered_at=clock.now())
            for place in range(number)
        ]
        return SurveyAnswer.objects.bulk_create(rows)[0]


class TestSurveyAnswers(ApiCase):
    collection = "/api/v1/survey-answers"
    models = (SurveyAnswer,)

    def existing(self, world: World) -> str:
        return f"{self.collection}/{_answered(1).pk}"

    def make(self, number: int) -> None:
        _answered(number)
