"""Click models: how clicks follow from what a list shows, fitted to a log or made up to draw one."""
