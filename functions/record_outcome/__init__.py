"""RecordOutcome: what became of an execution, told from outside of it."""
