"""The latest messages of a topic can be read, in their order, without a subscription."""

from embedded_aws.tests.conftest import Aws, unique
from embedded_aws.tests.running import read_messages


def test_messages_of_a_topic_are_kept_in_their_order(aws: Aws) -> None:
    sns = aws.client("sns")
    topic, other = (sns.create_topic(Name=unique("topic"))["TopicArn"] for _ in range(2))
    sns.publish(TopicArn=topic, Subject="first", Message="text")
    sns.publish(TopicArn=other, Message="of another topic")
    sns.publish(TopicArn=topic, Message="second")
    first, second = read_messages(aws.endpoint, topic=topic)
    assert (first.subject, first.text, second.subject, second.text) == (
        "first", "text", "", "second"
    )  # fmt: skip
    assert first.at <= second.at
    assert read_messages(aws.endpoint, topic=topic, after=first.number) == [second]
