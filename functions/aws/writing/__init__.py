"""Writing transactions: permits, pacing, requests and their results."""
