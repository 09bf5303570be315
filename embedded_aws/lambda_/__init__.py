"""Lambda: workers, their errors and their failures."""
