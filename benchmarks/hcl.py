"""How long HCL takes to be read: 1,000 lines by `reconciler.hcl` and by python-hcl2, interleaved in fresh processes.

::

    python benchmarks/hcl.py [--rounds 7] [--blocks 36]

cold      a process with no parser tables kept: imports, makes the tables, reads
warm      the same with tables in the cache folder
again     the same text once more in the same process

python-hcl2 reads to its dictionaries (`loads`); its tables are kept in a folder of our own, not in site-packages.
Ratios compare between machines; milliseconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

BLOCK = """\
resource "aws_ecs_service" "web{0}" {{
  name            = "web-${{var.env}}-{0}"
  cluster         = aws_ecs_cluster.main[{0}].id
  task_definition = "${{aws_ecs_task_definition.app.family}}:${{max(local.revision, var.revision)}}"
  desired_count   = var.counts["web{0}"] > 0 ? var.counts["web{0}"] : 2
  # who is asked about it
  tags = merge(local.tags, {{
    Name        = "web-{0}"
    Owner       = lookup(var.owners, "web{0}", "nobody")
    Environment = var.env
  }})

  network_configuration {{
    subnets         = aws_subnet.private[*].id
    security_groups = [for group in local.groups : group.id if group.name != "x{0}"]
  }}

  load_balancer {{
    target_group_arn = aws_lb_target_group.web[{0}].arn
    container_name   = "web"
    container_port   = 8080 + {0}
  }}
  policy = <<-EOT
    hello ${{var.name}} and
    %{{ if var.greets }}yes%{{ endif }}
  EOT
}}

"""

OURS = """
import sys, time
begun = time.perf_counter()
from reconciler.hcl import syntax
text = open(sys.argv[1]).read()
syntax.parse_body(text, "main.tf")
first = time.perf_counter()
syntax.parse_body(text, "main.tf")
print(first - begun, time.perf_counter() - first)
"""

THEIRS = """
import sys, time, pathlib
begun = time.perf_counter()
import hcl2, hcl2.parser
hcl2.parser.PARSER_FILE = pathlib.Path(sys.argv[2]) / "hcl2.bin"
text = open(sys.argv[1]).read()
hcl2.loads(text)
first = time.perf_counter()
hcl2.loads(text)
print(first - begun, time.perf_counter() - first)
"""


def measure(code: str, text: Path, cache: Path) -> tuple[float, float]:
    """Run a reader in a process of its own; give the seconds of its first and its second reading."""
    run = subprocess.run(
        [sys.executable, "-c", code, str(text), str(cache)],
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    first, again = map(float, run.stdout.split())
    return first, again


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the medians as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--blocks", type=int, default=36, help="of 28 lines each")
    options = parser.parse_args(arguments)
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        text = Path(place) / "main.tf"
        text.write_text("".join(BLOCK.format(number) for number in range(options.blocks)))
        for turn in range(options.rounds):
            readers = [("reconciler", OURS), ("python-hcl2", THEIRS)]
            random.shuffle(readers)
            for name, code in readers:
                cache = Path(place) / f"{name}-{turn}"
                cache.mkdir()
                cold, _ = measure(code, text, cache)
                warm, again = measure(code, text, cache)
                for kind, found in (("cold", cold), ("warm", warm), ("again", again)):
                    seconds.setdefault(f"{name} {kind}", []).append(found)
        lines = text.read_text().count("\n")
    medians = {name: statistics.median(each) for name, each in seconds.items()}
    ratios = {
        kind: round(medians[f"reconciler {kind}"] / medians[f"python-hcl2 {kind}"], 3)
        for kind in ("cold", "warm", "again")
    }
    shown = {name: round(each * 1000, 1) for name, each in medians.items()}
    print(json.dumps({"lines": lines, "milliseconds": shown, "ratios": ratios}, indent=2))


if __name__ == "__main__":
    main()
