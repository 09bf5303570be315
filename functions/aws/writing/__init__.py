"""Writing transactions: which way is allowed, how fast, and what came of each request."""
