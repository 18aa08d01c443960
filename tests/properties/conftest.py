"""How the properties are tried: the same inputs each time, so that a red test is red for everybody.

`pytest tests/properties --hypothesis-profile explore` tries many others.
"""

from hypothesis import HealthCheck, settings

_ALL = {"deadline": None, "suppress_health_check": (HealthCheck.too_slow, HealthCheck.data_too_large)}

settings.register_profile("same", max_examples=200, derandomize=True, **_ALL)
settings.register_profile("explore", max_examples=3000, **_ALL)
settings.load_profile("same")
