"""The stack itself: identity, deployment, versions, and its end."""

import time
from typing import Any

from context import Context
from report import NotRun

FUNCTIONS = ["IngestFunctionName", "DispatchFunctionName", "DeliverFunctionName", "ApiFunctionName"]


def account(context: Context) -> None:
    """The region and the account's limit, and that the stack is new."""
    context.report.measure("region", context.target.region)
    if not context.target.is_aws:
        raise NotRun("identity and limits: the emulator has neither")
    limits = context.target.client("lambda").get_account_settings()["AccountLimit"]
    context.report.measure("concurrent executions of the account", limits["ConcurrentExecutions"])


def deployment(context: Context) -> None:
    """The first deployment, timed. It builds, and checks the ELF files."""
    if not context.target.is_aws:
        raise NotRun("a timed deployment: the emulator has deployed already")
    started = time.monotonic()
    context.target.deploy("LogRetentionDays=1")
    context.report.measure("seconds to build and deploy", round(time.monotonic() - started))
    stacks = context.target.client("cloudformation")
    pages = stacks.get_paginator("describe_stack_events").paginate(StackName=context.target.name)
    reasons = [event.get("ResourceStatusReason", "") for page in pages for event in page["StackEvents"]]
    context.report.measure("concurrent modifications", sum("oncurrent" in reason for reason in reasons))


def versions(context: Context) -> None:
    """A deployment that changes one parameter publishes new versions; a new admin key replaces the old one."""
    client = context.target.client("lambda")

    def aliases() -> list[str]:
        names = [context.target.outputs[name] for name in FUNCTIONS]
        return [client.get_alias(FunctionName=name, Name="live")["FunctionVersion"] for name in names]

    before = aliases() if context.target.is_aws else []
    context.target.deploy("LogRetentionDays=1")
    context.report.check("the same again changes nothing", before, aliases())
    context.target.deploy("LogRetentionDays=3")
    after = aliases()
    context.report.check("four new versions", True, all(one != other for one, other in zip(before, after, strict=True)))
    old = context.target.admin_key()
    context.target.deploy("--new-admin-key")
    tenants = "/api/v1/tenants"

    def status(key: str) -> int:
        return context.status("GET", tenants, None, {"authorization": f"Bearer {key}", "x-tenant-id": context.tenant})

    context.report.check("the old admin key", 401, status(old))
    context.report.check("the new admin key", 200, status(context.target.admin_key()))
    context.admin.headers["authorization"] = f"Bearer {context.target.admin_key()}"


def wrong_keys(context: Context) -> None:
    """Keys that must be refused."""
    for key in ["nothing", "mh_admin_wrong", context.key + "0"]:
        refused = context.status("GET", "/api/v1/webhooks", None, {"authorization": f"Bearer {key}"})
        context.report.check("a wrong key", 401, refused)


def end(context: Context, keep: bool) -> None:
    """Deletes the stack and what it leaves on purpose: the tables, and the KMS key (after seven days)."""
    if context.receiver:
        context.receiver.stop()
    if not context.target.is_aws or keep:
        return
    stacks, name = context.target.client("cloudformation"), context.target.name
    kept = left_over(context)
    stacks.delete_stack(StackName=name)
    stacks.get_waiter("stack_delete_complete").wait(StackName=name)
    dynamodb = context.target.client("dynamodb")
    for table in kept["tables"]:
        status = dynamodb.describe_table(TableName=table)["Table"]["TableStatus"]
        context.report.check("a table is left", "ACTIVE", status)
        dynamodb.delete_table(TableName=table)
    for key in kept["keys"]:
        context.target.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        context.report.measure("the KMS key", "is deleted after seven days")


def created_again(context: Context) -> None:
    """SQS refuses the name of a queue for 60 seconds after its deletion."""
    if not context.target.is_aws:
        raise NotRun("the emulator gives names again at once")
    try:
        context.target.deploy("LogRetentionDays=1")
        context.report.measure("the stack at once again", "is deployed")
    except RuntimeError as error:
        context.report.measure("the stack at once again", str(error)[-300:])


def left_over(context: Context) -> dict[str, list[Any]]:
    """What the deletion of the stack keeps."""
    outputs = context.target.outputs
    names = ("RegistryTableName", "EventsTableName", "DeliveriesTableName")
    tables = [outputs[name] for name in names if name in outputs]
    key = outputs.get("SecretsKeyArn")
    return {"tables": tables, "keys": [key] if key else []}
