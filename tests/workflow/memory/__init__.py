"""S3 and DynamoDB in memory, as documented, for what this system asks of them.

A call takes microseconds, so a test can stop the work between any two calls, or put somebody
else's deeds there, and try every such place. `test_memory.py` holds them against moto.
"""
