"""What every function runs on: settings, clients, deadline, logs, metrics, error texts."""
