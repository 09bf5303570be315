"""Time and cost of an ingest before it runs."""
