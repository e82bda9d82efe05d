"""Training on the past and testing on what came next, again and again."""
