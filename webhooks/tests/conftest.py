import pytest

from webhooks import refusals, views


@pytest.fixture(autouse=True)
def tally(monkeypatch: pytest.MonkeyPatch) -> refusals.Tally:
    """What this test has turned away: a process would go on counting from the test before."""
    fresh = refusals.Tally(reminds=False)
    monkeypatch.setattr(views, "tally", fresh)
    return fresh
