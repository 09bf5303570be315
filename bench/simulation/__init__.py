"""Many jobs at once, simulated: wall time, throttles, failures and cost, over their floors.

A discrete-event model (SimPy). The definition's own retriers, the real plan, leases of the write
budget and pace of moving images run in it; services are limits: places for Lambda functions, write
units of a partition, S3's writes of a prefix. How long a call takes is assumed, in
`ops.model.estimating.ingest_requests`. `python -m bench.simulation` prints and draws the figures.
"""
