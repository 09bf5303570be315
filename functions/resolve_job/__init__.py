"""ResolveJob: find the job of an event, and pin its object."""
