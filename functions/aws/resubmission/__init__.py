"""Resubmission: the open rejects of a job, and the batch jobs that answer them again.

`ingest resubmit` and ResubmitRejects both use it.
"""
