"""ResolveJob: what arrived, and whose job it is."""
