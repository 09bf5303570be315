"""The model behind the commands: deployments, jobs, executions, rejects, dead events."""
