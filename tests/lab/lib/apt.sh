# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Debian packages, binary and source, without touching the system's apt:
# a copy of its source entries for bookworm, with deb-src switched on, and
# package lists of our own. Needs no root.

APT=$CACHE/apt

apt_config() {
    mkdir -p "$APT/sources.d" "$APT/lists/partial" "$APT/cache/archives/partial"
    : > "$APT/status"
    cat > "$APT/apt.conf" <<-EOF
	Dir::Etc::SourceList "/dev/null";
	Dir::Etc::SourceParts "$APT/sources.d";
	Dir::State::Lists "$APT/lists";
	Dir::State::Status "$APT/status";
	Dir::Cache "$APT/cache";
	APT::Sandbox::User "";
	Acquire::Languages "none";
	Acquire::Retries "3";
	#clear APT::Update::Pre-Invoke;
	#clear APT::Update::Post-Invoke;
	#clear APT::Update::Post-Invoke-Success;
	EOF
}

# The two formats of the system's entries (sources.list(5)). Copying whole entries keeps
# options such as Signed-By. Entries of other suites are none of our business.
apt_sources() {
    local etc file
    etc=$(apt-config shell etc Dir::Etc/d)
    etc=${etc#*=}; etc=${etc//\'/}
    rm -f "$APT"/sources.d/*
    for file in "$etc"sources.list "$etc"sources.list.d/*.list; do
        [ ! -f "$file" ] || awk '
            /^[ \t]*deb(-src)?[ \t]/ && / bookworm(-updates|-security)?[ \t].*main/ {
                sub(/deb(-src)?/, "deb"); print; sub(/deb/, "deb-src"); print
            }' "$file"
    done | sort -u > "$APT/sources.d/lines.list"
    for file in "$etc"sources.list.d/*.sources; do
        [ ! -f "$file" ] || awk -v RS= -v ORS='\n\n' '
            /(^|\n)Suites:[^\n]* bookworm(-updates|-security)?( |\n)/ && /(^|\n)Components:[^\n]* main/ {
                sub(/(^|\n)Types:[^\n]*/, "\nTypes: deb deb-src"); sub(/^\n/, ""); print
            }' "$file"
    done > "$APT/sources.d/stanzas.sources"
    [ -s "$APT/sources.d/lines.list" ] || [ -s "$APT/sources.d/stanzas.sources" ] ||
        die "apt is configured without Debian 12 (bookworm main): the lab needs it"
}

apt_run() {
    local tool=$1
    shift
    "$tool" -c "$APT/apt.conf" "$@"
}

# apt_refresh: fetches the package lists. A third-party entry that fails is
# apt's complaint in the log, not ours: what is missing will be missed later.
apt_refresh() {
    apt_config
    apt_sources
    run_logged "fetching Debian's package lists" "$OUT/logs/apt-update.log" apt_update
}

apt_update() {
    apt_run apt-get update || true
    apt_run apt-cache show xen-utils-4.17 >/dev/null
    rm -rf "$APT/versions"
    date > "$APT/refreshed"
}

# apt_ready: call before anything else here; the lock is for the first run of two.
apt_ready() {
    [ ! -f "$APT/refreshed" ] || return 0
    mkdir -p "$APT"
    (
        flock 9
        if [ ! -f "$APT/refreshed" ]; then apt_refresh; fi
    ) 9>"$APT/lock"
}

# apt_versions PACKAGE...: "package version" of each one's candidate, as the inputs of
# a part. Remembered until the lists change: apt takes half a second to say it.
apt_versions() {
    local answer
    apt_ready
    answer=$APT/versions/$(echo "$*" | sha256sum | cut -c 1-16)
    if [ ! -s "$answer" ]; then
        mkdir -p "$APT/versions"
        apt_run apt-cache policy "$@" |
            awk '/^[^ ]/ { sub(/:$/, ""); name = $0 } /Candidate:/ { print name, $2 }' > "$answer.$$"
        mv "$answer.$$" "$answer"
    fi
    cat "$answer"
}

# apt_download PACKAGE...: fetches the .debs into the current directory. Lists that
# are older than the archive name files that are gone: then once more with new ones.
apt_download() {
    apt_ready
    apt_run apt-get download "$@" || { apt_update; apt_run apt-get download "$@"; }
}
