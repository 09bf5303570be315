"""The embedded AWS: MiniStack and what this workflow needs of it."""
