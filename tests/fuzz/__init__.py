"""Coverage-guided fuzzing, by hand: nothing here runs with the tests."""
