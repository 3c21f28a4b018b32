#!/usr/bin/env bash
# Runs gatelint once, publishes its reports and says its exit code. Ends with 0 itself
# unless an input is wrong: the verdict is the last step of action.yml.
# Reads: GATELINT (the binary), INPUT_*, READ_ONLY, GH_TOKEN and the variables every runner sets.
set -euo pipefail

set_output() { # NAME VALUE
  echo "$1=$2" >>"$GITHUB_OUTPUT"
}

die() {
  echo "::error title=gatelint::$1"
  set_output exit-code 2
  set_output verdict error
  exit 2
}

# A value that reads like a flag, or spans lines, is refused: an input says one thing.
value() { # NAME VALUE
  [[ $2 != -* ]] || die "the input '$1' must not begin with a dash"
  [[ $2 != *$'\n'* ]] || die "the input '$1' must be one line"
}

one_of() { # NAME VALUE ALLOWED...
  local name=$1 given=$2 allowed
  shift 2
  for allowed; do
    [[ $given != "$allowed" ]] || return 0
  done
  die "the input '$name' must be one of: $*"
}

[[ -x ${GATELINT:-} ]] || die "gatelint is not installed"
value working-directory "${INPUT_WORKING_DIRECTORY:-.}"
value config "${INPUT_CONFIG:-}"
value baseline "${INPUT_BASELINE:-}"
one_of profile "${INPUT_PROFILE:-}" "" default strict
one_of fail-on "${INPUT_FAIL_ON:-high}" critical high medium low info
one_of min-severity "${INPUT_MIN_SEVERITY:-}" "" critical high medium low info
one_of sarif "${INPUT_SARIF:-auto}" auto always never
one_of annotations "${INPUT_ANNOTATIONS:-auto}" auto always never
one_of summary "${INPUT_SUMMARY:-true}" true false

paths=()
while IFS= read -r path; do
  [[ -z ${path//[[:space:]]/} ]] && continue
  value paths "$path"
  paths+=("$path")
done <<<"${INPUT_PATHS:-.}"

out=$RUNNER_TEMP/gatelint-reports
mkdir -p "$out"
rm -f "$out"/*
arguments=(check --no-progress --color always --fail-on "${INPUT_FAIL_ON:-high}")
for format in sarif json markdown github; do
  arguments+=(--output "$format=$out/gatelint.$format")
done
arguments+=(--format text)
[[ -z ${INPUT_CONFIG:-} ]] || arguments+=(--config "$INPUT_CONFIG")
[[ -z ${INPUT_PROFILE:-} ]] || arguments+=(--profile "$INPUT_PROFILE")
[[ -z ${INPUT_MIN_SEVERITY:-} ]] || arguments+=(--min-severity "$INPUT_MIN_SEVERITY")
[[ -z ${INPUT_BASELINE:-} ]] || arguments+=(--baseline "$INPUT_BASELINE")

cd "${INPUT_WORKING_DIRECTORY:-.}" || die "there is no such working-directory"

# The report quotes the documents under review. gatelint makes commands in them harmless; the
# runner is told as well to take none of these lines for a command.
guard=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$guard"
code=0
"$GATELINT" "${arguments[@]}" -- "${paths[@]}" || code=$?
echo
echo "::$guard::"

set_output exit-code "$code"
case $code in
  0) set_output verdict pass ;;
  1) set_output verdict fail ;;
  3) set_output verdict no-inputs ;;
  *) set_output verdict error ;;
esac

# From here on nothing changes the verdict. What goes wrong is a warning.
set +e

warn() {
  echo "::warning title=gatelint::$1"
}

upload() {
  local body=$out/sarif.gz.base64 host=${GITHUB_SERVER_URL:-https://github.com}
  gzip -c "$out/gatelint.sarif" | base64 | tr -d '\n' >"$body" || return
  GH_HOST=${host#https://} GH_ENTERPRISE_TOKEN=${GH_TOKEN:-} gh api --silent --method POST \
    "repos/$GITHUB_REPOSITORY/code-scanning/sarifs" \
    -f "commit_sha=$GITHUB_SHA" -f "ref=$GITHUB_REF" -F "sarif=@$body"
}

uploaded=false
if [[ -f $out/gatelint.sarif ]]; then
  set_output sarif-file "$out/gatelint.sarif"
  if [[ ${INPUT_SARIF:-auto} == never ]]; then
    :
  elif [[ ${READ_ONLY:-false} == true ]]; then
    warn "nothing is uploaded to code scanning: the token of this run is read-only. The verdict is not affected."
  elif ! command -v gh >/dev/null; then
    warn "nothing is uploaded to code scanning: there is no gh on this runner"
  elif upload; then
    uploaded=true
  else
    warn "the upload to code scanning failed; it needs the permission 'security-events: write', and code scanning to be on for the repository"
  fi
fi
set_output sarif-uploaded "$uploaded"

annotations=${INPUT_ANNOTATIONS:-auto}
if [[ -f $out/gatelint.github && ($annotations == always || ($annotations == auto && $uploaded == false)) ]]; then
  cat "$out/gatelint.github"
fi

if [[ -f $out/gatelint.markdown && ${INPUT_SUMMARY:-true} == true ]]; then
  cat "$out/gatelint.markdown" >>"$GITHUB_STEP_SUMMARY"
fi

if [[ -f $out/gatelint.json ]]; then
  set_output json-file "$out/gatelint.json"
  if command -v jq >/dev/null; then
    for severity in critical high medium low info; do
      set_output "findings-$severity" "$(jq ".summary.$severity" "$out/gatelint.json")"
    done
  else
    warn "the outputs findings-* are empty: there is no jq on this runner"
  fi
fi
exit 0
