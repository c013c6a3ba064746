"""Is the service still what it was measured to be: use, errors, drift, outcomes on confirmed cases, and alerts.

The figures are pure functions of `columns.Columns`; `reading` takes these from the store, `report` puts all together.
"""
