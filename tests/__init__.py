"""The tests; a package of this name that a library brings must not stand in front of it."""
