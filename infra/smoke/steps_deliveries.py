"""Deliveries: long chains, breakers, dead letters, redrives, hidden waits."""

import time

from context import Context, until
from report import NotRun


def long_chain(context: Context) -> None:
    """A chain longer than the 16 invocations that Lambda allows by default."""
    lambda_client = context.target.client("lambda")
    function = context.target.outputs["DeliverFunctionName"]
    setting = lambda_client.get_function_recursion_config(FunctionName=function)["RecursiveLoop"]
    context.report.check("deliver may recurse", "Allow", setting)
    # The breaker must not hold the delivery before the chain ends.
    webhook = context.webhook("/500/chain", retry_policy={"delays_seconds": [2] * 30}, breaker={"failures": 1000})
    context.publish()
    context.report.check("31 attempts of one delivery", (1, 31), context.reached("/500/chain", 1, 31, 240))
    context.drop(webhook)
    if not context.target.is_aws:
        raise NotRun("RecursiveInvocationsDropped: the emulator has no such metric")
    dropped = context.metric("AWS/Lambda", "RecursiveInvocationsDropped", {"FunctionName": function})
    context.report.check("no invocation is dropped", 0, dropped or 0)


def recovery_pages(context: Context) -> None:
    """A recovery of more pages than Lambda allows invocations in a chain by default."""
    began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    path = "/flaky-1/recovered"
    webhook = context.webhook(path, retry_policy={"delays_seconds": []}, breaker={"failures": 1000})
    context.publish(200)
    context.reached(path, 200, 200, 180)
    deliveries = f"/api/v1/webhooks/{webhook}/deliveries?state=dead&limit=100"
    until(lambda: len(context.acme.get(deliveries)["data"]) == 100, 60)
    wanted = {"since": began, "states": ["dead"], "rate": 1}
    started = context.acme.post(f"/api/v1/webhooks/{webhook}/recover", wanted)["id"]
    context.report.check("200 recovered deliveries arrive", (200, 400), context.reached(path, 200, 400, 420))
    running = ["running"]
    until(lambda: context.acme.get(f"/api/v1/recoveries/{started}")["status"] not in running, 120)
    context.report.measure("the recovery", context.acme.get(f"/api/v1/recoveries/{started}")["status"])
    context.drop(webhook)


def breaker(context: Context) -> None:
    """A receiver that fails and recovers: deliveries are held, a probe closes the breaker, the tenant is told."""
    webhook = context.webhook(
        "/flaky-2/breaker", breaker={"failures": 1, "window_seconds": 0}, retry_policy={"delays_seconds": [1] * 30}
    )
    context.publish()
    health = f"/api/v1/webhooks/{webhook}"
    opened = until(lambda: context.acme.get(health)["health"]["state"] == "open", 90)
    context.report.check("the breaker opens", True, opened)
    closed = until(lambda: context.acme.get(health)["health"]["state"] == "closed", 300)
    context.report.check("a probe closes it", True, closed)
    # Operational events are written in transactions: they show that IAM allows these with conditions on partitions.
    types = {event["type"] for event in context.acme.get("/api/v1/events?limit=100")["data"]}
    context.report.check("the tenant is told", True, {"webhook.opened", "webhook.closed"} <= types)
    context.drop(webhook)


def dead_letters(context: Context) -> None:
    """Ten deliveries die, and a redrive sends each once more."""
    webhook = context.webhook("/flaky-1/dead", retry_policy={"delays_seconds": []}, breaker={"failures": 1000})
    context.publish(10)
    context.report.check("ten deliveries die", (10, 10), context.reached("/flaky-1/dead", 10, 10, 120))
    listed = until(lambda: len(context.acme.get("/api/v1/dead-letters")["data"]) >= 10, 60)
    context.report.check("they are listed", True, listed)
    if not context.target.is_aws:
        context.drop(webhook)
        raise NotRun("redrive: the emulator has no StartMessageMoveTask")
    started = context.admin.post("/api/v1/redrives", {"max_per_second": 2})["id"]
    context.admin.call("DELETE", f"/api/v1/redrives/{started}", None)
    until(lambda: context.admin.get("/api/v1/redrives")["data"][0]["state"] != "cancelling", 60)
    context.admin.post("/api/v1/redrives", {"max_per_second": 2})
    context.report.check("each is sent once more", (10, 20), context.reached("/flaky-1/dead", 10, 20, 180))
    context.drop(webhook)


def hidden_wait(context: Context) -> None:
    """A wait of 16 minutes, which is longer than a delayed message can wait. `hidden_wait_ends` looks for its end."""
    if not context.target.is_aws:
        raise NotRun("a wait of 16 minutes says nothing about AWS on the emulator")
    context.hidden = context.webhook("/flaky-2/hidden", retry_policy={"delays_seconds": [5, 960]})
    context.publish()
    context.report.check("two attempts before the wait", (1, 2), context.reached("/flaky-2/hidden", 1, 2, 120))


def hidden_wait_ends(context: Context) -> None:
    if not context.target.is_aws:
        raise NotRun("see above")
    context.report.check("the third attempt", (1, 3), context.reached("/flaky-2/hidden", 1, 3, 1_200))
    context.drop(context.hidden)
