"""A study assessed: slices scored, a summary that says how it was made."""
