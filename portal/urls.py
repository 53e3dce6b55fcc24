from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from portal import health
from portal.signing_in import admin_door

handler500 = "portal.errors.server_error"

urlpatterns = [
    path("", include("webhooks.urls")),  # first, because an issuer waits for its answer
    path("", include("desk.urls")),
    path("customers/", include("customers.urls")),
    path("", include("cards.urls")),
    path("audit/", include("audit.urls")),
    path("accounts/", include("people.urls")),
    # One door: Django admin has no sign-in page of its own.
    path("admin/login/", admin_door),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
