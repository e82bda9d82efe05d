"""Learning to rank from clicks: query groups and a LambdaMART that removes position bias."""
