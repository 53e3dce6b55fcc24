from django.urls import path

from cards import call_views, velocity_views, views

app_name = "cards"

# /cards/
card_urls = [
    path("cards/", views.card_list, name="list"),
    path("cards/holding/", views.holding, name="holding"),
    path("cards/velocity/", velocity_views.velocity_rules, name="velocity_rules"),
    path("cards/<uuid:pk>/", views.detail, name="detail"),
    path("cards/<uuid:pk>/calls/", call_views.calls, name="calls"),
    path("cards/<uuid:pk>/live/", views.live, name="live"),
    path("cards/<uuid:pk>/would-pass/", views.would_pass, name="would_pass"),
    path("cards/<uuid:pk>/freeze/", views.freeze, name="freeze"),
    path("cards/<uuid:pk>/unfreeze/", views.unfreeze, name="unfreeze"),
    path("cards/<uuid:pk>/delete/", views.delete, name="delete"),
    path("cards/<uuid:pk>/limits/", views.limits, name="limits"),
    path("cards/<uuid:pk>/refresh/", views.refresh, name="refresh"),
    path("cards/<uuid:pk>/challenges/<uuid:challenge>/", views.answer, name="answer_challenge"),
    path("cards/<uuid:pk>/notices/<uuid:notice>/seen/", views.notice_seen, name="notice_seen"),
]

# /customers/<customer>/cards/
customer_urls = [
    path("customers/<uuid:pk>/cards/", views.customer_cards, name="customer_cards"),
    path("customers/<uuid:pk>/cards/issue/", views.issue, name="issue"),
]

# /transactions/
transaction_urls = [
    path("transactions/", views.transactions, name="transactions"),
    path("transactions/<uuid:pk>/", views.transaction, name="transaction"),
]

urlpatterns = [*card_urls, *customer_urls, *transaction_urls]
