"""SettleJob: close the claim, and bring the job up to what its claims imply."""
