#!/usr/bin/env python3
"""Installs the imports of tests/systems into .local/ (once), and prints the paths of what runs them as JSON."""

import json

import node
import tools

if __name__ == "__main__":
    python = tools.environment("systems") / "bin" / "python"
    found = {"node_modules": str(node.modules()), "node": node.node(), "python": str(python)}
    # The JSON is the last line, because installations print lines before it.
    print(json.dumps(found))
