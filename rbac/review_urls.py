"""Addresses of access reviews, and of roles and access as a file."""

from django.urls import path

from rbac.views import as_code, own_reviews, reviews

INSIDE, PLATFORM = "o/<slug:slug>/reviews", "platform/reviews"
urlpatterns = [
    path(INSIDE, reviews.ReviewsView.as_view(), name="reviews"),
    path(f"{INSIDE}/new", reviews.ReviewNewView.as_view(), name="review_new"),
    path(f"{INSIDE}/mine", own_reviews.OwnReviewsView.as_view(), name="reviews_mine"),
    path(f"{INSIDE}/mine/<uuid:key>", own_reviews.OwnReviewView.as_view(), name="review_mine"),
    path(f"{INSIDE}/<uuid:key>", reviews.ReviewView.as_view(), name="review"),
    path(f"{INSIDE}/<uuid:key>/close", reviews.ReviewCloseView.as_view(), name="review_close"),
    path(f"{INSIDE}/<uuid:key>/report.csv", reviews.ReviewFileView.as_view(kind="csv"), name="review_csv"),
    path(f"{INSIDE}/<uuid:key>/report.pdf", reviews.ReviewFileView.as_view(kind="pdf"), name="review_pdf"),
    path("o/<slug:slug>/roles/code", as_code.CodeView.as_view(), name="code"),
    path("o/<slug:slug>/roles/code/export", as_code.CodeExportView.as_view(), name="code_export"),
    path(PLATFORM, reviews.PlatformReviewsView.as_view(), name="platform_reviews"),
    path(f"{PLATFORM}/new", reviews.PlatformReviewNewView.as_view(), name="platform_review_new"),
    path(f"{PLATFORM}/mine", own_reviews.PlatformOwnReviewsView.as_view(), name="platform_reviews_mine"),
    path(f"{PLATFORM}/mine/<uuid:key>", own_reviews.PlatformOwnReviewView.as_view(), name="platform_review_mine"),
    path(f"{PLATFORM}/<uuid:key>", reviews.PlatformReviewView.as_view(), name="platform_review"),
    path(f"{PLATFORM}/<uuid:key>/close", reviews.PlatformReviewCloseView.as_view(), name="platform_review_close"),
    path(
        f"{PLATFORM}/<uuid:key>/report.csv",
        reviews.PlatformReviewFileView.as_view(kind="csv"),
        name="platform_review_csv",
    ),
    path(
        f"{PLATFORM}/<uuid:key>/report.pdf",
        reviews.PlatformReviewFileView.as_view(kind="pdf"),
        name="platform_review_pdf",
    ),
]
