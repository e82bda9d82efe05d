"""Click logs drawn from judged documents, whose truth is known."""
