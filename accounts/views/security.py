"""The security page of the installation."""

from django.http import HttpRequest, HttpResponse

from accounts.presenters.security import security_page
from portal.kit.views import PageView


class SecurityDashboardView(PageView):
    """How people sign in, and what somebody should look at."""

    access = "security:read"
    template_name = "accounts/platform_security.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page as it is now."""
        return self.page(security_page(self.actor))
