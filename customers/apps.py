from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        from customers.effects import effects  # noqa: PLC0415 - effects need the models
        from provider.effects import register  # noqa: PLC0415

        for effect in effects():
            register(effect)
