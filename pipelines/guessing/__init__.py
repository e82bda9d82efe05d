"""What the columns of an unknown log may mean, judged by their names and their first rows."""
