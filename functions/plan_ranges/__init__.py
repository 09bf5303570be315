"""PlanRanges: cut the object into ranges."""
