"""What was predicted against what happened, as one page that can be shown."""
