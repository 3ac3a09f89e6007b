#!/usr/bin/env python3
"""Installs what tests/systems imports into .local/ (once) and prints as JSON what runs it."""

import json

import node
import tools

if __name__ == "__main__":
    python = tools.environment("systems") / "bin" / "python"
    found = {"node_modules": str(node.modules()), "node": node.node(), "python": str(python)}
    # In one line and the last: what is installed says so in lines of its own.
    print(json.dumps(found))
