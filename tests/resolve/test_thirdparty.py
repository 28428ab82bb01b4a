"""A resolver of somebody else's, installed from its own distribution, found, used and checked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

THIRDPARTY = Path(__file__).parents[2] / "fixtures" / "thirdparty"

PROGRAM = """
from pathlib import Path
from reconciler.core.references import PluginUse
from reconciler.resolve import registry, session
from reconciler.testing import FakeContext, check_resolver

context, config = FakeContext(Path(".")), {"path": "values.json"}
entry = registry.discover()["jsonfile"]
instances = registry.open_instances([PluginUse("JsonFile", config, "my_")], context)
addresses = [instances.functions["my_jsonfile"].address([path]) for path in ("service.image", "service.none")]
for answer in session.Session(instances).lookup_many(addresses).values():
    print(answer)
check_resolver(entry.load(), config, context, *addresses)
print(entry.distribution)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the distribution into a folder of its own, without a network."""
    target = tmp_path_factory.mktemp("site")
    options = "--quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --no-cache-dir"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options.split(), "--target", str(target), str(THIRDPARTY)],
        check=True,
    )
    return target


def test_third_party(site: Path, tmp_path: Path) -> None:
    (tmp_path / "values.json").write_text(json.dumps({"service": {"image": "httpd:2.4.62"}}))
    environ = os.environ | {"PYTHONPATH": str(site), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for _ in ("scanned", "cached"):
        run = subprocess.run(
            [sys.executable, "-W", "error", "-c", PROGRAM],
            cwd=tmp_path, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        value, failure, distribution = run.stdout.splitlines()
        assert "httpd:2.4.62" in value
        assert "NotFound" in failure
        assert "my_jsonfile service.none" in failure
        assert distribution == "reconciler-jsonfile 0.1.0"
