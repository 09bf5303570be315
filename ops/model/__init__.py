"""What the commands know: deployments, jobs, executions, rejects, dead events."""
