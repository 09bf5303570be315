"""Where Step Functions acts with a state machine's role.

AWS (Step Functions guide, "connect-lambda", "connect-ddb", "iam-policies-eg-dist-map",
"redrive-map-run"): the role needs lambda:InvokeFunction, the DynamoDB action of a direct task,
s3:GetObject for the reader, s3:PutObject for the result writer, states:StartExecution on the
machine to run a map, and states:RedriveExecution on the labelled children to redrive one.
`embedded_aws.iam.roles` decides; what a denial is called differs from place to place.
"""

from __future__ import annotations

from embedded_aws.iam import roles
from embedded_aws.stepfunctions.errors import StateError


def require(role: str, action: str, resource: str, *, error: str) -> None:
    """Check that a state machine's role may do something.

    Raises:
        StateError: it may not, under the error name given.
    """
    why = roles.denial(role, action, resource)
    if why is not None:
        raise StateError(error, why)
