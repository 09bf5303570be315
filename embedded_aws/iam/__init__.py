"""IAM: permissions of roles and services, signatures, the record of decisions."""
