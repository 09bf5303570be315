"""The page of `ingest console`: jobs, and each job in detail, on this machine alone."""
