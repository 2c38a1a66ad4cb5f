#!/usr/bin/env bash
# Starts the GoNB kernel of the project: launch.sh CONNECTION_FILE
#
# Each kernel compiles its cells below a temporary folder of its own, named after
# its process, so that two notebooks cannot meet there. A kernel that is killed
# leaves its folder behind; the next one to start sweeps it away.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P)
if ! [ -x "$root/.tools/bin/gonb" ]; then
	echo "The Go kernel is not built yet: run 'make setup' in $root." >&2
	exit 1
fi

for left in "$root"/.tools/tmp/kernel-*; do
	if [ -d "$left" ] && ! kill -0 "${left##*-}" 2>/dev/null; then rm -rf "$left"; fi
done
export TMPDIR=$root/.tools/tmp/kernel-$$
mkdir -p "$TMPDIR"

# A cell uses the versions that go.mod pins, and never waits for a network. To try
# another module in a notebook, give a cell the lines: %autoget, %env GOPROXY=direct
export GOPROXY=off

# Linking is most of what a cell waits for, and without tables for a debugger it takes
# half as long; stack traces name their lines all the same.
goflags=${GOFLAGS-$(go env GOFLAGS 2>/dev/null || true)}
case $goflags in
*-ldflags*) ;;
*) export GOFLAGS="${goflags:+$goflags }-ldflags=-s" ;;
esac

# exec keeps the process number, and lets signals reach gonb itself.
exec "$root/scripts/with-env" gonb -raw_error=true -go_work="$root" --kernel "$1"
