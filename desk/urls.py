from django.urls import path

from desk import (
    approval_views,
    case_file_views,
    clock_views,
    difference_views,
    mention_views,
    report_views,
    search_views,
    views,
)

app_name = "desk"

urlpatterns = [
    path("", views.queue, name="queue"),
    path("queue/cases/", views.queue_cases, name="queue_cases"),
    path("search/", search_views.search, name="search"),
    path("mentions/", mention_views.mentions, name="mentions"),
    path("mentions/<uuid:pk>/seen/", mention_views.mention_seen, name="mention_seen"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("reports/", report_views.reports, name="reports"),
    path("reports/<slug:chart>.csv", report_views.report, name="report"),
    path("customers/<uuid:pk>/clocks/", clock_views.clocks, name="clocks"),
    path("customers/<uuid:pk>/case-file/", case_file_views.case_file, name="case_file"),
    path("approvals/", approval_views.approvals, name="approvals"),
    path("approvals/<uuid:pk>/approve/", approval_views.approve, name="approve"),
    path("approvals/<uuid:pk>/refuse/", approval_views.refuse, name="refuse"),
    path("approvals/<uuid:pk>/withdraw/", approval_views.withdraw, name="withdraw"),
    path("differences/", difference_views.differences, name="differences"),
    path("differences/compare/", difference_views.compare, name="compare"),
    path("differences/stop/", difference_views.stop, name="stop_comparison"),
    path("differences/<uuid:pk>/take/", difference_views.take, name="take_difference"),
    path("differences/<uuid:pk>/keep/", difference_views.keep, name="keep_difference"),
]
