#!/usr/bin/env bash
# Runs the command, writes the job's summary and the outputs. Ends with 0 whatever the command found, so that the comment
# is written; `failed` is what the job ends with.
# Takes INPUT_…, as action.yml names them.
set -euo pipefail

# One stream: the runner reads stdout and stderr apart, and would know no order of the lines below.
exec 2>&1
reconciler=$RUNNER_TEMP/reconciler/bin/reconciler

fail() {
  echo "::error title=reconciler::$1"
  exit 1
}

# The lines of an input that are not empty, as words: never split any further, never expanded.
lines() {
  words=()
  while IFS= read -r line || [[ -n $line ]]; do
    line=${line%$'\r'}
    [[ -z $line ]] || words+=("$line")
  done <<<"$1"
}

cd -- "$INPUT_WORKING_DIRECTORY"
lines "$INPUT_PATHS"
paths=(-- ${words[@]+"${words[@]}"})
project=()  # beside a plan file, which is about one project, that is no path
if [[ -n $INPUT_PLAN_FILE && $INPUT_COMMAND != drift ]]; then
  ((${#words[@]} <= 1)) || fail "a plan-file is about one project: name one project file in paths"
  ((${#words[@]} == 0)) || project=("--config=${words[0]}")
  paths=(--)
fi
lines "$INPUT_ARGS"
args=(${words[@]+"${words[@]}"})
annotated=false
folder=$(mktemp -d "$RUNNER_TEMP/reconciler-XXXXXXXX")
report=$folder/report.md
page=$folder/drift.html
notes=$folder/annotations
: >"$report"

case $INPUT_COMMAND in
  plan)
    [[ -z $INPUT_FAIL_ON || $INPUT_FAIL_ON == changes ]] || fail "fail-on of a plan is changes, or nothing"
    annotated=$INPUT_ANNOTATIONS
    call=(plan --format markdown --detailed-exitcode)
    [[ -z $INPUT_PLAN_FILE ]] || call+=("--out=$INPUT_PLAN_FILE")
    ;;
  drift)
    call=(drift --format github "--report=$report" "--report=$page")
    [[ -z $INPUT_FAIL_ON || $INPUT_FAIL_ON == none ]] || call+=("--fail-on=$INPUT_FAIL_ON")
    ;;
  apply)
    [[ -z $INPUT_FAIL_ON ]] || fail "fail-on is about plan and drift"
    call=(apply --auto-approve)
    [[ -z $INPUT_PLAN_FILE ]] || paths+=("$INPUT_PLAN_FILE")
    ;;
  *) fail "the input command is plan, apply or drift" ;;
esac

# What comes from files and AWS must be no command of the runner's: only whoever knows the token ends this.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
code=0
echo "::stop-commands::$token"
run=("$reconciler" "${call[@]}" ${project[@]+"${project[@]}"} ${args[@]+"${args[@]}"} "${paths[@]}")
case $INPUT_COMMAND in
  plan) "${run[@]}" >"$report" || code=$? ;;
  drift) "${run[@]}" >"$notes" || code=$? ;;
  apply) "${run[@]}" | tee "$report" || code=${PIPESTATUS[0]} ;;
esac
echo "::$token::"

# What was written for the runner, escaped as it wants it; nothing else, whatever format the arguments ask for.
annotate() {
  grep -E '^::(error|warning|notice) ' "$notes" || true
}
if [[ $INPUT_COMMAND == drift && $INPUT_ANNOTATIONS == true ]]; then
  annotate
fi

# A summary may be 1 MiB large; a comment always fits.
if [[ $INPUT_COMMAND != apply ]]; then
  cat "$report" >>"$GITHUB_STEP_SUMMARY"
elif [[ -s $report ]]; then
  {
    echo "### reconciler $INPUT_COMMAND"
    echo "<pre>"
    head -c 200000 "$report" | sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g'
    echo "</pre>"
  } >>"$GITHUB_STEP_SUMMARY"
fi

changed=""
failed=$code
case $INPUT_COMMAND:$code in
  plan:0 | drift:0) changed=false ;;
  plan:2)
    changed=true
    [[ $INPUT_FAIL_ON == changes ]] || failed=0
    ;;
  drift:2)
    changed=true
    [[ $INPUT_FAIL_ON != none ]] || failed=0
    ;;
esac
{
  echo "exit-code=$code"
  echo "changed=$changed"
  echo "failed=$failed"
  echo "report=$report"
  [[ ! -s $page ]] || echo "report-html=$page"
} >>"$GITHUB_OUTPUT"

# The messages on stderr are those of the first run.
if [[ $annotated == true ]]; then
  words=()
  before=""
  for word in ${args[@]+"${args[@]}"}; do
    [[ $word == --markdown-limit* || $before == --markdown-limit ]] || words+=("$word")
    before=$word
  done
  "$reconciler" plan --format github ${project[@]+"${project[@]}"} ${words[@]+"${words[@]}"} "${paths[@]}" >"$notes" 2>"$folder/annotations.log" ||
    ((code != 0)) || echo "::warning title=reconciler::The plan for annotations failed, the one before did not."
  annotate
fi
