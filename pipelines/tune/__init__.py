"""Search for the settings that do best on validation."""
