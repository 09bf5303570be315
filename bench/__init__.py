"""The loader measured: against what one would write first, against Node, against the floor."""
