"""ResubmitRejects: submit the rejects of a settled job again, once."""
