"""Rules that the translated template must keep."""

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


class Versions(unittest.TestCase):
    def test_a_new_revision_changes_every_function_and_its_version(self) -> None:
        """Lambda publishes no version of an unchanged function. SAM writes the revision into the description, so that
        each function changes. Without that, a deployment that changes only parameters would fail."""
        first, second = translated(Revision="1" * 64), translated(Revision="2" * 64)
        for name, function in of_type(first, "AWS::Lambda::Function").items():
            self.assertIn("1" * 64, str(function["Properties"]["Description"]), name)
        self.assertFalse(of_type(first, "AWS::Lambda::Version").keys() & of_type(second, "AWS::Lambda::Version").keys())


if __name__ == "__main__":
    unittest.main()
