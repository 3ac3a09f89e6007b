"""Rules that the translated template must keep."""

import json
import re
import unittest
from typing import Any

from translated import Resources, of_type, parsed, translated

FUNCTIONS = {"IngestFunction", "DispatchFunction", "DeliverFunction", "ApiFunction"}


def references(value: Any) -> set[str]:
    """The resources that `value` refers to by `Ref` or by an attribute, at any depth."""
    if isinstance(value, dict):
        named = {value["Ref"]} if "Ref" in value else set()
        if "Fn::GetAtt" in value:
            named.add(value["Fn::GetAtt"][0])
        return named.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def may_send_to(resources: Resources, function: str) -> set[str]:
    """The queues that a function's role may send to."""
    role = resources[function]["Properties"]["Role"]["Fn::GetAtt"][0]
    policies = resources[role]["Properties"]["Policies"]
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    sends = [statement for statement in statements if "sqs:SendMessage" in statement["Action"]]
    return references([statement["Resource"] for statement in sends]) & set(of_type(resources, "AWS::SQS::Queue"))


def is_invoked_by(resources: Resources, function: str) -> set[str]:
    """The sources of a function's event source mappings."""
    mappings = of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    aliases = of_type(resources, "AWS::Lambda::Alias")
    own = {function} | {name for name, alias in aliases.items() if function in references(alias["Properties"])}
    of_function = [each["Properties"] for each in mappings if own & references(each["Properties"]["FunctionName"])]
    return references([properties["EventSourceArn"] for properties in of_function])


def in_a_loop(resources: Resources) -> set[str]:
    """Functions that may send to a queue that invokes them, directly or through other functions."""
    functions = of_type(resources, "AWS::Lambda::Function")
    sends = {name: may_send_to(resources, name) for name in functions}
    invoked = {name: is_invoked_by(resources, name) for name in functions}
    reached = {name: {other for other in functions if sends[name] & invoked[other]} for name in functions}
    for _ in functions:
        reached = {name: others.union(*(reached[other] for other in others)) for name, others in reached.items()}
    return {name for name in functions if name in reached[name]}


def allowed(resources: Resources) -> set[str]:
    """Functions whose recursion Lambda does not stop."""
    functions = of_type(resources, "AWS::Lambda::Function").items()
    return {name for name, function in functions if function["Properties"].get("RecursiveLoop") == "Allow"}


class Recursion(unittest.TestCase):
    def test_whoever_is_in_a_loop_may_recurse_and_nobody_else(self) -> None:
        resources = translated()
        self.assertEqual(set(of_type(resources, "AWS::Lambda::Function")), FUNCTIONS)
        self.assertEqual(in_a_loop(resources), {"DeliverFunction"})
        self.assertEqual(allowed(resources), in_a_loop(resources))

    def test_the_rule_sees_a_loop_of_two_functions(self) -> None:
        template = parsed()
        policy = template["Resources"]["DeliverRole"]["Properties"]["Policies"][0]
        queue = {"Fn::GetAtt": ["DispatchFailuresQueue", "Arn"]}
        statement = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": queue}
        policy["PolicyDocument"]["Statement"].append(statement)
        events = template["Resources"]["DispatchFunction"]["Properties"]["Events"]
        events["Loop"] = {"Type": "SQS", "Properties": {"Queue": queue}}
        self.assertEqual(in_a_loop(translated(template)), {"DeliverFunction", "DispatchFunction"})


def waited_for(resources: Resources, name: str) -> set[str]:
    """The resources that CloudFormation makes or updates before this one, directly or through others."""
    found: set[str] = set()
    left = [name]
    while left:
        resource = resources[left.pop()]
        depends = resource.get("DependsOn", [])
        depends = {depends} if isinstance(depends, str) else set(depends)
        direct = (depends | references(resource.get("Properties", {}))) & set(resources) - found
        found |= direct
        left += direct
    return found


