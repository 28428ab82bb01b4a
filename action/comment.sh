#!/usr/bin/env bash
# Writes one comment on the pull request, or of drift on an issue, or replaces the one that an earlier run of the same
# projects wrote. Takes REPORT, INPUT_COMMAND, INPUT_COMMENT, INPUT_COMMENT_AUTHOR, INPUT_ISSUE and INPUT_TOKEN.
set -euo pipefail

[[ -s $REPORT ]] || exit 0
case $INPUT_COMMAND in
  plan) [[ $INPUT_COMMENT == true ]] || exit 0 ;;
  drift) [[ -n $INPUT_ISSUE ]] || exit 0 ;;
  *) exit 0 ;;
esac

# A script of Python's: it is there, where gh, jq and curl may not be; -I: nothing of the checkout is imported.
exec "$RUNNER_TEMP/reconciler/bin/python" -I "$GITHUB_ACTION_PATH/action/comment.py"
