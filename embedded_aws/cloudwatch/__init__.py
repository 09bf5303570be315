"""CloudWatch: alarms and metrics."""
