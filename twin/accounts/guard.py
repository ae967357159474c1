"""How often one address may try to sign in: a bucket of tries for each. No I/O."""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

TRIES = 10.0
"""Wrong ones at once, by people who share an address too."""
TRIES_PER_S = 0.1
MOST_ADDRESSES = 10_000
IPV6_SITE_BITS = 64
"""One customer has a whole /64 (RFC 6177), so its addresses share a bucket."""


@dataclass(slots=True)
class _Bucket:
    tries: float
    at_s: float


class SignInGuard:
    """Tries left, by address; of very many addresses those not heard of for longest are forgotten."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, address: str, now_s: float) -> float:
        """Use up a try: 0.0, or where there is none, in how many seconds there will be one."""
        bucket = self._bucket(site_of(address), now_s)
        if bucket.tries < 1.0:
            return (1.0 - bucket.tries) / TRIES_PER_S
        bucket.tries -= 1.0
        return 0.0

    def give_back(self, address: str, now_s: float) -> None:
        """The try was no guess: it does not count."""
        bucket = self._bucket(site_of(address), now_s)
        bucket.tries = min(TRIES, bucket.tries + 1.0)

    def _bucket(self, site: str, now_s: float) -> _Bucket:
        bucket = self._buckets.setdefault(site, _Bucket(TRIES, now_s))
        self._buckets.move_to_end(site)
        bucket.tries = min(TRIES, bucket.tries + (now_s - bucket.at_s) * TRIES_PER_S)
        bucket.at_s = now_s
        if len(self._buckets) > MOST_ADDRESSES:
            self._buckets.popitem(last=False)
        return bucket


def site_of(address: str) -> str:
    """The address itself, of IPv6 its /64; a name that is no address stays."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_SITE_BITS), strict=False))
    return str(parsed)