class Order(unittest.TestCase):
    def test_a_deployment_updates_readers_before_writers(self) -> None:
        """Otherwise a function would receive a row or a job of a release that is newer than its own."""
        resources = translated(IngestFunctionUrl="true")
        for writer, readers in {
            "DispatchFunction": ["DeliverFunction"],
            "IngestFunction": ["DeliverFunction", "DispatchFunction"],
            "ApiFunction": ["DeliverFunction", "DispatchFunction"],
        }.items():
            for reader in readers:
                # Requests and messages go to the alias, so the reader is updated when its alias is.
                self.assertIn(f"{reader}Aliaslive", waited_for(resources, writer), writer)

    def test_what_is_waited_for_exists_and_nothing_waits_for_itself(self) -> None:
        resources = translated(IngestFunctionUrl="true")
        for name, resource in resources.items():
            depends = resource.get("DependsOn", [])
            depends = [depends] if isinstance(depends, str) else depends
            self.assertLessEqual(set(depends), set(resources), name)
            self.assertNotIn(name, waited_for(resources, name), name)


class Versions(unittest.TestCase):
    def test_a_new_revision_changes_every_function_and_its_version(self) -> None:
        """Lambda publishes no version of an unchanged function. SAM writes the revision into the description, so that
        each function changes. Without that, a deployment that changes only parameters would fail."""
        first, second = translated(Revision="1" * 64), translated(Revision="2" * 64)
        for name, function in of_type(first, "AWS::Lambda::Function").items():
            self.assertIn("1" * 64, str(function["Properties"]["Description"]), name)
        self.assertFalse(of_type(first, "AWS::Lambda::Version").keys() & of_type(second, "AWS::Lambda::Version").keys())

    def test_mappings_integrations_and_permissions_name_the_alias(self) -> None:
        """A rollback moves the alias only. What named the function itself would stay at its newest code."""
        resources = translated(IngestFunctionUrl="true")
        places = {
            "AWS::Lambda::EventSourceMapping": "FunctionName", "AWS::ApiGatewayV2::Integration": "IntegrationUri",
            "AWS::Lambda::Permission": "FunctionName", "AWS::Lambda::Url": "TargetFunctionArn",
        }
        aliases = set(of_type(resources, "AWS::Lambda::Alias"))
        self.assertEqual(len(aliases), len(FUNCTIONS))
        for kind, place in places.items():
            found = of_type(resources, kind)
            self.assertTrue(found, kind)
            for name, resource in found.items():
                self.assertTrue(references(resource["Properties"][place]) & aliases, name)

    def test_every_function_has_the_revision(self) -> None:
        """Without it, a changed parameter would reach the function, but not the version that the alias names."""
        for name, resource in parsed()["Resources"].items():
            if resource["Type"] == "AWS::Serverless::Function":
                self.assertEqual(resource["Properties"]["AutoPublishCodeSha256"], {"Ref": "Revision"}, name)


class Limits(unittest.TestCase):
    def test_cloudformation_and_iam_take_the_template(self) -> None:
        """CloudFormation: 500 resources, 200 parameters, 1 MB from S3. IAM: 10,240 characters of inline policies in a
        role, without white space."""
        resources = translated(IngestFunctionUrl="true", AccessLog="true")
        self.assertLessEqual(len(resources), 500)
        self.assertLessEqual(len(parsed()["Parameters"]), 200)
        self.assertLess(len(json.dumps(resources)), 1_000_000)
        for name, role in of_type(resources, "AWS::IAM::Role").items():
            # References get longer when CloudFormation resolves them, to an ARN of at most 150 characters.
            policies = re.sub(r'\{"(Ref|Fn::[A-Za-z]+)":("[^"]*"|\[[^\]]*\])\}', '"' + "a" * 150 + '"',
                              json.dumps(role["Properties"]["Policies"], separators=(",", ":")))
            self.assertLess(len(policies), 10_240, name)


class Conditions(unittest.TestCase):
    def test_the_default_endpoint_is_off_only_with_a_domain_and_without_a_wish_to_keep_it(self) -> None:
        condition = parsed()["Conditions"]["HasOneEndpoint"]
        for url, keep, expected in [("", "false", False), ("https://x", "false", True), ("https://x", "true", False)]:
            parameters = {"PublicUrl": url, "KeepDefaultEndpoint": keep}
            self.assertEqual(holds(condition, parameters), expected, parameters)


def holds(condition: Any, parameters: dict[str, str]) -> bool:
    """The value of a condition that is made of And, Not and Equals."""
    [(function, arguments)] = condition.items()
    if function == "Fn::Equals":
        one, other = (parameters[each["Ref"]] if isinstance(each, dict) else each for each in arguments)
        return one == other
    inner = [holds(each, parameters) for each in arguments]
    return all(inner) if function == "Fn::And" else not inner[0]


if __name__ == "__main__":
    unittest.main()
