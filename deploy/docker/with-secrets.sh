#!/bin/sh
# The database's password, out of a file into the environment of this process alone: `docker inspect` does not show it.
set -eu
umask 077
if [ -n "${PGPASSWORD_FILE:-}" ]; then
    if ! PGPASSWORD=$(cat "$PGPASSWORD_FILE"); then
        echo "PGPASSWORD_FILE cannot be read: make the file readable for user $(id -u)." >&2
        exit 2
    fi
    export PGPASSWORD
fi
exec "$@"
