"""DynamoDB: what its expressions may say."""
