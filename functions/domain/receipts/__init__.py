"""How a line becomes a transaction: the part to exchange for answers that are not receipts.

The loader is given one callable, `Interpreter`: a line in, a transaction, a reject or padding out.
Ranges, ledger, claims, writing and settling know nothing else of receipts.
"""
