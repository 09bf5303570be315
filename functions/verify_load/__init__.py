"""VerifyLoad: prove from the ledger that no record was lost."""
