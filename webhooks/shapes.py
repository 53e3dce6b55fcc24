"""Whether a delivery looks as the contract says. Memory only: a delivery in hand, and its answer, wait for nothing."""

from cryptomate.novelties import in_delivery, masked
from provider.shape_watch import watch as watch
from webhooks.deliveries import Delivery


def compare_shape(delivery: Delivery) -> None:
    """Count what the delivery has that the contract does not name."""
    novelties = in_delivery(product=delivery.product, event_type=delivery.event_type, body=delivery.body)
    if novelties:
        watch.note(f"Delivery {masked(delivery.product)} {masked(delivery.event_type)}", novelties)
