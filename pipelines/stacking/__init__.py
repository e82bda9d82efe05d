"""What a ranker on top of a model is given of it."""
