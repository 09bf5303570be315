"""CloudFormation: updates, drift, resource properties."""
