"""`ingest messages`: what the alarm topic of the embedded AWS published."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from local.messages import read_messages
from ops.commands import options
from ops.errors import Refused
from ops.view.terminal import err, out, outside, print_json, prose

if TYPE_CHECKING:
    from local.messages import Message
    from ops.model.deployment import Deployment

POLL_SECONDS = 1.0


def messages(
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait for more, until it is interrupted.")
    ] = False,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Show the messages of the alarm topic.

    A subscriber gets them by mail. Shows those of the embedded AWS since its start; on AWS,
    subscribe to the topic instead.
    """
    deployed = options.chosen(local=local, data=data, stack=stack)
    if follow and as_json:
        raise Refused("--json prints one value: leave out --follow.")
    found = read(deployed)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        show(each)
    if follow:
        follow_on(deployed, after=found[-1].number if found else 0)
    elif not found:
        err.print("Nothing was published since the embedded AWS was started.", style="dim")


def read(deployed: Deployment, *, after: int = 0) -> list[Message]:
    """The messages of the stack's topic; Refused on AWS, which keeps none."""
    topic = deployed.outputs["AlarmTopicArn"]
    if deployed.embedded is None:
        raise Refused(
            "SNS keeps no messages: only a subscriber gets them. To get them by mail: "
            f"`aws sns subscribe --topic-arn {topic} --protocol email "
            "--notification-endpoint ADDRESS`."
        )
    return read_messages(deployed.embedded.endpoint, topic=topic, after=after)


def follow_on(deployed: Deployment, *, after: int) -> None:
    """Show messages as they come, until a Ctrl-C."""
    try:
        while True:
            time.sleep(POLL_SECONDS)
            for each in read(deployed, after=after):
                show(each)
                after = each.number
    except KeyboardInterrupt:
        err.print(f"Look again: {deployed.command('messages')}")
        raise


def show(message: Message) -> None:
    """A message as a mail: its subject, and its text without the facts for machines."""
    out.print(outside(f"{message.at}  {message.subject or '(no subject)'}", "bold"))
    for each in _text(message.text).splitlines():
        out.print(outside(prose(each, indent=2)))
    out.print()


def _text(text: str) -> str:
    """The part for people: the whole of a message, or the reason of an alarm."""
    try:
        alarm: dict[str, Any] = json.loads(text)
    except ValueError:
        return text.partition("\n{\n")[0].rstrip()
    described = alarm.get("AlarmDescription"), alarm.get("NewStateReason")
    return "\n".join(each for each in described if each) or text
