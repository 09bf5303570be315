"""Amazon SNS: what was published, kept to be read."""
