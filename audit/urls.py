from django.urls import path

from audit import views

app_name = "audit"

urlpatterns = [
    path("", views.index, name="index"),
    path("<uuid:pk>/", views.event, name="event"),
]
