"""RecordOutcome: records how an execution ended, outside the state machine."""
