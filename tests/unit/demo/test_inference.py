"""What the embedded Bedrock writes by the demo's answers is what the generator foretells."""

from datetime import UTC, datetime

from demo import inference
from demo.generator import account_recipe, guest_recipe, make_batch
from embedded_aws.bedrock.answers import Answerer, Totals
from embedded_aws.bedrock.input_files import InputRecord
from embedded_aws.bedrock.rules import Rule

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def test_bedrock_writes_the_object_that_the_generator_expects() -> None:
    batch = make_batch(account_recipe("a", records=120), run="a", now=NOW, seed=1)
    rule = Rule.from_json({"answers": inference._answers(batch)})
    job = {"modelId": batch.job.model_id, "modelInvocationType": "InvokeModel"}
    answerer = Answerer(job, rule, Totals(len(batch.questions)))
    records = [InputRecord(each.record_id, dict(each.model_input)) for each in batch.questions]
    lines = [answerer.line(number, record) for number, record in enumerate(records)]
    assert b"".join(line + b"\n" for line in lines) == batch.body
    assert len(lines) == 120


def test_hand_made_results_were_never_asked_of_bedrock() -> None:
    assert make_batch(guest_recipe("a"), run="a", now=NOW, seed=1).questions == ()
