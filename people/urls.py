"""Everything about one's own account, under /accounts/. Of allauth only what is wanted has an address."""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as keys
from django.contrib.auth.views import LogoutView
from django.db import transaction
from django.urls import include, path

from people import views

# /accounts/second-factor/
factor_urls = [
    path("", factors.index, name="mfa_index"),
    path("", factors.index, name="mfa_list_webauthn"),
    path("app/", transaction.atomic(totp.activate_totp), name="mfa_activate_totp"),
    path("app/remove/", transaction.atomic(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("key/", transaction.atomic(keys.add_webauthn), name="mfa_add_webauthn"),
    path("key/<int:pk>/remove/", transaction.atomic(keys.remove_webauthn), name="mfa_remove_webauthn"),
    path("codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("codes/new/", transaction.atomic(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
]

own_urls = [
    path("sessions/", views.sessions, name="sessions"),
    path("sessions/end/", views.end, name="end"),
    path("session/", views.session, name="session"),
]

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("code/", factors.authenticate, name="mfa_authenticate"),
    path("logout/", LogoutView.as_view(), name="account_logout"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", transaction.atomic(account.password_change), name="account_change_password"),
    path("second-factor/", include(factor_urls)),
    path("", include((own_urls, "people"))),
]
