"""Functions of IP networks."""

from __future__ import annotations

import ipaddress
import re

from reconciler.hcl.faults import Fault
from reconciler.hcl.functions.signatures import function, text, whole
from reconciler.hcl.values import Value

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_MOST_BITS = 32


def cidrhost(prefix: str, host: int) -> Value:
    """Give the address of a number in a network, which counts from the end where it is negative."""
    network = _network(prefix)
    if not -network.num_addresses <= host < network.num_addresses:
        raise Fault(f"the network has {network.num_addresses} addresses only", argument=1)
    return str(network[host])


def cidrnetmask(prefix: str) -> Value:
    """Give the netmask of a network of IPv4."""
    network = _network(prefix)
    if network.version != 4:
        raise Fault("a network of IPv6 has no netmask", argument=0)
    return str(network.netmask)


def cidrsubnet(prefix: str, bits: int, number: int) -> Value:
    """Give the subnet of a number among those whose prefixes are so many bits longer."""
    network = _network(prefix)
    length = network.prefixlen + bits
    if bits < 0 or length > network.max_prefixlen:
        raise Fault(f"the prefix would have {length} bits of {network.max_prefixlen}", argument=1)
    if not 0 <= number < 1 << bits:
        raise Fault(f"{bits} bits number {1 << bits} subnets, from 0", argument=2)
    first = int(network.network_address) + (number << (network.max_prefixlen - length))
    return f"{type(network.network_address)(first)}/{length}"


def cidrsubnets(prefix: str, *lengths: int) -> Value:
    """Give subnets one after the other, each with a prefix so many bits longer, each as early as it fits."""
    network = _network(prefix)
    free, end = int(network.network_address), int(network.broadcast_address) + 1
    result: list[Value] = []
    for index, bits in enumerate(lengths, 1):
        length = network.prefixlen + bits
        if not 1 <= bits <= _MOST_BITS:
            raise Fault(f"it must lie between 1 and {_MOST_BITS}", argument=index)
        if length > network.max_prefixlen:
            raise Fault(f"the prefix would have {length} bits of {network.max_prefixlen}", argument=index)
        size = 1 << (network.max_prefixlen - length)
        start = -(-free // size) * size
        if start + size > end:
            raise Fault("the network has no room left for it", argument=index)
        result.append(f"{type(network.network_address)(start)}/{length}")
        free = start + size
    return tuple(result)


def cidrcontains(prefix: str, inner: str) -> Value:
    """Tell whether an address, or all of a network, lies within a network of the same version."""
    network = _network(prefix)
    first, last = _ends(inner)
    if first.version != network.version:
        raise Fault("one is of IPv4 and the other of IPv6", argument=1)
    return first in network and last in network


def _ends(given: str) -> tuple[Address, Address]:
    try:
        if "/" not in given:
            address = ipaddress.ip_address(_without_zeros(given))
            return address, address
        network = _parsed(given)
    except ValueError:
        raise Fault("an address or a network is required", argument=1) from None
    return network.network_address, network.broadcast_address


def _network(prefix: str) -> Network:
    try:
        return _parsed(prefix)
    except ValueError:
        raise Fault('a network is required, such as "10.0.0.0/16"', argument=0) from None


def _parsed(prefix: str) -> Network:
    if not re.fullmatch("[^/%]+/[0-9]{1,3}", prefix):
        raise ValueError
    return ipaddress.ip_network(_without_zeros(prefix), strict=False)


def _without_zeros(given: str) -> str:
    """Drop zeros at the beginning of decimal parts, which Terraform takes (and not for octal)."""
    return given if ":" in given else re.sub(r"(?<![0-9])0+(?=[0-9])", "", given)


FUNCTIONS = (
    function("cidrcontains", cidrcontains, text("containing_prefix"), text("contained_ip_or_prefix")),
    function("cidrhost", cidrhost, text("prefix"), whole("hostnum")),
    function("cidrnetmask", cidrnetmask, text("prefix")),
    function("cidrsubnet", cidrsubnet, text("prefix"), whole("newbits"), whole("netnum")),
    function("cidrsubnets", cidrsubnets, text("prefix"), rest=whole("newbits")),
)
