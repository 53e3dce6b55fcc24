from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        from customers import comparing, comparison_runs, strands, timeline
        from customers.approved import CARRIERS
        from customers.effects import effects
        from people import four_eyes
        from provider.effects import register

        for effect in effects():
            register(effect)
        for step in (comparing.CLIENTS, comparing.CUSTOMERS):
            comparison_runs.register(step)
        timeline.register(*strands.strands())
        for carrier in CARRIERS:
            four_eyes.register(carrier)
