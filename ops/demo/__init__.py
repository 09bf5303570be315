"""`ingest demo`: a real run on made-up receipts, compared with what their generator knows."""
