"""EventBridge: rules, targets, dead letters."""
