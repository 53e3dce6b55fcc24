import pytest

from webhooks import refusals, views
from webhooks.provider_clock import ProviderClock, provider_clock


@pytest.fixture(autouse=True)
def tally(monkeypatch: pytest.MonkeyPatch) -> refusals.Tally:
    """What this test has turned away: a process would go on counting from the test before."""
    fresh = refusals.Tally(reminds=False)
    monkeypatch.setattr(views, "tally", fresh)
    return fresh


@pytest.fixture(autouse=True)
def _clock_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the test before had told of the provider's clock."""
    monkeypatch.setattr(provider_clock, "_ages", ProviderClock()._ages)
