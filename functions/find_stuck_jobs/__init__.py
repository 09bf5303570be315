"""FindStuckJobs: scheduled search for jobs that no event will move on."""
