"""Amazon Bedrock: batch inference jobs, answered by a rule instead of a model."""
