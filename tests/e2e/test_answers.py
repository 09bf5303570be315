"""Files of real shapes of answers become what the contract says, through the S3 event alone."""

from pathlib import Path

from ops.model.deployment import Deployment
from tests.e2e.held import JobRecord, assert_held
from tests.e2e.waiting import executions, next_execution

FILES = Path(__file__).parents[1] / "answers" / "files"
TOO_MANY_REJECTS = "dates-null.jsonl.out"


def test_every_file_of_answers_becomes_what_the_contract_says(deployed: Deployment) -> None:
    jobs = {file: JobRecord() for file in sorted(FILES.iterdir())}
    known = executions(deployed)
    for file, job in jobs.items():
        job.write(deployed)
        deployed.s3.put_object(
            Bucket=deployed.bucket, Key=job.key(file.name), Body=file.read_bytes()
        )
    for file, job in jobs.items():
        history = next_execution(deployed, key=job.key(file.name), but=known)
        if file.name == TOO_MANY_REJECTS:
            assert history.failure is not None
            assert history.failure.error == "TooManyRejects"
            assert len(job.transactions(deployed)) == 15
        else:
            assert_held(deployed, job, history, file.read_bytes())
