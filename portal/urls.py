from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path

from portal import health
from portal.signing_in import admin_door

account_urls = [
    path("login/", auth_views.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
]

handler500 = "portal.errors.server_error"

urlpatterns = [
    path("", include("webhooks.urls")),  # first, because an issuer waits for its answer
    path("", include("desk.urls")),
    path("customers/", include("customers.urls")),
    path("", include("cards.urls")),
    path("audit/", include("audit.urls")),
    path("accounts/", include(account_urls)),
    # One door: Django admin has no sign-in page of its own.
    path("admin/login/", admin_door),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
