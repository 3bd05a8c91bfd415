"""`python -m bench.serve_bare PORT`: the bare handler under the same server as the forum."""

import sys

import uvicorn

uvicorn.run(
    "bench.bare:app",
    port=int(sys.argv[1]),
    loop="uvloop",
    http="httptools",
    server_header=False,
    access_log=False,
    log_level="warning",
)
