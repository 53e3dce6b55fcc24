"""The provider's paths at the root, the console beside them."""

from django.urls import URLPattern, path

from sandbox import console, console_cards, pages
from sandbox.api import account, balances, cards, clients, products, simulators, transactions
from sandbox.endpoints import endpoint

handler404 = "sandbox.errors.unknown_path"
handler500 = "sandbox.errors.server_error"

CLIENTS = "management/clients/individuals"
CARDS = "cards/individual-cards"

client_urls: list[URLPattern] = [
    path(CLIENTS, endpoint(GET=clients.list_clients, POST=clients.create_client)),
    path(f"{CLIENTS}/countries", endpoint(GET=clients.list_countries)),
    path(f"{CLIENTS}/identifications/<str:country_code>", endpoint(GET=clients.list_identifications)),
    path(
        f"{CLIENTS}/<str:client_id>",
        endpoint(GET=clients.get_client, PUT=clients.update_client, DELETE=clients.delete_client),
    ),
    path(
        f"{CLIENTS}/<str:client_id>/products",
        endpoint(GET=products.list_products, POST=products.request_product),
    ),
    path(
        f"{CLIENTS}/<str:client_id>/products/<str:request_id>/documentation",
        endpoint(POST=products.upload_document),
    ),
    path(f"{CLIENTS}/<str:client_id>/products/<str:request_id>/submit", endpoint(POST=products.submit_request)),
]

card_urls: list[URLPattern] = [
    path(f"{CARDS}/create", endpoint(POST=cards.create_card)),
    path(f"{CARDS}/list/search", endpoint(GET=cards.search_cards)),
    path(f"{CARDS}/types", endpoint(GET=cards.list_types)),
    path(f"{CARDS}/limit-frequencies", endpoint(GET=cards.list_limit_frequencies)),
    path(f"{CARDS}/balance", endpoint(GET=balances.get_program_balance)),
    path(f"{CARDS}/holding-wallet", endpoint(GET=balances.get_holding_wallet)),
    path(f"{CARDS}/holding-wallet/balance", endpoint(GET=balances.get_holding_balance)),
    path(f"{CARDS}/transactions/<str:card_id>/search", endpoint(GET=transactions.search_transactions)),
    path(f"{CARDS}/<str:card_id>", endpoint(GET=cards.get_card, DELETE=cards.delete_card)),
    path(f"{CARDS}/<str:card_id>/frozen", endpoint(PATCH=cards.set_frozen)),
    path(f"{CARDS}/<str:card_id>/limits", endpoint(PATCH=cards.set_limits)),
    path(f"{CARDS}/<str:card_id>/pan", endpoint(GET=cards.get_pan)),
    path(f"{CARDS}/<str:card_id>/pin", endpoint(PUT=cards.set_pin)),
    path(f"{CARDS}/<str:card_id>/holder", endpoint(PATCH=cards.update_holder)),
    path(f"{CARDS}/<str:card_id>/balance", endpoint(GET=balances.get_balance)),
    path(f"{CARDS}/<str:card_id>/virtual-balance", endpoint(PATCH=balances.override_balance)),
    path(f"{CARDS}/<str:card_id>/virtual-balance/add", endpoint(POST=balances.add_balance)),
    path(f"{CARDS}/<str:card_id>/virtual-balance/subtract", endpoint(POST=balances.subtract_balance)),
    path(f"{CARDS}/<str:card_id>/top-up", endpoint(GET=balances.list_top_up_addresses)),
    path(f"{CARDS}/<str:card_id>/3ds-authorization", endpoint(POST=cards.respond_to_challenge)),
    path("cards/transactions/<str:card_id>/accumulated-spending", endpoint(GET=transactions.get_accumulated_spending)),
]

account_urls: list[URLPattern] = [
    path(
        "cards/account/configuration/velocity-rules",
        endpoint(
            GET=account.get_velocity_rules,
            PUT=account.replace_velocity_rules,
            DELETE=account.clear_velocity_rules,
        ),
    ),
    path("management/companies", endpoint(GET=account.get_company)),
    path("management/companies/webhook/subscribe", endpoint(POST=account.subscribe_webhook)),
    path("management/companies/webhook/key", endpoint(POST=account.set_webhook_key)),
    path("cards/webhook/simulate/authorize", endpoint(POST=simulators.simulate_authorize, in_transaction=False)),
    path("cards/webhook/simulate/clearing", endpoint(POST=simulators.simulate_clearing)),
    path("cards/webhook/simulate/refund", endpoint(POST=simulators.simulate_refund)),
    path("cards/webhook/simulate/reversal", endpoint(POST=simulators.simulate_reversal)),
]

console_urls: list[URLPattern] = [
    path("", pages.index),
    path("console/style.css", pages.style),
    path("console/state", pages.state),
    path("console/calls", pages.calls),
    path("console/counts", pages.counts),
    path("console/requests/<str:request_id>/approve", console.approve),
    path("console/requests/<str:request_id>/reject", console.reject),
    path("console/requests/<str:request_id>/more", console.more),
    path("console/requests/<str:request_id>/withdraw", console.withdraw),
    path("console/requests/<str:request_id>/status", console.request_status),
    path("console/clients/<str:client_id>/status", console.client_status),
    path("console/clients/<str:client_id>/data", console.change_client),
    path("console/clients/<str:client_id>/remove", console.remove_client),
    path("console/clients/<str:client_id>/request", console.open_request),
    path("console/cards/<str:card_id>/authorize", console_cards.authorize),
    path("console/cards/<str:card_id>/clear", console_cards.clear),
    path("console/cards/<str:card_id>/reverse", console_cards.reverse),
    path("console/cards/<str:card_id>/refund", console_cards.refund),
    path("console/cards/<str:card_id>/decline", console_cards.decline),
    path("console/cards/<str:card_id>/deposit", console_cards.deposit),
    path("console/cards/<str:card_id>/velocity-block", console_cards.velocity_block),
    path("console/cards/<str:card_id>/challenge", console_cards.challenge),
    path("console/cards/<str:card_id>/status", console_cards.status),
    path("console/settings", console.settings),
    path("console/faults", console.faults),
    path("console/requirements", console.requirements),
    path("console/deliveries", console.deliveries),
    path("console/deliveries/<int:delivery_id>/redeliver", console.redeliver),
    path("console/wait-idle", console.wait_idle),
    path("console/reset", console.reset),
    path("health", pages.health),
]

urlpatterns = [*client_urls, *card_urls, *account_urls, *console_urls]
