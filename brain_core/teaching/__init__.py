"""What the pages for a class work out: scans changed on purpose, sweeps, cases that fail, and the quiz."""
