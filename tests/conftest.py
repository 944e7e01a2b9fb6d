"""What every test shares: how property tests draw their examples."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady",
    deadline=None,  # machines that run tests are shared and noisy
    derandomize=True,  # the same tree gives the same verdict
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", deadline=None, max_examples=1_000)
settings.load_profile("steady")
