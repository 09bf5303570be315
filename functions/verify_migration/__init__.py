"""VerifyMigration: does the ledger prove that no chunk was left out?"""
