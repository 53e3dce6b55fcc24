from django.apps import AppConfig


class CardsConfig(AppConfig):
    name = "cards"

    def ready(self) -> None:
        from cards import compared_cards, strands
        from cards.approved import CARRIERS
        from cards.challenges import RespondToChallenge
        from cards.display import card_names
        from cards.effects import effects  # effects need the models
        from cards.statuses import CardStatus
        from customers import comparison_runs, timeline
        from people import four_eyes
        from provider.effects import register

        for effect in [*effects(), RespondToChallenge()]:
            register(effect)
        for step in (compared_cards.LISTED, compared_cards.UNLISTED):
            comparison_runs.register(step)
        for carrier in CARRIERS:
            four_eyes.register(carrier)
        timeline.STATUSES["card"] = CardStatus
        timeline.NAMED.append(card_names)
        timeline.register(*strands.strands())
