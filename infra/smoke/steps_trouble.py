"""Trouble: an unreadable row, a KMS key that is disabled, load, and calls that IAM must refuse."""

import concurrent.futures
import json
import time
import urllib.error
import urllib.request

from api import OPENER
from context import Context, until
from report import NotRun
from steps_posts import source

# Load for a minute: more than a new account's concurrency, and less than a new table takes.
EVENTS_PER_SECOND = 300
LOAD_SECONDS = 60


def unreadable_row(context: Context) -> None:
    """A row between good ones that no version can read: it goes to the failures queue, and the others go out once."""
    webhook = context.webhook("/ok/poison")
    before = context.queue_depth("DispatchFailuresQueueUrl")
    context.publish(25)
    day = time.strftime("%Y%m%d", time.gmtime())
    context.target.client("dynamodb").put_item(
        TableName=context.target.outputs["EventsTableName"],
        Item={
            "pk": {"S": f"{context.tenant}#{day}#0"}, "sk": {"S": "evt_unreadable"}, "kind": {"S": "event"},
            "ttl": {"N": str(int(time.time()) + 86_400)},
        },
    )
    context.publish(25)
    context.report.check("50 events arrive once", (50, 50), context.reached("/ok/poison", 50, 50, 180))
    time.sleep(20)
    context.report.check("none is sent again", (50, 50), context.reached("/ok/poison", 50, 50, 1))
    arrived = until(lambda: context.queue_depth("DispatchFailuresQueueUrl") == before + 1, 60)
    context.report.check("the row is in the failures queue", True, arrived)
    context.drop(webhook)


def refusals_of_iam(context: Context) -> None:
    """Calls that the roles must refuse, asked of IAM itself; the evaluator of the test `template` says the same."""
    if not context.target.is_aws:
        raise NotRun("the emulator does not evaluate policies")
    iam, outputs = context.target.client("iam"), context.target.outputs
    stacks = context.target.client("cloudformation")
    described = context.target.client("dynamodb").describe_table(TableName=outputs["RegistryTableName"])
    table = described["Table"]["TableArn"]

    def decision(role: str, action: str, *partitions: str) -> str:
        described = stacks.describe_stack_resource(StackName=context.target.name, LogicalResourceId=role)
        name = described["StackResourceDetail"]["PhysicalResourceId"]
        key = {"ContextKeyName": "dynamodb:LeadingKeys", "ContextKeyType": "stringList"}
        entries = [{**key, "ContextKeyValues": list(partitions)}] if partitions else []
        answer = iam.simulate_principal_policy(
            PolicySourceArn=iam.get_role(RoleName=name)["Role"]["Arn"], ActionNames=[f"dynamodb:{action}"],
            ResourceArns=[table], ContextEntries=entries,
        )
        return answer["EvaluationResults"][0]["EvalDecision"]

    for role, action, partitions, expected in [
        ("DeliverRole", "UpdateItem", ["T#ten_1"], "allowed"),
        ("DeliverRole", "UpdateItem", ["K#key_1"], "implicitDeny"),
        ("DeliverRole", "UpdateItem", ["T#ten_1", "ADMIN_KEYS"], "implicitDeny"),
        ("DeliverRole", "UpdateItem", [], "implicitDeny"),
        ("DispatchRole", "Query", ["T#ten_1"], "allowed"),
        ("DispatchRole", "Query", ["TENANTS"], "implicitDeny"),
        ("IngestRole", "PutItem", ["CERTIFICATES"], "allowed"),
        ("IngestRole", "PutItem", ["T#ten_1"], "implicitDeny"),
    ]:
        context.report.check(f"{role}: {action} on {partitions}", expected, decision(role, action, *partitions))


def disabled_key(context: Context) -> None:
    """Without the KMS key, functions that start cannot open secrets: posts are answered 503, and nothing is lost."""
    if not context.target.is_aws:
        raise NotRun("the emulator's KMS does not refuse a disabled key to functions that run")
    kms, key = context.target.client("kms"), context.target.outputs["SecretsKeyArn"]
    path = source(context, "mailgun", {"signing_key": "smoke"})
    webhook = context.webhook("/ok/kms")
    kms.disable_key(KeyId=key)
    try:
        # New versions start without data keys in memory. Jobs that cannot be signed come back.
        context.target.deploy("CacheSeconds=29")
        context.publish(5)
        refused = until(lambda: context.status("POST", path, b"{}") == 503, 120)
        context.report.check("ingest answers 503", True, refused)
    finally:
        kms.enable_key(KeyId=key)
    context.report.check("ingest works again", True, until(lambda: context.status("POST", path, b"{}") == 401, 300))
    context.report.check("what was accepted arrives", (5, 5), context.reached("/ok/kms", 5, 5, 600))
    context.drop(webhook)


def load(context: Context) -> None:
    """A steady load for a minute."""
    if not context.target.is_aws:
        raise NotRun("load on one machine says nothing about AWS; see `make bench` and `make outage`")
    body = [json.dumps(context.events(10)).encode() for _ in range(EVENTS_PER_SECOND // 10 * LOAD_SECONDS)]
    headers = {"authorization": f"Bearer {context.key}", "x-tenant-id": context.tenant}

    def post(given: tuple[int, bytes]) -> tuple[int, float]:
        number, data = given
        time.sleep(max(0.0, began + number / (EVENTS_PER_SECOND / 10) - time.monotonic()))
        started = time.monotonic()
        request = urllib.request.Request(f"{context.target.url()}/api/v1/events", data=data, headers=headers)
        try:
            with OPENER.open(request, timeout=60) as answer:
                return answer.status, time.monotonic() - started
        except urllib.error.HTTPError as error:
            return error.code, time.monotonic() - started

    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(post, enumerate(body)))
    context.report.check(f"{EVENTS_PER_SECOND} events/s: no 5xx", 0, sum(status >= 500 for status, _ in answers))
    times = sorted(seconds for _, seconds in answers)
    context.report.measure("its p99 in seconds", round(times[len(times) * 99 // 100], 3))


def metrics(context: Context) -> None:
    """The metrics behind the alarms have data, or a reason not to."""
    if not context.target.is_aws:
        raise NotRun("the emulator has few of AWS's metrics")
    names, client = context.target.name, context.target.client("cloudwatch")
    for alarm in client.describe_alarms(AlarmNamePrefix=names)["MetricAlarms"]:
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        seen = context.metric(alarm["Namespace"], alarm["MetricName"], dimensions)
        context.report.measure(f"{alarm['MetricName']} {list(dimensions)}", "no data" if seen is None else seen)
    resources = context.target.client("cloudformation").describe_stack_resource(
        StackName=names, LogicalResourceId="SweepRule"
    )
    rule = {"RuleName": resources["StackResourceDetail"]["PhysicalResourceId"].split("/")[-1]}
    failed = context.metric("AWS/Events", "FailedInvocations", rule) or 0
    sent = bool(context.metric("AWS/Events", "Invocations", rule))
    context.report.check("the sweep's job is sent", (True, 0), (sent, failed))
