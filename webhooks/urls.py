from django.urls import path

from webhooks import decision_views, views

app_name = "webhooks"

urlpatterns = [
    path("webhooks/cryptomate/", views.intake, name="intake"),
    path("events/", views.events, name="events"),
    path("events/authorizations/", decision_views.authorizations, name="authorizations"),
    path("events/authorizations/<uuid:pk>/", decision_views.authorization, name="authorization"),
    path("events/again/", views.failed_again, name="failed_again"),
    path("events/<uuid:pk>/", views.event, name="event"),
    path("events/<uuid:pk>/again/", views.again, name="again"),
]
