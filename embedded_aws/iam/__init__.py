"""IAM: who may do what, and what was decided."""
