"""Settings of every test."""

from hypothesis import settings

# Tests time nothing, and run beside each other.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
