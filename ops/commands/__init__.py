"""The commands of `ingest`, a module each, and the options that they share."""
