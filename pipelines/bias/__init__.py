"""What a position does to clicks, and whether removing it helps: reports over a whole log."""
