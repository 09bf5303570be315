"""S3: conditional copies, ranges, permissions, events."""
