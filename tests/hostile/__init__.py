"""Input that somebody made to do harm, and what comes of it.

| file | made to |
|---|---|
| `test_lines.py` | exhaust a worker, or show what nobody may see, by one line |
| `test_objects.py` | exhaust workers by a whole object |
| `test_manifests.py` | exhaust, or forge, what a job counts |
| `test_events.py` | traverse, inject or impersonate by the input of an execution |
| `test_images.py` | traverse or impersonate by the records and keys of images |
| `test_outcomes.py` | inject or impersonate by what is told of executions |
| `test_errors.py` | carry data out by the text of an error, or forge a log line |
| `test_terminal.py` | be obeyed by the terminal, or the shell, of who runs `ingest` |

Each case ends in a verdict with a name, in bounded time and memory, and touches nothing of others.
What exhausts is measured in a process of its own (`costs.py`), against bounds that the code broke
before it was mended.
"""
