"""Raw logs in many formats, one streaming interface out, so that nothing above knows a format."""
