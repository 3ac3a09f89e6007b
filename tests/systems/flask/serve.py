"""Serves a receiver of this folder on a free port until the standard input ends: `python -I serve.py mailgreet`."""

import logging
import runpy
import sys
import threading
from pathlib import Path

from werkzeug.serving import make_server

# The receiver is loaded by its path, because one receiver has the name of a module of Python.
app = runpy.run_path(str(Path(__file__).with_name(f"{sys.argv[1]}.py")))["app"]
# The server handles one request after the other, so that printed lines do not mix.
server = make_server("127.0.0.1", 0, app)
logging.getLogger("werkzeug").setLevel(logging.ERROR)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"listening on {server.port}")
sys.stdin.read()
