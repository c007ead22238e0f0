#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the workload as an ordinary process and checks what it says: check.sh BUILD_DIR
set -u

build=$(realpath "$1")
failures=0

# check NAME COMMAND...: the command's success is the case's.
check() {
    local name=$1
    shift
    if "$@"; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        # shellcheck disable=SC2001 # sed indents every line
        sed 's/^/    /' <<<"$output"
        failures=$((failures + 1))
    fi
}

# run PROGRAM WORD...: sets output and status; a hang is a failure with status 124.
run() {
    local program=$1
    shift
    output=$(timeout 120 "$build/$program" "$@" 2>&1)
    status=$?
}

# begin PROGRAM WORD...: a run that goes on until end_by.
begin() {
    local program=$1
    shift
    "$build/$program" "$@" >"$build/said" 2>&1 &
    child=$!
}

# end_by SIGNAL: sets output and status.
end_by() {
    kill -"$1" "$child" 2>/dev/null
    wait "$child" 2>/dev/null
    status=$?
    output=$(cat "$build/said")
}

# await COMMAND...: until it succeeds, and no longer than a minute.
await() {
    local _
    for _ in {1..600}; do
        ! "$@" || return 0
        sleep 0.1
    done
    return 1
}

# has_said PATTERN: a whole line of the run that has begun.
has_said() {
    grep -qEx "workload: $1" "$build/said"
}

# says STATUS PATTERN...: the last run ended so, with each pattern matching a whole line.
says() {
    local pattern
    [ "$status" -eq "$1" ] || { output+=$'\n'"(status $status)" && return 1; }
    shift
    for pattern; do
        grep -qEx "workload: $pattern" <<<"$output" ||
            { output+=$'\n'"(missing: $pattern)" && return 1; }
    done
}

count() {
    grep -cE "^workload: $1" <<<"$output"
}

# bucket_sum: all delays that the last histogram line counts.
bucket_sum() {
    grep '^workload: histogram' <<<"$output" | tail -n 1 | tr -c '0-9:\n' ' ' |
        awk '{ for (i = 1; i <= NF; i++) if (split($i, pair, ":") == 2) sum += pair[2] }
             END { print sum + 0 }'
}

clean_run() {
    run "$1" mb=4 threads="$2" rounds=3 pattern="$3" writes=50 hot=20
    says 0 "ready pages=1024 threads=$2 mb=4 free_kib=[0-9]+" \
        "round=3 bad=0 verified=1024 writes=5[0-9]{2} ms=[0-9]+ max_us=[0-9]+" \
        "histogram le_us=1:[0-9]+(,[0-9]+:[0-9]+)*" "done rounds=3 bad=0" &&
        [ "$(count round=)" -eq 3 ] && [ "$(count .)" -eq 6 ] &&
        [ "$(tail -n 1 <<<"$output")" = "workload: done rounds=3 bad=0" ]
}

# corrupted PROGRAM PAGE ZERO: exactly that page is bad, in that round only.
corrupted() {
    run "$1" mb=1 threads=2 rounds=4 corrupt="$2@3" writes=0 zero="$3"
    says 1 "bad page=$2 version=0 word=$(($2 / 8)) expected=0x[0-9a-f]{16} found=0x[0-9a-f]{16}" \
        "round=2 bad=0 .*" "round=3 bad=1 .*" "round=4 bad=0 .*" "done rounds=4 bad=1" &&
        [ "$(count bad)" -eq 1 ]
}

zero_page_found_damaged() {
    run init mb=1 rounds=1 corrupt=6@1 writes=0 zero=100
    says 1 "bad page=6 version=0 word=0 expected=0x0{16} found=0x0010000000000000"
}

refuses() {
    run init-asan mb=1 rounds=1 "$1"
    says 2 "error $2" && [ "$(count .)" -eq 1 ]
}

histogram_counts_every_visit() {
    run init mb=1 rounds=20 writes=100 threads=2
    [ "$(count histogram)" -eq 2 ] && [ "$(bucket_sum)" -eq $((20 * 2 * 256)) ]
}

pauses_between_rounds() {
    local start=${EPOCHREALTIME/./}
    run init mb=1 rounds=3 idle_ms=100
    says 0 "done rounds=3 bad=0" && [ $((${EPOCHREALTIME/./} - start)) -ge 200000 ]
}

