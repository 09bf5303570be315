"""What CDK deploys."""
