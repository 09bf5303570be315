"""cdk-nag and cfn-lint over each variant of the stack as it would be for production."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.conftest import IMPORTED, RESUBMITTING, WITHOUT_LAYER

PROJECT = Path(__file__).resolve().parents[2]

VARIANTS: dict[str, dict[str, Any]] = {
    "created": {},
    "imported": {**IMPORTED, **RESUBMITTING},
    "customer-managed-key": {"customerManagedKey": True},
}

#: Where the CDK writes what its plugins found.
REPORT = "validation-report.json"


@dataclass(frozen=True)
class Found:
    rule: str
    resource: str
    accepted_at: str | None


@dataclass(frozen=True)
class Examined:
    """A variant as cdk-nag left it."""

    folder: Path
    refusal: str | None

    @property
    def template(self) -> Path:
        return self.folder / "BatchIngest.template.json"

    @property
    def findings(self) -> list[Found]:
        reports = json.loads((self.folder / REPORT).read_text())["pluginReports"]
        (report,) = [each for each in reports if each["pluginName"] == "AwsSolutions"]
        return [
            Found(violation["ruleName"], each["constructPath"], violation.get("acknowledgedAt"))
            for violation in [*report["violations"], *report["suppressedViolations"]]
            for each in violation["violatingConstructs"]
        ]

    def accepted(self) -> Iterator[tuple[str, str, str]]:
        """Resource, rule and reason of every acknowledgement, needed or not."""
        metadata = json.loads((self.folder / "BatchIngest.metadata.json").read_text())
        for path, entries in metadata.items():
            for entry in entries:
                if entry["type"] == "aws:cdk:acknowledged-rules":
                    for rule, reason in entry["data"].items():
                        yield path.removeprefix("/"), rule.removeprefix("AwsSolutions::"), reason


def examine(
    folder: Path, changed: dict[str, Any], *, plant: Callable[[Any], None] = lambda _: None
) -> Examined:
    # Imported late: they start Node, which only the tests of templates need.
    from aws_cdk import Validations  # noqa: PLC0415
    from cdk_nag import AwsSolutionsChecks  # noqa: PLC0415

    from stacks.application import make_app  # noqa: PLC0415

    overrides = {**WITHOUT_LAYER, "production": True, **changed}
    app = make_app(overrides=overrides, outdir=str(folder))
    plant(app.node.find_child("BatchIngest"))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as refused:
        return Examined(folder, str(refused))
    return Examined(folder, None)


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Examined]:
    return {
        name: examine(tmp_path_factory.mktemp(name), changed) for name, changed in VARIANTS.items()
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_cdk_nag_finds_nothing_that_is_not_accepted(
    examined: dict[str, Examined], variant: str
) -> None:
    open_ones = [found for found in examined[variant].findings if found.accepted_at is None]

    assert (examined[variant].refusal, open_ones) == (None, [])


@pytest.mark.parametrize("variant", VARIANTS)
def test_findings_are_accepted_on_their_one_resource(
    examined: dict[str, Examined], variant: str
) -> None:
    findings = examined[variant].findings

    assert len(findings) > 30
    assert [found for found in findings if found.accepted_at != found.resource] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_is_accepted_that_is_not_found(examined: dict[str, Examined], variant: str) -> None:
    found = sorted((found.resource, found.rule) for found in examined[variant].findings)
    accepted = sorted((path, rule) for path, rule, _ in examined[variant].accepted())

    assert accepted == found


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_acceptance_has_a_reason_of_a_sentence(
    examined: dict[str, Examined], variant: str
) -> None:
    for *_, reason in examined[variant].accepted():
        assert reason.endswith(".")
        assert len(reason.split()) > 10


def test_a_finding_that_is_not_accepted_fails_the_synthesis(tmp_path: Path) -> None:
    def plant(stack: Any) -> None:
        from aws_cdk import aws_iam as iam  # noqa: PLC0415

        role = stack.node.find_child("Default").node.find_child("Workers").resolve_job.role
        role.add_to_policy(iam.PolicyStatement(actions=["s3:*"], resources=["*"]))

    examined = examine(tmp_path, {}, plant=plant)

    assert examined.refusal is not None
    assert "ValidationFailed" in examined.refusal
    assert [found for found in examined.findings if found.accepted_at is None] == [
        Found(
            "AwsSolutions-IAM5[Action::s3:*]",
            "BatchIngest/Default/Workers/ResolveJob/Role/DefaultPolicy/Resource",
            None,
        )
    ]


def _lint(*templates: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROJECT / ".venv" / "bin" / "cfn-lint", "--format", "parseable", *templates],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_cfn_lint_finds_no_fault_in_any_variant(
    examined: dict[str, Examined], created_folder: Path, tmp_path: Path
) -> None:
    """`created` for production adds nothing to the default but what the variant with a key has."""
    default = created_folder / "BatchIngest.template.json"
    others = (examined[name].template for name in VARIANTS if name != "created")
    in_aws = []
    for number, template in enumerate([default, *others]):
        # cfn-lint knows the definition's ARNs in the partition `aws` alone.
        text = template.read_text().replace("arn:${Partition}:states:::", "arn:aws:states:::")
        in_aws.append(tmp_path / f"{number}.template.json")
        in_aws[-1].write_text(text)
    done = _lint(*in_aws)

    assert (done.returncode, done.stdout) == (0, "")


def test_cfn_lint_would_find_a_fault(created_folder: Path, tmp_path: Path) -> None:
    template = json.loads((created_folder / "BatchIngest.template.json").read_text())
    queue = next(
        each for each in template["Resources"].values() if each["Type"] == "AWS::SQS::Queue"
    )
    broken = tmp_path / "broken.template.json"
    broken.write_text(
        json.dumps({"Resources": {"Queue": {**queue, "Properties": {"KmsMasterKey": "a"}}}})
    )

    done = _lint(broken)

    assert done.returncode != 0
    assert "KmsMasterKey" in done.stdout
