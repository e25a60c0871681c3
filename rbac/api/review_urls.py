"""Routes of access reviews, and of roles and access as a file, below /api/v1/."""

from django.urls import path

from rbac.api import as_code, reviews

REVIEWS = "organisations/<uuid:organisation_id>/reviews"
ONE = f"{REVIEWS}/<uuid:review_id>"
CODE = "organisations/<uuid:organisation_id>/roles/code"
urlpatterns = [
    path(REVIEWS, reviews.ReviewsView.as_view(), name="api_reviews"),
    path(f"{REVIEWS}/mine", reviews.OwnItemsView.as_view(), name="api_reviews_mine"),
    path(ONE, reviews.ReviewView.as_view(), name="api_review"),
    path(f"{ONE}/close", reviews.ReviewCloseView.as_view(), name="api_review_close"),
    path(f"{ONE}/items", reviews.ReviewItemsView.as_view(), name="api_review_items"),
    path(f"{ONE}/items/<uuid:item_id>", reviews.ReviewItemView.as_view(), name="api_review_item"),
    path(f"{ONE}/decisions", reviews.ReviewDecisionsView.as_view(), name="api_review_decisions"),
    path(CODE, as_code.CodeView.as_view(), name="api_code"),
    path(f"{CODE}/plan", as_code.CodePlanView.as_view(), name="api_code_plan"),
    path(f"{CODE}/apply", as_code.CodeApplyView.as_view(), name="api_code_apply"),
]
