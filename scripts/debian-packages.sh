#!/usr/bin/env bash
# What the tests drive for real and pip cannot bring: a browser, a broker, databases, Chinese fonts, Pango for PDF.
set -euo pipefail

packages=(chromium fonts-noto-cjk libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 mosquitto postgresql redis-server)
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests need these Debian packages: ${missing[*]}. Install them (sudo apt-get install ${missing[*]}), then run make test again." >&2
    exit 2
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# A broker that Debian starts by itself would hold the port that the demo wants.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
trap 'rm -f /usr/sbin/policy-rc.d' EXIT
apt-get install -y -qq --no-install-recommends "${missing[@]}"
