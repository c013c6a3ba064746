"""The Metrics page, a module a section; each works from what is stored and says what is not."""
