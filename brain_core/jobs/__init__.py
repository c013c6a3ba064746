"""Training runs: processes of their own, which outlive the page and the server that started them.

All that is known of a run stands in its folder. Its own process alone writes there while it lives; whoever watches
reads. Nothing else has to stay alive: the turn of the next run in the queue is a lock that the system takes from a
process that ends, however it ends.
"""
