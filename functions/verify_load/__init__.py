"""VerifyLoad: does the ledger prove that nothing was lost?"""
