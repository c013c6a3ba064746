"""The Retrain page, a module a step."""
