from django.urls import path

from desk import views

app_name = "desk"

urlpatterns = [
    path("", views.queue, name="queue"),
    path("queue/cases/", views.queue_cases, name="queue_cases"),
    path("dashboard/", views.dashboard, name="dashboard"),
]