endless_by_default() {
    begin init mb=1 idle_ms=100
    await has_said "round=5 bad=0 .*"
    end_by TERM
    says 143 "round=5 bad=0 .*" && [ "$(count 'done')" -eq 0 ]
}

# That there is no round, no event can tell.
touches_take_the_place_of_rounds() {
    begin init mb=1 touch_us=10000
    await has_said "ready pages=256 .*"
    sleep 1
    end_by TERM
    says 143 "ready pages=256 .*" && [ "$(count round=)" -eq 0 ]
}

fatal_signal_is_reported() {
    begin init mb=1 idle_ms=1000
    await has_said "ready .*"
    end_by SEGV
    [ "$(count 'error signal=11')" -eq 1 ]
}

# moves_pages PROGRAM DEVICE WORD...: one that works on moves pages.
moves_pages() {
    local program=$1 device=$2
    shift 2
    begin "$program" mb=1 idle_ms=20 "$@"
    await has_said "$device moves=[1-9][0-9]* max_us=[0-9]+"
    end_by TERM
    says 143 "$device moves=[1-9][0-9]* max_us=[0-9]+" && [ "$(count error)" -eq 0 ]
}

disk_is_verified() {
    truncate -s 8M "$build/disk"
    run "$1" mb=1 rounds=5 idle_ms=20 disk="$build/disk" disk_mb=1
    says 0 "disk moves=[0-9]+ max_us=[0-9]+" "done rounds=5 bad=0" && [ "$(count disk)" -eq 5 ] &&
        moves_pages "$1" disk disk="$build/disk" disk_mb=1
}

disk_moves() {
    sed -n 's/^workload: disk moves=\([0-9]*\) .*/\1/p' "$build/said" | tail -n 1
}

has_moved() {
    [ "$(disk_moves)" -ge "$1" ]
}

# Another writer puts an old state of the disk back.
disk_damage_is_found() {
    truncate -s 1M "$build/disk"
    begin init mb=1 idle_ms=20 disk="$build/disk" disk_mb=1
    await has_said "disk moves=[1-9].*"
    cp "$build/disk" "$build/disk.old"
    await has_moved $(($(disk_moves) + 1000))
    dd if="$build/disk.old" of="$build/disk" conv=notrunc oflag=direct bs=64k status=none
    await has_said "error disk: page [0-9]+ version [0-9]+ came wrong: .*"
    local found=$?
    end_by TERM
    return $found
}

# echo_server DAMAGE: on a port of its own, whose number is in $build/port; DAMAGE is a chunk that
# comes back with another byte.
echo_server() {
    rm -f "$build/port"
    python3 - "$1" "$build/port" <<'PYTHON' &
import os, socket, sys
damage = int(sys.argv[1])
server = socket.create_server(("127.0.0.1", 0))
server.settimeout(120)
with open(sys.argv[2] + ".new", "w") as f:
    f.write(str(server.getsockname()[1]))
os.rename(sys.argv[2] + ".new", sys.argv[2])
client, _ = server.accept()
chunks = 0
try:
    while data := client.recv(65536):
        chunks += 1
        if chunks == damage:
            data = bytes([data[0] ^ 1]) + data[1:]
        client.sendall(data)
except ConnectionError:
    pass
PYTHON
    await [ -f "$build/port" ]
}

network_is_verified() {
    echo_server 0
    run "$1" mb=1 rounds=5 idle_ms=20 net="127.0.0.1:$(cat "$build/port")" net_mb=1
    wait
    says 0 "net moves=[0-9]+ max_us=[0-9]+" "done rounds=5 bad=0" && [ "$(count net)" -eq 5 ] &&
        echo_server 0 && moves_pages "$1" net net="127.0.0.1:$(cat "$build/port")" net_mb=1
    local moved=$?
    wait
    return $moved
}

network_damage_is_found() {
    echo_server 5
    begin init mb=1 idle_ms=20 net="127.0.0.1:$(cat "$build/port")" net_mb=1
    await has_said "error net: page [0-9]+ version [0-9]+ came wrong: .*"
    local found=$?
    end_by TERM
    wait
    return $found
}

