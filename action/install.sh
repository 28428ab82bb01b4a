#!/usr/bin/env bash
# Installs the package into a virtual environment of the job's own, once a job.
# Takes INPUT_VERSION and INPUT_EXTRAS; gives $RUNNER_TEMP/reconciler.
set -euo pipefail

fail() {
  echo "::error title=reconciler::$1"
  exit 1
}

[[ $INPUT_VERSION =~ ^[0-9A-Za-z.+!_-]*$ ]] || fail "the input version is no version"
[[ $INPUT_EXTRAS =~ ^[a-z0-9,_-]*$ ]] || fail "the input extras is no list of extras"

home=$RUNNER_TEMP/reconciler
wanted="$GITHUB_ACTION_PATH $INPUT_VERSION $INPUT_EXTRAS"
if [[ -f $home/wanted && $(<"$home/wanted") == "$wanted" ]]; then
  exit 0
fi

python=$(command -v python3 || command -v python) || fail "there is no Python; actions/setup-python brings one"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "reconciler needs Python 3.11 or later; actions/setup-python brings one"

extras=${INPUT_EXTRAS:+[$INPUT_EXTRAS]}
if [[ -n $INPUT_VERSION ]]; then
  package="ecs-reconciler$extras==$INPUT_VERSION"
else
  package="$GITHUB_ACTION_PATH$extras"
fi
"$python" -m venv --clear "$home"
"$home/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$package"
printf '%s' "$wanted" >"$home/wanted"
