"""Input that somebody made to do harm, and what comes of it.

| file | made to |
|---|---|
| `test_lines.py` | exhaust, or show what nobody may see, by one line |
| `test_objects.py` | exhaust by a whole object |

Each case ends in a verdict with a name, in bounded time and memory, and touches nothing of others.
What exhausts is measured in a process of its own (`costs.py`), against bounds that the code broke
before it was mended.
"""
