from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.infrastructure.template import Template


def _takes_tags(kind: str) -> bool:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", kind).schema
    return "Tags" in schema["properties"]


def test_the_tags_are_on_every_resource_that_can_have_them(imported: Template) -> None:
    tagged: set[str] = set()
    untagged: set[str] = set()
    for name, resource in imported.resources.items():
        kind = resource["Type"]
        if kind.startswith("AWS::") and _takes_tags(kind):
            tags = resource["Properties"].get("Tags", [])
            (tagged if {"Key": "team", "Value": "books"} in tags else untagged).add(name)

    assert untagged == set()
    assert len(tagged) > 60
