"""Revert changes made by hand, as `cdk deploy --revert-drift` does on AWS.

CloudFormation compares templates, not resources: a policy that was changed by hand stays changed as
long as the template is the same. So a template in which every policy, permission and function
differs is deployed first, and then the real one. Between the two, rules may not call functions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK = "PutBack"


def disturbed(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template with changed text, and the same meaning, wherever drift can be reverted."""
    other = copy.deepcopy(dict(template))
    for resource in other["Resources"].values():
        properties = resource.get("Properties", {})
        if "PolicyDocument" in properties:
            properties["PolicyDocument"]["Statement"][0]["Sid"] = _MARK
        elif resource["Type"] == "AWS::Lambda::Function":
            properties["Description"] = _MARK
    other["Resources"] = {
        name: resource
        for name, resource in other["Resources"].items()
        if resource["Type"] != "AWS::Lambda::Permission"
    }
    return other
