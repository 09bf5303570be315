"""LoadSegment: as much of a range as one call can do."""
