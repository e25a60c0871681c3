"""Routes of access reviews, and of roles and access as a file, below /api/v1/."""

from django.urls import URLPattern, path

from rbac.api import as_code, reviews

CODE = "organisations/<uuid:organisation_id>/roles/code"


def _reviews(root: str, prefix: str, name: str) -> list[URLPattern]:
    """The routes below an organisation, and the same of the installation by views that ask for its right."""
    every, one = f"{root}/reviews", f"{root}/reviews/<uuid:review_id>"
    routes = (
        (every, "ReviewsView", "reviews"),
        (f"{every}/mine", "OwnItemsView", "reviews_mine"),
        (one, "ReviewView", "review"),
        (f"{one}/close", "ReviewCloseView", "review_close"),
        (f"{one}/report", "ReviewReportView", "review_report"),
        (f"{one}/items", "ReviewItemsView", "review_items"),
        (f"{one}/items/<uuid:item_id>", "ReviewItemView", "review_item"),
        (f"{one}/decisions", "ReviewDecisionsView", "review_decisions"),
    )
    return [
        path(route, getattr(reviews, f"{prefix}{view}").as_view(), name=f"{name}{last}") for route, view, last in routes
    ]


urlpatterns = [
    *_reviews("organisations/<uuid:organisation_id>", "", "api_"),
    *_reviews("admin", "Platform", "api_platform_"),
    path(CODE, as_code.CodeView.as_view(), name="api_code"),
    path(f"{CODE}/plan", as_code.CodePlanView.as_view(), name="api_code_plan"),
    path(f"{CODE}/apply", as_code.CodeApplyView.as_view(), name="api_code_apply"),
]
