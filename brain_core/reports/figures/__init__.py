"""The five figures of the brief, for print: each module draws one, as a matplotlib figure of its own."""
