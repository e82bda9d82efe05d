"""The exception tree.

    CrossrankError
    ├── ConfigError        a declaration (TOML, option, argument) does not hold together
    ├── DataError          rows or files that cannot be used as they are
    │   └── SchemaError    a column is missing, or is not of the declared type
    ├── FingerprintError   two artefacts were not made from each other
    └── BundleError        a bundle is damaged, incomplete, or unsafe

Each message says what must hold, what came instead, and what to do.
"""

__all__ = [
    "BundleError",
    "ConfigError",
    "CrossrankError",
    "DataError",
    "FingerprintError",
    "SchemaError",
]


class CrossrankError(Exception):
    """Anything a user can mend: the command line prints it as one line and exits 1."""


class ConfigError(CrossrankError):
    """A declaration does not hold together."""


class DataError(CrossrankError):
    """Rows or files cannot be used as they are."""


class SchemaError(DataError):
    """A column is missing or is not of the declared type."""


class FingerprintError(CrossrankError):
    """Two artefacts (encoder, data, model, bundle) were not made from each other."""


class BundleError(CrossrankError):
    """A bundle is damaged, incomplete, or unsafe to load."""
