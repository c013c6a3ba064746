"""Scoring of any number of scans, on this machine or on a cluster, into Parquet files."""
