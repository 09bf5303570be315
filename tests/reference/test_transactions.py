"""Times as the item and the images' new keys have them (the contract, section 2)."""

import random
from datetime import datetime, timedelta

from functions.domain.timestamps import jst_date, parse_timestamp, timestamp
from tests.reference import transactions


def test_they_agree_on_times() -> None:
    chance = random.Random(1)
    for _ in range(2000):
        seconds = f"{chance.randint(2000, 2099)}-{chance.randint(1, 12):02d}"
        seconds += f"-{chance.randint(1, 28):02d}T{chance.randint(0, 23):02d}"
        seconds += f":{chance.randint(0, 59):02d}:{chance.randint(0, 59):02d}"
        written = seconds + chance.choice(("", ".000", ".999", ".999999")) + "Z"
        at = parse_timestamp(written)
        event_time = transactions.cut_to_seconds(written)
        assert timestamp(at) == event_time == f"{seconds}Z"
        in_japan = datetime.fromisoformat(event_time) + timedelta(hours=9)
        assert jst_date(at) == in_japan.date().isoformat()
        assert int(at.timestamp()) == transactions.expiry(event_time, 0)
