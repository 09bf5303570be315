"""A made-up batch with a known result: generator, expectation, and comparison.

`ingest demo` runs on it, and the end-to-end tests are judged by it.
"""
