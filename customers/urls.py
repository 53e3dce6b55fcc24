from django.urls import include, path, register_converter

from customers import (
    call_views,
    document_views,
    draft_views,
    note_views,
    reading_views,
    reveal_views,
    timeline_views,
    unsaved_views,
    views,
)

app_name = "customers"


class SideConverter:
    """A side of a document."""

    regex = "front|back"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(SideConverter, "side")

# /customers/<uuid>/
customer_urls = [
    path("", views.detail, name="detail"),
    path("edit/", views.edit, name="edit"),
    path("progress/", views.progress, name="progress"),
    path("submit/", views.submit, name="submit"),
    path("refresh/", views.refresh, name="refresh"),
    path("reveal/", reveal_views.reveal_data, name="reveal"),
    path("notes/", note_views.add_note, name="add_note"),
    path("notes/<uuid:note>/withdraw/", note_views.withdraw_note, name="withdraw_note"),
    path("unsaved/note/", note_views.keep_note, name="keep_note"),
    path("timeline/", timeline_views.timeline, name="timeline"),
    path("calls/", call_views.calls, name="calls"),
    path("data/<path:requirement>/", views.save_data, name="save_data"),
    path("unsaved/data/<path:requirement>/", unsaved_views.keep_data, name="keep_data"),
    path("unsaved/documents/<path:requirement>/", unsaved_views.keep_document, name="keep_document"),
    path("drafts/<side:side>/<path:requirement>/", draft_views.keep_image, name="keep_image"),
    path("readings/<path:requirement>/fill/", reading_views.fill_in, name="fill_in"),
    path("readings/<path:requirement>/", reading_views.reading, name="reading"),
    path("documents/<uuid:document>/", document_views.viewer, name="viewer"),
    path("documents/<uuid:document>/<side:side>/", document_views.image, name="image"),
    path("documents/<path:requirement>/", views.document, name="document"),
]

urlpatterns = [
    path("", views.customer_list, name="list"),
    path("new/", views.new, name="new"),
    path("reveals/", reveal_views.reveals, name="reveals"),
    path("people/", note_views.people, name="people"),
    path("subdivisions/", views.subdivisions, name="subdivisions"),
    path("<uuid:pk>/", include(customer_urls)),
]
