"""Run a job: validate its input, answer its records by its rule, write the output, end.

A job is Submitted for half a second, so that its caller can write a record of it before the results
arrive. The other statuses follow each other at once; on AWS they take minutes to hours. Output is
written at the end. Whether a job that was stopped, expired or failed has output on AWS is not
documented: here its answered records are written, and a manifest with them.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetModelInvocationJob.html
"""

from __future__ import annotations

import itertools
import json
import logging
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from ministack.services import s3

from embedded_aws.bedrock import input_files, jobs, locations
from embedded_aws.bedrock.answers import Answerer, Totals
from embedded_aws.bedrock.jobs import JobFailed, StopRequested
from embedded_aws.bedrock.permissions import JobRole
from embedded_aws.bedrock.rules import Rule, rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded_aws.bedrock.input_files import InputFile
    from embedded_aws.bedrock.jobs import Job
    from embedded_aws.bedrock.locations import Location

MANIFEST = "manifest.json.out"
_SUBMITTED_SECONDS = 0.5
_logger = logging.getLogger("bedrock")


@dataclass
class JobRun:
    """A job on its way to its end."""

    job: Job
    rule: Rule

    def run(self) -> None:
        """Bring the job to its end, whatever happens."""
        try:
            self._run()
        except StopRequested:
            jobs.enter(self.job, jobs.STOPPED)
        except JobFailed as failure:
            self._fail(str(failure))
        except Exception:
            _logger.exception("%s failed in the embedded AWS", self.job["jobArn"])
            self._fail("Internal error of the embedded AWS: see its log.")

    def _fail(self, message: str) -> None:
        try:
            jobs.enter(self.job, jobs.FAILED, message)
        except StopRequested:
            jobs.enter(self.job, jobs.STOPPED)

    def _run(self) -> None:
        jobs.wait_while(self.job, jobs.SUBMITTED, timeout=_SUBMITTED_SECONDS)
        rules.hold(self.job, self.rule)
        self._enter(jobs.VALIDATING)
        role = JobRole(self.job)
        files = self._validate(role)
        self._enter(jobs.SCHEDULED)
        if self.rule.end == jobs.EXPIRED:
            jobs.enter(self.job, jobs.EXPIRED)
            return
        jobs.enter(self.job, jobs.IN_PROGRESS)
        self._answer(files, role)

    def _enter(self, status: str) -> None:
        jobs.enter(self.job, status)
        rules.hold(self.job, self.rule)

    def _validate(self, role: JobRole) -> list[InputFile]:
        role.require_model(self.job["modelId"])
        role.require("s3:PutObject", locations.output_of(self.job, MANIFEST).arn)
        where = locations.input_of(self.job)
        files = input_files.validate(where, role, minimum=self.rule.minimum_records)
        if self.rule.end == jobs.FAILED and self.rule.processed == 0:
            raise JobFailed(self.rule.failure_message)
        totals = Totals(sum(file.records for file in files))
        self.job.update(totals.counts())
        return files

    def _answer(self, files: list[InputFile], role: JobRole) -> None:
        """Answer a part of the records, wait where the rule says so, end."""
        progress = _Progress(self.job, self.rule, files, role)
        progress.go_on_to(self.rule.processed)
        rules.hold(self.job, self.rule)
        if self.job["status"] == jobs.STOPPING:
            end = jobs.STOPPED
        else:
            end = self.rule.end
            if end == jobs.COMPLETED:
                progress.go_on_to(1)
        progress.write()
        message = self.rule.failure_message if end == jobs.FAILED else ""
        if end == jobs.STOPPED and self.job["status"] != jobs.STOPPING:
            jobs.request_stop(self.job)
        jobs.enter(self.job, end, message)


class _Progress:
    """The records of a job that are answered so far."""

    def __init__(self, job: Job, rule: Rule, files: list[InputFile], role: JobRole) -> None:
        self._job, self._rule, self._files, self._role = job, rule, files, role
        self._totals = Totals(sum(file.records for file in files))
        self._lines: dict[str, list[bytes]] = {file.name: [] for file in files}
        self._left = self._answered()

    def _answered(self) -> Iterator[tuple[str, bytes]]:
        answerer = Answerer(self._job, self._rule, self._totals)
        number = 0
        for file in self._files:
            for record in input_files.read(file, self._role):
                yield file.name, answerer.line(number, record)
                number += 1

    def go_on_to(self, share: float) -> None:
        """Answer records until a share of all is answered."""
        done = sum(len(lines) for lines in self._lines.values())
        for name, line in itertools.islice(self._left, round(share * self._totals.total) - done):
            self._lines[name].append(line)
        self._job.update(self._totals.counts())

    def write(self) -> None:
        """Write the output files and the manifest."""
        manifest = json.dumps(self._totals.manifest()).encode()
        if self._rule.manifest == "first":
            self._put(MANIFEST, manifest)
        for name, lines in self._lines.items():
            if lines:
                if self._rule.shuffled:
                    Random(self._rule.seed).shuffle(lines)  # noqa: S311 - guards nothing
                self._put(f"{name}.out", b"".join(line + b"\n" for line in lines))
        if self._rule.manifest == "last":
            self._put(MANIFEST, manifest)

    def _put(self, name: str, body: bytes) -> None:
        where: Location = locations.output_of(self._job, name)
        self._role.require("s3:PutObject", where.arn)
        status, _, answer = s3._put_object(where.bucket, where.key, body, self._headers())
        if status != 200:
            raise JobFailed(f"s3://{where.bucket}/{where.key} cannot be written: {answer!r}")

    def _headers(self) -> dict[str, str]:
        output: dict[str, Any] = self._job["outputDataConfig"]["s3OutputDataConfig"]
        headers = {"content-type": "application/octet-stream"}
        if key := output.get("s3EncryptionKeyId"):
            headers |= {
                "x-amz-server-side-encryption": "aws:kms",
                "x-amz-server-side-encryption-aws-kms-key-id": key,
            }
        return headers
