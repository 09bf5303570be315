"""EventBridge: rules, targets, retries."""
