#!/usr/bin/env bash
# Writes one comment on the pull request, or replaces the one that an earlier run of the same projects wrote.
# Takes REPORT, INPUT_COMMAND, INPUT_COMMENT, INPUT_COMMENT_AUTHOR and INPUT_TOKEN.
set -euo pipefail

if [[ $INPUT_COMMENT != true || $INPUT_COMMAND != plan || ! -s $REPORT ]]; then
  exit 0
fi

# A script of Python's: it is there, where gh, jq and curl may not be; -I: nothing of the checkout is imported.
exec "$RUNNER_TEMP/reconciler/bin/python" -I "$GITHUB_ACTION_PATH/action/comment.py"
