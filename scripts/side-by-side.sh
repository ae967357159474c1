#!/usr/bin/env bash
# side-by-side.sh TARGET OTHER...: runs make targets at once. What the first says is shown as it comes, what each
# other says in one piece when it ends. All run to their end; exit 1 if any failed, named in the last lines.
set -uo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
stop() {
    local running
    running=$(jobs -p)
    # Each job is a process group of its own: what it started ends with it.
    for group in $running; do kill -TERM -- "-$group" 2>/dev/null; done
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM
set -m

make_target() {
    local begin=$SECONDS
    if "${MAKE:-make}" --no-print-directory "$1"; then
        echo "ok      $1 ($((SECONDS - begin)) s)" > "$folder/$1.result"
    else
        echo "FAILED  $1 ($((SECONDS - begin)) s)" > "$folder/$1.result"
    fi
}

in_one_piece() {
    make_target "$1" > "$folder/$1.output" 2>&1
    printf '\n\033[1m%s\033[0m\n%s\n' "$1" "$(cat "$folder/$1.output")"
}

for target in "${@:2}"; do in_one_piece "$target" & done
make_target "$1" &
wait

echo
for target in "$@"; do cat "$folder/$target.result" 2>/dev/null || echo "FAILED  $target (it did not end)"; done | tee "$folder/results"
! grep -q '^FAILED' "$folder/results"
