from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        from customers.effects import effects
        from provider.effects import register

        for effect in effects():
            register(effect)
