# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# An NBD server that keeps what it gets in its memory.

# start_nbd_server DIRECTORY: NBD_URI is where it is; it ends with this script.
start_nbd_server() {
    local socket=$1/nbd.socket pid_file=$1/nbd.pid server
    rm -f "$socket" "$pid_file"
    nbdkit -f --exit-with-parent -U "$socket" -P "$pid_file" memory 4G 2>/dev/null &
    server=$!
    until [ -e "$pid_file" ]; do
        kill -0 $server 2>/dev/null || { echo "nbdkit does not start" >&2; return 1; }
        sleep 0.02
    done
    # shellcheck disable=SC2034
    NBD_URI="nbd+unix:///?socket=$socket"
}
