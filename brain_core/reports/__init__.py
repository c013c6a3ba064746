"""Documents made from stored results."""
