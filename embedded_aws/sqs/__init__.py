"""SQS: messages that services send."""
