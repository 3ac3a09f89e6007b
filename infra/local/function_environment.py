"""Writes the deployed functions' environment to a file, for `cargo lambda watch --env-file` with a running stack."""

import os
from pathlib import Path

from deploy import client
from emulator import CREDENTIALS, Emulator
from places import REGION


def write(emulator: Emulator, path: Path) -> None:
    """Writes the variables of all functions and the emulator's endpoint. Only the user can read the file."""
    functions = client(emulator, "lambda")
    variables = {**CREDENTIALS, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": emulator.endpoint}
    for function in functions.list_functions()["Functions"]:
        variables.update(function["Environment"]["Variables"])
    variables["AWS_SDK_UA_APP_ID"] = "mailhooks-local"
    lines = [f"{name}={value}\n" for name, value in sorted(variables.items())]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(lines)
