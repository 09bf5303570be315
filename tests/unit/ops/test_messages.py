"""A message is shown as a mail: without the facts for machines."""

import json

import pytest

from local.messages import Message
from ops.commands.messages import read, show
from ops.errors import Refused
from ops.model.deployment import Deployment

FACTS = json.dumps({"outcome": "FAILED", "job": "march"}, indent=2)
ALARM = {"AlarmName": "a", "AlarmDescription": "Jobs failed.", "NewStateReason": "1 > 0"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f"It failed.\n\n    ingest redrive x\n\n{FACTS}",
            ["  It failed.", "      ingest redrive x"],
        ),
        (json.dumps(ALARM), ["  Jobs failed.", "  1 > 0"]),
        ("\x1b[2J", [r"  \x1b[2J"]),
    ],
)
def test_a_message_is_shown(
    text: str, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    show(Message(1, "2026-07-01T00:00:00.000Z", "arn", "job march failed", text))
    head, *body = [each for each in capsys.readouterr().out.splitlines() if each.strip()]
    assert head == "2026-07-01T00:00:00.000Z  job march failed"
    assert body == shown


def test_on_aws_it_says_how_to_subscribe() -> None:
    outputs = {"AlarmTopicArn": "arn:aws:sns:eu-west-1:1:topic"}
    deployed = Deployment("s", "AWS", "eu-west-1", outputs, lambda _: None)
    with pytest.raises(
        Refused, match="aws sns subscribe --topic-arn arn:aws:sns:eu-west-1:1:topic"
    ):
        read(deployed)
