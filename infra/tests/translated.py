"""The template as CloudFormation gets it: translated by SAM's own library, without an account."""

import os
from pathlib import Path
from typing import Any

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"
# The translator asks for one, and uses it for nothing that we have.
REGION = "eu-central-1"

Resources = dict[str, dict[str, Any]]


def parsed() -> dict[str, Any]:
    """The template as it is written."""
    return yaml_parse(TEMPLATE.read_text())


def translated(template: dict[str, Any] | None = None, **parameters: str) -> Resources:
    """The resources that SAM makes of the template, with these parameters and otherwise the defaults."""
    template = template or parsed()
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            # What `sam package` puts there.
            resource["Properties"]["CodeUri"] = f"s3://bucket/{name}"
    given = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
    given |= {"AdminKeySha256": "a" * 64, **parameters}
    os.environ["AWS_DEFAULT_REGION"] = REGION
    return Translator({}, Parser()).translate(template, given)["Resources"]


def of_type(resources: Resources, kind: str) -> Resources:
    """The resources of one type."""
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}