disk_error_is_reported() {
    truncate -s 4096 "$build/disk"
    run init mb=1 rounds=1 disk=/dev/full
    says 2 "error disk: .*"
}

missing_memory_is_reported() {
    output=$(
        ulimit -v 100000
        timeout 120 "$build/init" mb=100 rounds=1 2>&1
    )
    status=$?
    says 2 "error no memory for 25600 pages: .*"
}

# A pipe of packets (O_DIRECT) keeps each write apart.
lines_are_single_writes() {
    output=$(python3 - "$build/init" <<'PYTHON'
import os, subprocess, sys
reader, writer = os.pipe2(os.O_DIRECT)
subprocess.run([sys.argv[1], "mb=1", "rounds=10", "corrupt=3@2"], stdout=writer, timeout=120)
os.close(writer)
writes = []
while chunk := os.read(reader, 4096):
    writes.append(chunk)
print(sum(1 for w in writes if w.count(b"\n") == 1 and w.endswith(b"\n")), len(writes))
PYTHON
    )
    [ "$output" = "14 14" ]
}

output=$("$build/units" 2>&1)
check "contents, orders and buckets keep their promises" [ "$output" = "units: ok" ]

for program in init init-asan init-tsan; do
    for pattern in random sweep zipf; do
        check "$program: a clean $pattern run" clean_run "$program" 2 "$pattern"
    done
    check "$program: more threads than cpus" clean_run "$program" 7 random
    check "$program: a damaged page is found" corrupted "$program" 200 0
done
check "init: one thread" clean_run init 1 random
check "a damaged zero page is found" zero_page_found_damaged
check "the histogram counts every visit" histogram_counts_every_visit
check "the pause is kept" pauses_between_rounds
check "endless unless told" endless_by_default
check "touches take the place of rounds" touches_take_the_place_of_rounds
check "a fatal signal is reported" fatal_signal_is_reported
check "missing memory is reported" missing_memory_is_reported
for program in init init-asan init-tsan; do
    check "$program: a disk is verified" disk_is_verified "$program"
    check "$program: a network is verified" network_is_verified "$program"
done
check "a damaged disk is found" disk_damage_is_found
check "a damaged network is found" network_damage_is_found
check "a disk that cannot be used is reported" disk_error_is_reported
check "each line is one write" lines_are_single_writes

for word in mb=0 mb=x mb= mb=-1 mb=+1 'mb= 1' mb=1x mb=99999999999999999999 threads=0 threads=65 \
    writes=10001 hot=0 hot=101 zero=101 rounds=1.5 idle_ms=3600001 disk_mb=0 net_mb=0 touch_us=0; do
    check "refuses $word" refuses "$word" "${word/+/[+]} is not possible, allowed: [0-9]+ to [0-9]+"
done
check "refuses mb=1048576" refuses mb=1048576 "mb=1048576 is not possible, allowed: 1 to [0-9]+, .*"
check "refuses pattern=lru" refuses pattern=lru "pattern=lru is not possible, allowed: random, .*"
check "refuses end=now" refuses end=now "end=now is not possible, allowed: halt, reboot, .*"
check "refuses disk=sda" refuses disk=sda "disk=sda is not possible, allowed: the path of .*"
for word in net=7 net=localhost:7 net=10.0.0.1 net=10.0.0.1:0 net=10.0.0.1:65536 net=:7; do
    check "refuses $word" refuses "$word" "$word is not possible, allowed: ADDRESS:PORT, .*"
done
for word in corrupt=5 corrupt=5@ corrupt=@5 corrupt=5@0 corrupt=a@1 corrupt=5@1x; do
    check "refuses $word" refuses "$word" "$word is not possible, allowed: PAGE@ROUND, .*"
done
check "refuses corrupt=256@1" refuses corrupt=256@1 "corrupt=256@1 is not .*: pages 0 to 255"
for word in speed=3 mb --help ''; do
    check "refuses '$word'" refuses "$word" "$word is not a parameter, allowed: pattern=, .*corrupt=, disk=, net="
done

[ "$failures" -eq 0 ] || echo "$failures failed"
[ "$failures" -eq 0 ]
