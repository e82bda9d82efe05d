"""What a log holds, column by column, and how two of them differ."""
