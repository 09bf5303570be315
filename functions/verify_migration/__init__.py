"""VerifyMigration: prove from the ledger that every chunk was processed."""
