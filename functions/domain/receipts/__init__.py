"""How a line becomes a transaction: the part to replace for answers that are not receipts.

The loader gets one callable, `Interpreter`, from a line to a transaction, a reject or padding.
Ranges, ledger, claims, writing and settling know nothing else of receipts.
"""
