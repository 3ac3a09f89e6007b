"""The template in the form for CloudFormation: translated by SAM's own library, without an AWS account."""

import os
from pathlib import Path
from typing import Any

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"
# The translator requires a region, but does not use it for our resources.
REGION = "eu-central-1"

Resources = dict[str, dict[str, Any]]


def parsed() -> dict[str, Any]:
    """The template before its translation."""
    return yaml_parse(TEMPLATE.read_text())


def translated(template: dict[str, Any] | None = None, **parameters: str) -> Resources:
    """The resources that SAM makes from the template, with these parameters and default values for the others."""
    template = template or parsed()
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            # The value that `sam package` sets.
            resource["Properties"]["CodeUri"] = f"s3://bucket/{name}"
    given = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
    given |= {"AdminKeySha256": "a" * 64, **parameters}
    os.environ["AWS_DEFAULT_REGION"] = REGION
    return Translator({}, Parser()).translate(template, given)["Resources"]


def of_type(resources: Resources, kind: str) -> Resources:
    """The resources of one type."""
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}
