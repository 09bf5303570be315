"""FindStuckJobs: what nobody would notice otherwise."""
