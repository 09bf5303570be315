"""What people run: the `ingest` command."""
